"""The other targets, and what is refused before a call is accepted."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.targets.conftest import Desk
from wistro.access import Identity
from wistro.contract import Trigger
from wistro.errors import InvalidMessage, SetupError
from wistro.project.answer_settings import AnswerSettings
from wistro.targets import Asked, Targets

pytestmark = [pytest.mark.server]


async def test_topic(desk: Desk) -> None:
    call_id = await desk.call("ask", 1, {"target": "topic", "topic": "answer.heard"})
    await desk.record("ask", call_id)
    run = await desk.shown("/runs?flow=heard", lambda page: page["runs"])
    await desk.shown(
        f"/runs/heard/{run['runs'][0]['run_id']}", lambda r: r["status"] == "completed"
    )
    await desk.admin.post(f"/_wistro/api/answers/ask/{call_id}/redeliver")
    await desk.shown(f"/answers/ask/{call_id}", lambda a: len(a["answers"][0]["attempts"]) == 2)
    # The delivery's id is the key: the message was sent once.
    assert len((await desk.admin.get("/_wistro/api/runs?flow=heard")).json()["runs"]) == 1
    entry = await desk.state.get("heard", call_id)
    assert entry is not None
    assert entry.value == 1


async def test_none(desk: Desk) -> None:
    call_id = await desk.call("ask", 1, {"target": "none"}, Prefer="respond-async")
    answer = await desk.admin.get(f"/call/ask/{call_id}?wait=20")
    assert answer.json()["data"] == {"echo": 1}
    assert await desk.records("ask", call_id) == []


async def test_another_run(desk: Desk) -> None:
    """A run that waits for a message on a topic gets the answer as that message."""
    waiter = await desk.engine.start("waiter", Trigger(kind="operator", topic="go"), {"order": 7})
    path = f"/runs/waiter/{waiter.run_id}"
    await desk.shown(path, lambda run: run["waiting_for"])
    call_id = await desk.call(
        "ask",
        1,
        {"target": "run", "flow": "waiter", "run_id": waiter.run_id, "topic": "answer.awaited"},
        Prefer="respond-async",
    )
    run = await desk.shown(path, lambda run: run["status"] == "completed")
    (told,) = [each["output"] for each in run["deliveries"] if each["step"] == "had"]
    assert told["answer"]["call_id"] == call_id
    assert told["answer"]["data"] == {"echo": 1}


async def test_a_topic_that_runs_wait_for(desk: Desk) -> None:
    waiter = await desk.engine.start("waiter", Trigger(kind="operator", topic="go"), {"order": 8})
    path = f"/runs/waiter/{waiter.run_id}"
    await desk.shown(path, lambda run: run["waiting_for"])
    call_id = await desk.call("ask", 1, {"target": "topic", "topic": "answer.awaited"})
    run = await desk.shown(path, lambda run: run["status"] == "completed")
    (told,) = [each["output"] for each in run["deliveries"] if each["step"] == "had"]
    assert told["answer"]["call_id"] == call_id


async def test_one_of_ones_own(desk: Desk) -> None:
    folder = desk.root / "filed"
    folder.mkdir()
    call_id = await desk.call("ask", 1, {"target": "filing", "folder": str(folder)})
    record = await desk.record("ask", call_id)
    assert record.attempts[0].message == "filed"
    filed = json.loads((folder / f"{call_id}.answer.json").read_text())
    assert (filed["data"], filed["last"]) == ({"echo": 1}, True)
    nowhere = await desk.call("ask", 1, {"target": "filing", "folder": "/nowhere"})
    record = await desk.record("ask", nowhere, "undelivered")
    assert record.attempts[0].outcome == "refused"


async def test_who_waits_may_have_others_told_too(desk: Desk) -> None:
    body = {"input": 1, "respond_to": {"target": "topic", "topic": "answer.heard"}}
    answer = await desk.admin.post("/call/ask", json=body, headers={"Prefer": "wait=20"})
    assert (answer.status_code, answer.json()["data"]) == (200, {"echo": 1})
    await desk.record("ask", answer.json()["call_id"])


@pytest.mark.parametrize(
    ("respond_to", "field"),
    [
        ({"target": "fax"}, "target"),
        ({"target": "webhook"}, "url"),
        ({"target": "webhook", "url": "http://example.com/"}, "url"),
        ({"target": "webhook", "url": "https://169.254.169.254/"}, "url"),
        ({"target": "webhook", "url": "https://example.com/", "secret": "x"}, "secret"),
        ({"target": "topic", "topic": "nobody.hears"}, "topic"),
        ({"target": "run", "flow": "asks", "run_id": "7", "topic": "answer.heard"}, "flow"),
        ({"target": "run", "flow": "ask", "run_id": "../7", "topic": "answer.heard"}, "run_id"),
        ({"target": "run", "flow": "ask", "run_id": "7", "topic": "nobody.hears"}, "topic"),
        ({"target": "channel"}, "user"),
        ({"target": "channel", "user": ""}, "user"),
        ({"target": "inbox"}, "users"),
        ({"target": "filing"}, "folder"),
    ],
)
async def test_what_is_refused(desk: Desk, respond_to: dict[str, Any], field: str) -> None:
    answer = await desk.admin.post("/call/ask", json={"input": 1, "respond_to": respond_to})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (422, "validation_failed"), error
    assert [each["field"] for each in error["details"]] == [f"respond_to.{field}"]
    assert not (await desk.admin.get("/_wistro/api/runs?flow=ask")).json()["runs"]


async def test_what_only_insiders_may(desk: Desk) -> None:
    for address in (
        {"target": "channel", "user": "anna"},
        {"target": "run", "flow": "waiter", "run_id": "7", "topic": "answer.awaited"},
        {"target": "inbox", "users": ["anna"]},
        {"target": "topic", "topic": "answer.heard"},
    ):
        answer = await desk.http.post("/call/ask", json={"input": 1, "respond_to": address})
        assert answer.status_code == 422, answer.text
        assert "anonymous" in answer.json()["error"]["message"]
    targets = Targets(lambda: desk.engine.lock)
    key = Asked(flow="ask", identity=Identity(kind="key", id="shop"))
    assert targets.check("topic", {"topic": "answer.heard"}, key)[1] == {"topic": "answer.heard"}


async def test_a_user_means_its_own_channel(desk: Desk) -> None:
    targets = Targets(lambda: desk.engine.lock)
    anna = Asked(flow="ask", identity=Identity(kind="user", id="anna"))
    assert targets.check("channel", {}, anna)[1] == {"user": "anna"}
    assert targets.check("channel", {"user": "anna"}, anna)[1] == {"user": "anna"}
    assert targets.check("inbox", {}, anna)[1] == {"users": ["anna"], "roles": []}
    with pytest.raises(InvalidMessage, match="ben"):
        targets.check("channel", {"user": "ben"}, anna)
    shop = Asked(flow="ask", identity=Identity(kind="key", id="shop"))
    assert targets.check("channel", {"user": "ben"}, shop)[1] == {"user": "ben"}


async def test_a_target_that_cannot_be_made(desk: Desk) -> None:
    lock = desk.engine.lock
    settings = AnswerSettings.model_validate({"targets": {"crm": "nowhere.crm:Target"}})
    runtime = lock.runtime.model_copy(update={"answers": settings})
    targets = Targets(lambda: lock.model_copy(update={"runtime": runtime}))
    with pytest.raises(SetupError, match="`crm` cannot be made"):
        targets.get("crm")


async def test_the_inbox(desk: Desk) -> None:
    """An answer waits for a person and a role until somebody puts it away."""
    inbox = "/_wistro/api/inbox/answers"
    to = {"target": "inbox", "users": ["anna"], "roles": ["finance"]}
    call_id = await desk.call("ask", 1, to)
    await desk.record("ask", call_id)
    anna = {"Wistro-As": "anna"}
    (found,) = (await desk.admin.get(inbox, headers=anna)).json()["items"]
    assert found["id"] == f"{call_id}.answer"
    assert found["answer"]["data"] == {"echo": 1}
    finance = {"Wistro-As": "ben", "Wistro-As-Roles": "finance"}
    assert len((await desk.admin.get(inbox, headers=finance)).json()["items"]) == 1
    nobody = {"Wistro-As": "carl"}
    assert (await desk.admin.get(inbox, headers=nobody)).json()["items"] == []
    nosy = await desk.admin.get(inbox, params={"user": "anna"}, headers=nobody)
    assert (nosy.status_code, nosy.json()["error"]["details"][0]["field"]) == (422, "user")
    assert (await desk.http.get(inbox)).status_code == 401
    # A holder of the management token sees each once.
    assert len((await desk.admin.get(inbox)).json()["items"]) == 1
    assert (await desk.admin.delete(f"{inbox}/{call_id}.answer", headers=nobody)).status_code == 404
    assert (await desk.admin.delete(f"{inbox}/{call_id}.answer", headers=anna)).status_code == 204
    assert (await desk.admin.get(inbox, headers=anna)).json()["items"] == []
    assert len((await desk.admin.get(inbox, params={"role": "finance"})).json()["items"]) == 1
