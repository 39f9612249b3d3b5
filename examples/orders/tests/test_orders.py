"""The flow in memory: its Python steps are real, those in other languages are faked."""

from __future__ import annotations

from typing import Any, cast

import pytest
from wistro import Context
from wistro.testing import FlowHarness, HarnessRun

ORDER = {
    "customer": "Ada Lovelace",
    "email": "ada@example.com",
    "card": "tok_visa",
    "lines": [{"article": "gear", "pieces": 3, "price": 1250}],
}


@pytest.fixture
def shop(project: FlowHarness) -> FlowHarness:
    """A shop whose payment provider, carrier and mail always work."""

    def charge(order: dict[str, Any], ctx: Context) -> None:
        paid = {"order_id": order["order_id"], "email": order["email"], "receipt": "R-1"}
        ctx.emit("payment.taken", paid)

    def ship(paid: dict[str, Any], ctx: Context) -> None:
        ctx.emit("order.shipped", {"order_id": paid["order_id"], "parcel": "P-000001"})

    def notify(paid: dict[str, Any], ctx: Context) -> None:
        ctx.emit("customer.notified", {"order_id": paid["order_id"], "receipt": paid["receipt"]})

    project.fake("charge-card", handler=charge)
    project.fake("ship_order", handler=ship)
    project.fake("notify-customer", handler=notify)
    return project


def _response(run: HarnessRun) -> tuple[int, dict[str, Any]]:
    """Status and body of what an api step answered."""
    assert run.answer
    output = cast("dict[str, Any]", run.answer.output)
    return output["status"], output["body"]


async def test_an_order_is_paid_shipped_and_completed(shop: FlowHarness) -> None:
    run = await shop.request("place_order", ORDER)
    status, placed = _response(run)
    assert status == 201
    assert (placed["total"], placed["status"]) == (3750, "placed")
    assert run.outcome == "completed"
    (completed,) = run.emitted("order.completed")
    assert cast("dict[str, Any]", completed)["parcel"] == "P-000001"
    shown = await shop.request("show_order", path_params={"order_id": placed["order_id"]})
    assert _response(shown)[1]["status"] == "completed"


async def test_it_is_completed_once_parcel_and_receipt_are_there(shop: FlowHarness) -> None:
    shop.fake("ship_order", emits=[])
    run = await shop.request("place_order", ORDER)
    assert run.emitted("order.completed") == []


async def test_a_refused_card_cancels_the_order(shop: FlowHarness) -> None:
    def refuse(order: dict[str, Any], ctx: Context) -> None:
        ctx.emit("payment.refused", {"order_id": order["order_id"], "reason": "declined"})

    shop.fake("charge-card", handler=refuse)
    run = await shop.request("place_order", ORDER)
    assert [delivery.step for delivery in run.deliveries()] == [
        "place_order",
        "charge-card",
        "cancel_order",
    ]
    (stored,) = await shop.state.get_group("orders")
    assert (stored["status"], stored["reason"]) == ("cancelled", "declined")


async def test_an_order_without_lines_is_refused(shop: FlowHarness) -> None:
    run = await shop.request("place_order", ORDER | {"lines": []})
    assert run.outcome == "failed"


async def test_the_nightly_report_counts_what_was_earned(shop: FlowHarness) -> None:
    for _ in range(2):
        await shop.request("place_order", ORDER)
    report = await shop.trigger("report_sales")
    expected = {"orders": 2, "completed": 2, "cancelled": 0, "cents": 7500}
    assert report.deliveries()[0].output == expected
