"""The support flow in memory: real steps, but for the one that asks a flow in another language."""

from __future__ import annotations

from typing import Any

from wistro import Context
from wistro.testing import FlowHarness, HarnessRun


def grant(case: dict[str, Any], ctx: Context) -> None:
    ctx.emit("refund.granted", case)


def hesitate(case: dict[str, Any], ctx: Context) -> None:
    ctx.emit("approval.wanted", case)


async def ask(project: FlowHarness, order_id: str, wish: str) -> HarnessRun:
    return await project.trigger("take_request", {"order_id": order_id, "wish": wish})


async def test_where_an_order_is_is_said_at_once(project: FlowHarness) -> None:
    run = await ask(project, "1003", "where")
    assert run.outcome == "completed"
    assert run.response == {
        "order_id": "1003",
        "text": "“Nanosecond of wire” is on its way (parcel P-000124).",
        "refunded": False,
    }


async def test_the_caller_may_know_that_there_is_no_such_order(project: FlowHarness) -> None:
    run = await ask(project, "9999", "refund")
    assert run.outcome == "failed"
    assert run.error is not None
    assert (run.error.code, run.error.details) == ("unknown_order", {"status": 404})


async def test_an_order_is_paid_back_once(project: FlowHarness) -> None:
    project.fake("weigh_refund", handler=grant)
    first = await ask(project, "1001", "refund")
    assert first.response == {
        "order_id": "1001",
        "text": "We have paid back €24.00 for “Punched cards, 40 pieces”.",
        "refunded": True,
    }
    payment = await project.state.get("refunds", "1001")
    assert payment["cents"] == 2400
    again = await ask(project, "1001", "refund")
    assert again.response == {
        "order_id": "1001",
        "text": "“Punched cards, 40 pieces” has been paid back already.",
        "refunded": True,
    }
    assert await project.state.get("refunds", "1001") == payment


async def test_two_requests_at_the_same_time_pay_once(project: FlowHarness) -> None:
    # Both were weighed before either was paid.
    order = {
        "id": "1001",
        "customer": "ada@example.com",
        "article": "Punched cards",
        "cents": 2400,
        "status": "delivered",
        "days_ago": 3,
        "parcel": "P-000117",
    }
    runs = [await project.emit("support", "refund.granted", {"order": order}) for _ in range(2)]
    payment = await project.state.get("refunds", "1001")
    assert payment["key"].startswith(runs[0].run_id)
    assert all(run.outcome == "completed" for run in runs)
