"""Answers as webhooks: to receivers that work, fail for a while, refuse, are slow, or are away."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from tests.targets.conftest import Desk
from tests.targets.receiver import SECRET, receiving, status
from wistro.temporal.host.answers import Answers

pytestmark = [pytest.mark.server]


async def test_a_signed_answer(desk: Desk) -> None:
    async with receiving() as receiver:
        answer = await desk.admin.post(
            "/call/ask",
            json={
                "input": "hello",
                "response_meta": {"tab": 3},
                "respond_to": {"target": "webhook", "url": f"{receiver.url}?a=1"},
            },
        )
        assert (answer.status_code, answer.json()["status"]) == (202, "pending")
        call_id = answer.json()["call_id"]
        (received,) = await receiver.got(1)
        message = received.verified(SECRET)
    assert received.line == "POST /hook?a=1 HTTP/1.1"
    assert received.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert received.id == f"{call_id}.answer"
    assert message["type"] == "flow.answered"
    assert datetime.fromisoformat(message["timestamp"]) <= datetime.now(UTC)
    assert message["data"] == {
        "flow": "ask",
        "call_id": call_id,
        "status": "answered",
        "data": {"echo": "hello"},
        "response_meta": {"tab": 3},
        "number": 1,
        "last": True,
    }
    record = await desk.record("ask", call_id)
    (attempt,) = record.attempts
    assert (attempt.outcome, attempt.status_code, attempt.target) == ("delivered", 204, "webhook")
    # Nothing of the run waits for that, and nothing of it is shown among the runs.
    assert (await desk.engine.show(call_id, "ask")).status == "completed"
    assert {run.run_id for run in (await desk.engine.list_runs(flow="ask")).runs} == {call_id}
    assert all("/" not in run.run_id for run in (await desk.engine.list_runs()).runs)


@pytest.mark.parametrize(
    ("given", "type", "error"),
    [("fail", "flow.failed", "flow_failed"), ("nothing", "flow.response_not_reached", None)],
)
async def test_no_answer(desk: Desk, given: str, type: str, error: str | None) -> None:
    async with receiving() as receiver:
        await desk.call("ask", given, {"target": "webhook", "url": receiver.url})
        (received,) = await receiver.got(1)
    message = received.verified()
    assert message["type"] == type
    assert message["data"]["error"]["code"] == error or "response_not_reached"
    assert "data" not in message["data"]
    assert b"a secret of ours" not in received.body


async def test_a_receiver_that_fails_for_a_while(desk: Desk) -> None:
    replies = {1: status(503), 2: None, 3: status(302, "location: http://127.0.0.1:1/")}
    async with receiving(lambda number: replies.get(number, status(200))) as receiver:
        call_id = await desk.call("ask", 1, {"target": "webhook", "url": receiver.url})
        received = await receiver.got(4)
        record = await desk.record("ask", call_id)
    assert {each.id for each in received} == {f"{call_id}.answer"}
    assert len({each.body for each in received}) == 1
    for each in received:
        each.verified()
    outcomes = [(each.outcome, each.status_code) for each in record.attempts]
    assert outcomes == [("failed", 503), ("failed", None), ("failed", 302), ("delivered", 200)]
    assert "redirects" in record.attempts[2].message


async def test_a_receiver_that_says_when(desk: Desk) -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(hours=2))
    replies = {1: status(429, "Retry-After: 3600"), 2: status(503, f"Retry-After: {soon}")}
    async with receiving(lambda number: replies.get(number, status(200))) as receiver:
        call_id = await desk.call("ask", 1, {"target": "webhook", "url": receiver.url})
        # No longer than the longest wait of the schedule, which is short here.
        record = await desk.record("ask", call_id)
    assert [each.status_code for each in record.attempts] == [429, 503, 200]


@pytest.mark.parametrize("code", [410, 404, 400])
async def test_a_receiver_that_refuses(desk: Desk, code: int) -> None:
    async with receiving(lambda _: status(code)) as receiver:
        call_id = await desk.call("ask", 1, {"target": "webhook", "url": receiver.url})
        record = await desk.record("ask", call_id, "undelivered")
        assert len(receiver.received) == 1
    (attempt,) = record.attempts
    assert (attempt.outcome, attempt.status_code) == ("refused", code)
    assert (await desk.engine.show(call_id, "ask")).status == "completed"
    # Whoever asks gets it all the same.
    again = await desk.admin.get(f"/call/ask/{call_id}")
    assert again.json()["data"] == {"echo": 1}


async def test_a_slow_receiver(desk: Desk) -> None:
    async def slow(number: int) -> bytes:
        if number == 1:
            await asyncio.sleep(5)
        return status(200)

    async with receiving(slow) as receiver:
        call_id = await desk.call("ask", 1, {"target": "webhook", "url": receiver.url})
        record = await desk.record("ask", call_id)
    assert [each.outcome for each in record.attempts] == ["failed", "delivered"]
    assert record.attempts[0].seconds == pytest.approx(2, abs=1)
    assert record.attempts[0].message == "the attempt took too long"


async def test_a_body_without_end_is_not_read(desk: Desk) -> None:
    async def endless(_: int) -> bytes:
        return b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\nx"

    async with receiving(endless) as receiver:
        call_id = await desk.call("ask", 1, {"target": "webhook", "url": receiver.url})
        record = await desk.record("ask", call_id)
    assert [each.outcome for each in record.attempts] == ["delivered"]  # and not out of time


async def test_a_dead_receiver_comes_back(desk: Desk) -> None:
    """The run completes; the answer waits, and is delivered once with the same id when asked for."""
    async with receiving() as receiver:
        await receiver.close()
        call_id = await desk.call("ask", 1, {"target": "webhook", "url": receiver.url})
        record = await desk.record("ask", call_id, "undelivered")
        assert [each.outcome for each in record.attempts] == ["failed"] * 4
        assert (await desk.engine.show(call_id, "ask")).status == "completed"
        listed = await desk.shown("/answers?status=undelivered&flow=ask", lambda a: a["answers"])
        assert [each["run_id"] for each in listed["answers"]] == [call_id]

        await receiver.open()
        answer = await desk.admin.post(f"/_wistro/api/answers/ask/{call_id}/redeliver")
        assert (answer.status_code, answer.json()["status"]) == (202, "pending"), answer.text
        (received,) = await receiver.got(1)
        assert received.id == f"{call_id}.answer"
        assert received.verified()["data"]["data"] == {"echo": 1}
        record = await desk.record("ask", call_id)
        assert [each.outcome for each in record.attempts] == ["failed"] * 4 + ["delivered"]
    await desk.shown("/answers?status=undelivered&flow=ask", lambda a: not a["answers"])


async def test_a_delivered_one_is_sent_again(desk: Desk) -> None:
    async with receiving() as receiver, receiving() as other:
        call_id = await desk.call("ask", 1, {"target": "webhook", "url": receiver.url})
        await desk.record("ask", call_id)
        path = f"/_wistro/api/answers/ask/{call_id}"
        assert (await desk.admin.post(f"{path}/redeliver")).status_code == 202
        first, second = await receiver.got(2)
        assert (first.id, first.body) == (second.id, second.body)
        await desk.shown(
            f"/answers/ask/{call_id}", lambda a: a["answers"][0]["status"] == "delivered"
        )
        elsewhere = {"respond_to": {"target": "webhook", "url": other.url}}
        assert (await desk.admin.post(f"{path}/redeliver", json=elsewhere)).status_code == 202
        (third,) = await other.got(1)
        assert (third.id, third.body) == (first.id, first.body)
        record = await desk.record("ask", call_id)
        assert (len(record.attempts), record.address) == (3, {"url": other.url})
        assert len(receiver.received) == 2


async def test_what_is_kept_holds_nothing_that_was_sent(desk: Desk) -> None:
    async with receiving(lambda _: status(500)) as receiver:
        call_id = await desk.call("ask", "private", {"target": "webhook", "url": receiver.url})
        await desk.record("ask", call_id, "undelivered")
    shown = (await desk.admin.get(f"/_wistro/api/answers/ask/{call_id}")).text
    assert "private" not in shown
    assert SECRET not in shown
    handle = desk.engine.client.get_workflow_handle(f"ask/{call_id}/answer")
    history = (await handle.fetch_history()).to_json()
    assert receiver.url not in history
    assert "private" not in history
    assert await Answers(desk.engine).show("ask", call_id)
