"""Messages find the runs that wait for them."""

from __future__ import annotations

import asyncio

import pytest

from tests.waits.conftest import Wait

pytestmark = pytest.mark.asyncio(loop_scope="session")

ORDERS = {
    "order.step.py": """
        from wistro import CallStep, Context

        config = CallStep(name="Take an order", flows=["orders"], emits=["order.placed"])

        async def handler(order: dict, ctx: Context) -> None:
            await ctx.emit("order.placed", order)
    """,
    "payment.step.py": """
        from datetime import timedelta
        from wistro import Await, Emit, NoopStep

        config = NoopStep(
            name="Wait for the payment",
            flows=["orders"],
            subscribes=["order.placed"],
            awaits=Await(topic="payment.arrived", where="message.order == request.id"),
            emits=["order.paid"],
        )
    """,
    "ship.step.py": """
        from wistro import Context, EventStep

        config = EventStep(name="Ship the order", flows=["orders"], subscribes=["order.paid"])

        async def handler(paid: dict, ctx: Context) -> dict:
            return paid
    """,
    "wistro.yml": """
topics:
  payment.arrived: { external: true }
""",
}


async def test_a_message_reaches_its_run_among_many(wait: Wait) -> None:
    async with wait(ORDERS) as project:
        runs = await asyncio.gather(*(project.start({"id": f"o{n}"}) for n in range(8)))
        sent = await project.send("payment.arrived", {"order": "o5", "amount": 12})

        assert sent["runs"] == []
        assert sent["reached"] == [{"flow": "orders", "run_id": runs[5].run_id}]
        assert sent["kept"] is False
        run = await project.ended(runs[5])
        assert run.status == "completed"
        shipped = next(d for d in run.deliveries if d.step == "ship")
        assert shipped.output == {
            "request": {"id": "o5"},
            "answer": {"order": "o5", "amount": 12},
        }
        still = await project.engine.show(runs[4].run_id, "orders")
        assert (still.status, still.waiting_for) == ("running", "message")
