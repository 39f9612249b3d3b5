"""The support flow in memory: its steps are real, the flow in another language is faked."""

from __future__ import annotations

from typing import Any

import pytest
from wistro import InvalidMessage
from wistro.testing import FlowHarness, HarnessRun

LEAD: dict[str, Any] = {"by": "lena@example.com", "roles": ["support-lead"]}


@pytest.fixture
def desk(project: FlowHarness) -> FlowHarness:
    """A desk to which every risk is low, but those of large sums."""

    def judge(asked: dict[str, Any]) -> dict[str, Any]:
        large = asked["cents"] > 100_000
        return {
            "risk": "high" if large else "low",
            "reasons": ["a large sum"] if large else [],
        }

    project.fake_call("risk", judge)
    return project


async def ask(desk: FlowHarness, order_id: str, wish: str) -> HarnessRun:
    return await desk.trigger("take_request", {"order_id": order_id, "wish": wish})


def told(order_id: str, text: str, *, refunded: bool) -> dict[str, object]:
    return {"order_id": order_id, "text": text, "refunded": refunded}


async def test_where_an_order_is_is_said_at_once(desk: FlowHarness) -> None:
    run = await ask(desk, "1003", "where")
    text = "“Nanosecond of wire” is on its way (parcel P-000124)."
    assert run.outcome == "completed"
    assert run.response == told("1003", text, refunded=False)


async def test_the_caller_may_know_that_there_is_no_such_order(desk: FlowHarness) -> None:
    run = await ask(desk, "9999", "refund")
    assert run.outcome == "failed"
    assert run.error is not None
    assert (run.error.code, run.error.details) == ("unknown_order", {"status": 404})


async def test_a_small_sum_is_paid_back_at_once_and_once(desk: FlowHarness) -> None:
    risk = desk.fake_call("risk", {"risk": "low", "reasons": []})
    run = await ask(desk, "1001", "refund")
    assert risk.calls == [{"customer": "ada@example.com", "cents": 2400, "daysAgo": 3}]
    text = "We have paid back €24.00 for “Punched cards, 40 pieces”."
    assert run.response == told("1001", text, refunded=True)
    payment = await desk.state.get("refunds", "1001")
    assert payment["cents"] == 2400
    again = await ask(desk, "1001", "refund")
    text = "“Punched cards, 40 pieces” has been paid back already."
    assert again.response == told("1001", text, refunded=True)
    assert await desk.state.get("refunds", "1001") == payment


async def test_a_large_sum_waits_for_a_lead(desk: FlowHarness) -> None:
    run = await ask(desk, "1002", "refund")
    (task,) = run.tasks()
    assert (task.step, task.roles) == ("approve_refund", ("support-lead",))
    with pytest.raises(ValueError, match="assigned to others"):
        await run.answer_task(task, {"approved": True}, by="ada@example.com")
    with pytest.raises(InvalidMessage):
        await run.answer_task(task, {"approved": "perhaps"}, **LEAD)
    assert (run.response, await desk.state.get("refunds", "1002")) == (None, None)
    await run.answer_task(task, {"approved": True}, **LEAD)
    text = "We have paid back €1,849.00 for “Analytical engine”."
    assert run.response == told("1002", text, refunded=True)
    assert run.outcome == "completed"


async def test_a_refusal_says_why(desk: FlowHarness) -> None:
    run = await ask(desk, "1002", "refund")
    await run.answer_task(data={"approved": False, "reason": "it was used"}, **LEAD)
    text = "We cannot pay back “Analytical engine”: it was used."
    assert run.response == told("1002", text, refunded=False)
    assert await desk.state.get("refunds", "1002") is None


async def test_two_who_ask_at_the_same_time_are_paid_once(desk: FlowHarness) -> None:
    first, second = [await ask(desk, "1002", "refund") for _ in range(2)]
    await second.answer_task(data={"approved": True}, **LEAD)
    payment = await desk.state.get("refunds", "1002")
    await first.answer_task(data={"approved": True}, **LEAD)
    assert payment["key"].startswith(second.run_id)
    assert await desk.state.get("refunds", "1002") == payment
    assert first.response == second.response


async def test_leads_are_reminded_after_a_day(desk: FlowHarness) -> None:
    run = await ask(desk, "1002", "refund")
    await desk.advance(hours=23)
    assert run.deliveries("remind_leads") == []
    await desk.advance(hours=2)
    (reminded,) = run.deliveries("remind_leads")
    assert reminded.status == "completed"
    assert run.outcome is None
