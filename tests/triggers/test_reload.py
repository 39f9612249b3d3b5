"""A project that changes while it is served, and one whose secrets are missing."""

from __future__ import annotations

import pytest

from tests.triggers.conftest import SECRETS, Shop
from wistro.errors import SetupError
from wistro.project.lock import Lock
from wistro_triggers.app import create_app, reload_app

pytestmark = [pytest.mark.server, pytest.mark.asyncio(loop_scope="session")]


def moved(lock: Lock, path: str) -> Lock:
    """The lock with the endpoint for risks somewhere else."""
    step = lock.steps["take_risk"]
    assert step.api
    changed = step.model_copy(update={"api": step.api.model_copy(update={"path": path})})
    return lock.model_copy(update={"steps": {**lock.steps, "take_risk": changed}}).sealed()


async def test_endpoints_follow_the_lock(shop: Shop) -> None:
    before = shop.engine.lock
    after = moved(before, "/dangers")
    reload_app(shop.app, after)
    shop.engine.reload(after)
    try:
        assert (await shop.http.post("/dangers", json={"stake": 1})).status_code == 202
        assert (await shop.http.post("/risks", json={"stake": 1})).status_code == 404
        assert "/dangers" in (await shop.http.get("/openapi.json")).json()["paths"]
    finally:
        reload_app(shop.app, before)
        shop.engine.reload(before)
    assert (await shop.http.post("/risks", json={"stake": 1})).status_code == 202


async def test_a_project_may_have_docs_of_its_own_but_not_our_paths(shop: Shop) -> None:
    before = shop.engine.lock
    for path, docs in (("/docs", 405), ("/*", 405), ("/_wistro/health", 200)):
        reload_app(shop.app, moved(before, path))
        assert (await shop.http.get("/docs")).status_code == docs
        assert (await shop.http.get("/_wistro/health")).status_code == 200
    reload_app(shop.app, before)


@pytest.mark.parametrize(("secret", "finding"), [(None, "not set"), ("", "empty")])
async def test_a_missing_secret_is_named(shop: Shop, secret: str | None, finding: str) -> None:
    secrets = {**SECRETS, "BANK_SECRET": secret}
    with pytest.raises(SetupError, match=f"`bank` .* `BANK_SECRET`, which is {finding}") as missing:
        create_app(
            shop.engine,
            shop.runtime,
            state=shop.state,
            streams=shop.streams,
            journal=shop.journal,
            secret=secrets.get,
        )
    assert (missing.value.code, missing.value.file) == ("secret_missing", "steps/bank.step.py")
    assert missing.value.hint is not None
    assert "environment variable `BANK_SECRET`" in missing.value.hint
