"""`wistro call`, against a project that runs."""

from __future__ import annotations

import json
import os
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command import running, wistro
from tests.cli.test_start import until
from tests.conftest import TemporalServer

pytestmark = [pytest.mark.server, pytest.mark.slow, pytest.mark.timeout(180)]

QUOTE = """
    import asyncio
    from wistro import CallStep, Terminal
    config = CallStep(name="Quote a price", flows=["quotes"], responds=True)
    async def handler(question, ctx):
        if question["article"] == "unicorn":
            raise Terminal("we do not sell those", details={"status": 404})
        await asyncio.sleep(question.get("seconds", 0))
        return {"price": 12}
    """


@pytest.fixture(scope="module")
def shop(
    tmp_path_factory: pytest.TempPathFactory, temporal_server: TemporalServer
) -> Iterator[Path]:
    """A project with a callable flow, running."""
    root = tmp_path_factory.mktemp("calls")
    (root / "steps").mkdir()
    (root / "steps" / "quote.step.py").write_text(textwrap.dedent(QUOTE))
    (root / "wistro.yml").write_text(f"project: calls-{os.getpid()}\n")
    wistro("lock", cwd=root).ok()
    env = {"TEMPORAL_ADDRESS": temporal_server.address}
    with running("start", "--port", "0", "--drain", "1", cwd=root, env=env):
        until(lambda: wistro("runs", "list", "--json", cwd=root).code == 0)
        yield root


def test_the_answer_is_printed(shop: Path) -> None:
    called = wistro("call", "quotes", "-i", '{"article": "tea"}', cwd=shop).ok()
    assert called.json() == {"price": 12}
    whole = wistro("call", "quotes", "-i", '{"article": "tea"}', "--json", cwd=shop).ok().json()
    assert (whole["flow"], whole["status"], whole["data"]) == ("quotes", "answered", {"price": 12})


def test_coming_back_for_it(shop: Path) -> None:
    slow = json.dumps({"article": "tea", "seconds": 10})
    begun = wistro("call", "quotes", "-i", slow, "--wait", "0", "--json", cwd=shop).ok().json()
    assert begun["status"] == "pending"
    hint = wistro("call", "quotes", "--id", begun["call_id"], cwd=shop).ok()
    assert hint.out.strip() == begun["call_id"]
    assert f"--id {begun['call_id']}" in " ".join(hint.err.split())
    answer = wistro("call", "quotes", "--id", begun["call_id"], "--wait", "60", cwd=shop).ok()
    assert answer.json() == {"price": 12}


def test_later_and_again_and_again(shop: Path) -> None:
    tea = ("quotes", "-i", '{"article": "tea"}', "--json")
    once = wistro("call", *tea, "--after", "1h", cwd=shop).ok().json()
    weekly = wistro("call", *tea, "--cron", "0 9 * * 1", "--time-zone", "Europe/Berlin", cwd=shop)
    ids = {once["call_id"], weekly.ok().json()["call_id"]}
    assert once["status"] == "scheduled"
    until(lambda: {each["id"] for each in listed(shop)} == ids)
    assert listed(shop)[0]["id"] == once["call_id"]
    assert "0 9 * * 1 Europe/Berlin" in wistro("calls", "list", cwd=shop).ok().out
    for id in ids:
        wistro("calls", "cancel", id, cwd=shop).ok()
    until(lambda: listed(shop) == [])
    gone = wistro("calls", "cancel", once["call_id"], cwd=shop)
    assert (gone.code, "still to come" in gone.err) == (1, True)


def listed(shop: Path) -> list[dict[str, str]]:
    return wistro("calls", "list", "--json", cwd=shop).ok().json()


def test_what_goes_wrong(shop: Path) -> None:
    refused = wistro("call", "quotes", "-i", '{"article": "unicorn"}', cwd=shop)
    assert (refused.code, "we do not sell those" in refused.err) == (1, True)
    unknown = wistro("call", "quots", cwd=shop)
    assert (unknown.code, "did you mean `quotes`" in unknown.err) == (1, True)
    nonsense = wistro("call", "quotes", "-i", "{", cwd=shop)
    assert (nonsense.code, "--input" in nonsense.err) == (1, True)
