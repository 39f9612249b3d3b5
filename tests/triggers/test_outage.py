"""Temporal goes away and comes back: callers are told, and nothing that was accepted is lost."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.triggers.conftest import SECRETS, Shop, open_shop, working
from wistro.temporal.host.devserver import DevServer, ServerBinary
from wistro.temporal.host.serverbinary import ServerAddress

pytestmark = [pytest.mark.server, pytest.mark.slow]

ORDER = {"customer": "Ada", "lines": []}


@pytest.fixture
async def server(temporal_binary: ServerBinary, tmp_path: Path) -> AsyncIterator[DevServer]:
    server = DevServer(binary=temporal_binary.path, folder=tmp_path, ui=False)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def shop(server: DevServer, tmp_path: Path) -> AsyncIterator[Shop]:
    address = ServerAddress(address=server.address, namespace=server.namespace)
    async with open_shop(address, tmp_path) as shop:
        yield shop


async def test_callers_are_told_to_come_back(server: DevServer, shop: Shop) -> None:
    async with working(shop):
        before = await shop.http.post("/shops/bern/orders", json=ORDER)
        assert before.status_code == 201
        await server.stop()

        requests = {
            "endpoint": shop.http.post("/shops/bern/orders", json=ORDER),
            "async": shop.http.post("/risks", json={"stake": 1}),
            "webhook": shop.http.post("/hooks/github", content=b"{}", headers=signed(b"{}")),
            "topic": shop.admin.post("/_wistro/topics/order.placed", json=ORDER),
            "list": shop.admin.get("/_wistro/api/runs"),
            "show": shop.admin.get("/_wistro/api/runs/orders/none"),
            "schedules": shop.admin.get("/_wistro/api/schedules"),
            "health": shop.admin.get("/_wistro/api/health"),
            "workers": shop.admin.get("/_wistro/api/workers"),
            "versions": shop.admin.get("/_wistro/api/versions"),
        }
        answers = dict(zip(requests, await asyncio.gather(*requests.values()), strict=True))
        for name, answer in answers.items():
            assert answer.status_code == 503, (name, answer.text)
            assert answer.json()["error"]["code"] == "engine_unavailable", name
            assert int(answer.headers["retry-after"]) > 0
        ready = await shop.http.get("/_wistro/ready")
        assert (ready.status_code, ready.json()["checks"]["temporal"]) == (503, "unavailable")
        assert (await shop.http.get("/_wistro/health")).status_code == 200
        assert (await shop.admin.get("/_wistro/api/flows")).status_code == 200

        await server.start()
        after = await until_answered(shop.http, {})
        assert after.json()["order"] == after.headers["wistro-run-id"]
        assert await shop.kept("packed", after.headers["wistro-run-id"]) == "Ada"


async def test_what_was_accepted_survives_a_kill(server: DevServer, shop: Shop) -> None:
    # Nobody works on the runs yet: they are only accepted.
    accepted = [
        await shop.http.post("/risks", json={"stake": 1}),
        await shop.http.post("/shops/bern/orders", json=ORDER, headers={"prefer": "respond-async"}),
        await shop.admin.post("/_wistro/topics/order.placed", json=ORDER),
    ]
    assert [answer.status_code for answer in accepted] == [202] * 3
    await server.kill()
    await server.start()
    async with working(shop):
        runs = [accepted[0].json(), accepted[1].json(), *accepted[2].json()["runs"]]
        ended = [await shop.ended(run["flow"], run["run_id"]) for run in runs]
    assert {run["status"] for run in ended} == {"completed"}


async def test_asking_again_after_an_outage_runs_once(server: DevServer, shop: Shop) -> None:
    key = {"idempotency-key": uuid.uuid4().hex}
    async with working(shop):
        first = await shop.http.post("/shops/bern/orders", json=ORDER, headers=key)
        await server.stop()
        away = await shop.http.post("/shops/bern/orders", json=ORDER, headers=key)
        assert away.status_code == 503
        await server.start()
        again = await until_answered(shop.http, key)
    assert again.json() == first.json()
    orders = await shop.state.get("shop", "orders")
    assert orders is not None
    assert orders.value == 1


async def until_answered(http: httpx.AsyncClient, headers: dict[str, str]) -> httpx.Response:
    """Come back when told to, as a caller does."""
    async with asyncio.timeout(30):
        while True:
            answer = await http.post("/shops/bern/orders", json=ORDER, headers=headers)
            if answer.status_code != 503:
                assert answer.status_code == 201, answer.text
                return answer
            await asyncio.sleep(0.2)


def signed(body: bytes) -> dict[str, str]:
    """The headers of a webhook of GitHub."""
    digest = hmac.new(SECRETS["GITHUB_WEBHOOK_SECRET"].encode(), body, hashlib.sha256).hexdigest()
    return {"x-hub-signature-256": f"sha256={digest}", "x-github-event": "ping"}
