"""Messages find the runs that wait for them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.waits.conftest import Wait, orders
from wistro.contract import RunRef
from wistro.runs import RunDetail

pytestmark = pytest.mark.asyncio(loop_scope="session")


def shipped(run: RunDetail) -> Any:
    """What the step behind the wait got."""
    return next(d for d in run.deliveries if d.step == "ship").input


async def test_a_message_reaches_its_run_among_many(wait: Wait) -> None:
    async with wait(orders()) as project:
        runs = await asyncio.gather(*(project.start({"id": f"o{n}"}) for n in range(8)))
        sent = await project.send("payment.arrived", {"order": "o5", "amount": 12})

        assert (sent["runs"], sent["kept"]) == ([], False)
        assert sent["reached"] == [{"flow": "orders", "run_id": runs[5].run_id}]
        run = await project.ended(runs[5])
        assert run.status == "completed"
        assert shipped(run) == {
            "request": {"id": "o5"},
            "answer": {"order": "o5", "amount": 12},
        }
        waited = next(d for d in run.deliveries if d.step == "payment")
        assert (waited.status, waited.emissions[0].topic) == ("completed", "order.paid")
        still = await project.engine.show(runs[4].run_id, "orders")
        assert (still.status, still.waiting_for) == ("running", "message")
        open_one = next(d for d in still.deliveries if d.step == "payment")
        assert (open_one.status, open_one.input) == ("waiting", {"id": "o4"})
        assert still.why_waiting == (
            "“Wait for the payment” waits for a message on “payment.arrived”."
        )


async def test_three_hundred_runs_each_get_their_own(wait: Wait) -> None:
    async with wait(orders()) as project:
        runs = {}
        for first in range(0, 300, 50):
            started = [project.begin({"id": n}) for n in range(first, first + 50)]
            runs |= dict(zip(range(first, first + 50), await asyncio.gather(*started), strict=True))
        await project.waiting(*runs.values())

        for first in range(0, 300, 50):
            wanted = range(first, first + 50)
            sent = await asyncio.gather(
                *(project.send("payment.arrived", {"order": n}) for n in wanted)
            )
            reached = {n: answer["reached"] for n, answer in zip(wanted, sent, strict=True)}
            assert reached == {n: [{"flow": "orders", "run_id": runs[n].run_id}] for n in wanted}
        for number, started in runs.items():
            result = await project.engine.handle("orders", started.run_id).result()
            assert result.outcome == "completed"
            if number % 50 == 0:
                assert shipped(await project.ended(started))["answer"] == {"order": number}


async def test_a_number_is_found_however_it_is_written(wait: Wait) -> None:
    async with wait(orders()) as project:
        run = await project.start({"id": 7})
        assert (await project.send("payment.arrived", {"order": "7"}))["reached"] == []
        assert (await project.send("payment.arrived", {"order": 7.0}))["reached"]
        assert (await project.ended(run)).status == "completed"


async def test_a_condition_that_is_no_equality(wait: Wait) -> None:
    where = "message.amount >= request.total || message.waived"
    async with wait(orders(where=where)) as project:
        small, large = await project.start({"total": 5}), await project.start({"total": 50})
        sent = await project.send("payment.arrived", {"amount": 20})
        assert [run["run_id"] for run in sent["reached"]] == [small.run_id]
        assert (await project.ended(small)).status == "completed"

        assert (await project.send("payment.arrived", {"amount": 20}))["kept"]
        sent = await project.send("payment.arrived", {"amount": 0, "waived": True})
        assert [run["run_id"] for run in sent["reached"]] == [large.run_id]


async def test_what_follows_an_equality_counts_too(wait: Wait) -> None:
    where = "request.id == message.order && message.amount > 10"
    async with wait(orders(where=where)) as project:
        run = await project.start({"id": "a"})
        assert (await project.send("payment.arrived", {"order": "a", "amount": 1}))["reached"] == []
        sent = await project.send("payment.arrived", {"order": "a", "amount": 11})
        assert [run["run_id"] for run in sent["reached"]] == [run.run_id]


async def test_without_a_condition_every_run_that_waits_gets_it(wait: Wait) -> None:
    async with wait(orders(where=None)) as project:
        runs = [await project.start({}) for _ in range(3)]
        sent = await project.send("payment.arrived", {"all": True})
        assert {run["run_id"] for run in sent["reached"]} == {run.run_id for run in runs}
        for run in runs:
            assert shipped(await project.ended(run))["answer"] == {"all": True}


async def test_runs_hosted_without_the_triggers(wait: Wait) -> None:
    async with wait(orders(), remote=True) as project:
        run = await project.start({"id": "far"})
        assert (await project.send("payment.arrived", {"order": "far"}))["reached"]
        assert (await project.ended(run)).status == "completed"

        assert (await project.send("payment.arrived", {"order": "early"}))["kept"]
        early = await project.begin({"id": "early"})
        assert (await project.ended(early)).status == "completed"


async def test_a_topic_that_starts_runs_and_is_awaited(wait: Wait) -> None:
    files = orders() | {
        "book.step.py": """
            from wistro import Context, EventStep

            config = EventStep(name="Book", flows=["books"], subscribes=["payment.arrived"])

            async def handler(payment: dict, ctx: Context) -> None:
                pass
        """
    }
    async with wait(files) as project:
        run = await project.start({"id": "both"})
        sent = await project.send("payment.arrived", {"order": "both"})
        assert [started["flow"] for started in sent["runs"]] == ["books"]
        assert sent["reached"] == [{"flow": "orders", "run_id": run.run_id}]

        later = await project.send(
            "payment.arrived", {"order": "both"}, status=422, wistro_delay="5"
        )
        assert later["error"]["code"] == "awaited_now"


async def test_a_message_of_another_flow_reaches_runs_that_wait_for_its_shared_topic(
    wait: Wait,
) -> None:
    files = orders(topic="payment.arrived: { shared: true }") | {
        "pay.step.py": """
            from wistro import CallStep, Context

            config = CallStep(name="Pay", flows=["bank"], emits=["payment.arrived"])

            async def handler(payment: dict, ctx: Context) -> None:
                await ctx.emit("payment.arrived", payment)
        """
    }
    async with wait(files) as project:
        run = await project.start({"id": "x"})
        other = await project.start({"id": "y"})
        paid = await project.begin({"order": "x"}, step="pay", flow="bank")
        bank = await project.ended(paid)
        assert bank.status == "completed"
        assert bank.links == [RunRef(flow="orders", run_id=run.run_id)]
        assert shipped(await project.ended(run))["answer"] == {"order": "x"}
        assert (await project.engine.show(other.run_id, "orders")).status == "running"


async def test_a_topic_that_stays_in_its_flow(wait: Wait) -> None:
    """A message that the run emits itself reaches its own wait, and no other run's."""
    files = orders(where="message.order == request.id") | {
        "pay.step.py": """
            from wistro import Context, EventStep

            config = EventStep(
                name="Pay", flows=["orders"], subscribes=["order.placed"], emits=["payment.arrived"]
            )

            async def handler(order: dict, ctx: Context) -> None:
                if order["id"] == "self":
                    await ctx.emit("payment.arrived", {"order": "self"})
        """
    }
    async with wait(files) as project:
        own = await project.begin({"id": "self"})
        assert (await project.ended(own)).status == "completed"


async def test_the_graph_shows_what_runs_wait_for(wait: Wait) -> None:
    files = orders(topic="payment.arrived: { shared: true }") | {
        "pay.step.py": """
            from wistro import CallStep, Context

            config = CallStep(name="Pay", flows=["bank"], emits=["payment.arrived"])

            async def handler(payment: dict, ctx: Context) -> None:
                await ctx.emit("payment.arrived", payment)
        """
    }
    async with wait(files) as project:
        flow = (await project.http.get("/_wistro/api/flows/orders")).json()
        edges = [
            (edge["source"], edge["topic"], edge["target"], edge["kind"], edge["source_flow"])
            for edge in flow["graph"]["edges"]
        ]
        assert ("pay", "payment.arrived", "payment", "cross_flow", "bank") in edges
        topics = (await project.http.get("/_wistro/api/topics")).json()
        awaited = {topic["name"]: topic["awaited_by"] for topic in topics}
        assert awaited["payment.arrived"] == ["payment"]
