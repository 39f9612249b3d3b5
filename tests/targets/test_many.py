"""Flows that answer several times: each answer as it comes, and the list for those who take one."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from httpx_sse import aconnect_sse

from tests.targets.conftest import Desk
from tests.targets.receiver import receiving

pytestmark = [pytest.mark.server]

EVENTS = {"accept": "text/event-stream"}


async def events(desk: Desk, method: str, path: str, **request: Any) -> list[tuple[str, str, Any]]:
    """Id, name and data of each event, until the stream ends."""
    headers = {**EVENTS, **request.pop("headers", {})}
    async with (
        httpx.AsyncClient(base_url=desk.url, timeout=30) as client,
        aconnect_sse(client, method, path, headers=headers, **request) as source,
    ):
        return [(each.id, each.event, json.loads(each.data)) async for each in source.aiter_sse()]


async def test_each_answer_as_a_webhook(desk: Desk) -> None:
    async with receiving() as receiver:
        call_id = await desk.call("many", 3, {"target": "webhook", "url": receiver.url})
        received = await receiver.got(4)
    messages = [each.verified() for each in received]
    messages.sort(key=lambda each: each["data"]["number"])
    assert [each["type"] for each in messages] == ["flow.answered"] * 3 + ["flow.ended"]
    assert [each["data"]["number"] for each in messages] == [1, 2, 3, 4]
    assert [each["data"]["last"] for each in messages] == [False, False, False, True]
    assert [each["data"].get("data") for each in messages[:3]] == [{"part": n} for n in range(3)]
    assert "data" not in messages[3]["data"]
    assert {each.id for each in received} == {f"{call_id}.answer.{n}" for n in (1, 2, 3, 4)}
    shown = await desk.shown(
        f"/answers/many/{call_id}",
        lambda found: [each["status"] for each in found["answers"]] == ["delivered"] * 4,
    )
    assert [each["number"] for each in shown["answers"]] == [1, 2, 3, 4]
    listed = await desk.shown(
        "/answers?status=delivered&flow=many", lambda a: len(a["answers"]) == 4
    )
    assert {each["number"] for each in listed["answers"]} == {1, 2, 3, 4}
    assert {each["target"] for each in listed["answers"]} == {"webhook"}


async def test_one_of_several_is_delivered_again(desk: Desk) -> None:
    async with receiving() as receiver:
        call_id = await desk.call("many", 2, {"target": "webhook", "url": receiver.url})
        await receiver.got(3)
        path = f"/_wistro/api/answers/many/{call_id}/redeliver"
        assert (await desk.admin.post(path)).status_code == 404
        answer = await desk.admin.post(path, json={"number": 2})
        assert answer.status_code == 202, answer.text
        received = await receiver.got(4)
        assert received[-1].id == f"{call_id}.answer.2"


async def test_a_target_that_takes_one_gets_the_list(desk: Desk) -> None:
    (desk.root / "filed").mkdir()
    to = {"target": "filing", "folder": str(desk.root / "filed")}
    call_id = await desk.call("many", 3, to)
    record = await desk.record("many", call_id)
    assert (record.number, record.last) == (1, True)
    (filed,) = (desk.root / "filed").iterdir()
    assert json.loads(filed.read_text())["data"] == [{"part": n} for n in range(3)]


async def test_a_caller_that_waits_gets_each_as_it_comes(desk: Desk) -> None:
    found = await events(desk, "POST", "/call/many", json={"input": 3, "response_meta": {"tab": 1}})
    assert [(id, name) for id, name, _ in found] == [
        ("0", "called"),
        ("1", "answer"),
        ("2", "answer"),
        ("3", "answer"),
        ("3", "end"),
    ]
    assert [data["data"] for _, name, data in found if name == "answer"] == [
        {"part": n} for n in range(3)
    ]
    end = found[-1][2]
    assert (end["status"], end["answers"], end["response_meta"]) == ("answered", 3, {"tab": 1})
    # Who comes back gets what follows, while the run goes on and afterwards.
    path = f"/call/many/{found[0][2]['call_id']}"
    rest = await events(desk, "GET", path, headers={"last-event-id": "2"})
    assert [(id, name) for id, name, _ in rest[1:]] == [("3", "answer"), ("3", "end")]
    assert len(await events(desk, "GET", path)) == 5


async def test_events_of_a_flow_that_answers_once(desk: Desk) -> None:
    found = await events(desk, "POST", "/call/ask", json={"input": "x"})
    assert [name for _, name, _ in found] == ["called", "answer", "end"]
    assert found[1][2]["data"] == {"echo": "x"}
    failed = await events(desk, "POST", "/call/ask", json={"input": "fail"})
    assert [name for _, name, _ in failed] == ["called", "end"]
    assert failed[1][2]["error"]["code"] == "flow_failed"


async def test_a_caller_of_json_gets_the_list(desk: Desk) -> None:
    answer = await desk.http.post("/call/many", json={"input": 2})
    assert answer.json()["data"] == [{"part": 0}, {"part": 1}]
