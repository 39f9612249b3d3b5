"""What runs do, one scenario a test."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from tests.engine.conftest import Host, api
from wistro.errors import AnswerPending, RunError, RunNotFound
from wistro.runs import RunDetail
from wistro.stores.journal import JournalFilter

pytestmark = pytest.mark.server

REQUEST = {
    "path_params": {},
    "query_params": {},
    "headers": {},
    "body": {"id": "7"},
    "raw_body": None,
}

ORDERS = {
    "place.step.py": """
        from wistro import ApiStep
        config = ApiStep(name="Place an order", flows=["orders"], method="POST", path="/orders",
                         emits=["order.placed"])
        async def handler(request, ctx):
            await ctx.emit("order.placed", request.body)
            return {"status": 201, "body": {"run": ctx.run_id}}
        """,
    "charge.step.py": """
        from datetime import timedelta
        from wistro import EventStep, Retry
        config = EventStep(name="Charge the card", flows=["orders"], subscribes=["order.placed"],
                           emits=["payment.taken"], on_failure="hold",
                           retry=Retry(attempts=2, first_delay=timedelta(milliseconds=50)))
        async def handler(order, ctx):
            if order.get("card") == "declined":
                raise RuntimeError("the card was declined")
            await ctx.state.increment("charges", order["id"])
            await ctx.emit("payment.taken", {"id": order["id"], "key": ctx.idempotency_key})
        """,
    "ship.step.py": """
        from wistro import EventStep
        config = EventStep(name="Ship the order", flows=["orders"], subscribes=["payment.taken"],
                           emits=["order.shipped"])
        def handler(payment, ctx):
            ctx.emit("order.shipped", {"id": payment["id"]})
            return {"shipped": payment["id"]}
        """,
    "tell.step.py": """
        from wistro import EventStep
        config = EventStep(name="Tell the customer", flows=["notifications"],
                           subscribes=["order.shipped"], emits=[])
        async def handler(message, ctx):
            return {"told": message["id"], "because_of": ctx.trigger.parent.run_id}
        """,
    "wistro.yml": "topics: { order.shipped: { shared: true } }\n",
}


BEGIN = "topics: { begin: { external: true } }\n"


def steps(run: RunDetail) -> dict[str, str]:
    """The status of the deliveries, by step."""
    return {delivery.step: delivery.status for delivery in run.deliveries}


async def test_a_request_is_answered_and_its_messages_go_on_into_another_flow(host: Host) -> None:
    async with host(ORDERS) as hosted:
        answer = await hosted.engine.request(
            "orders", api("place"), REQUEST, timeout=timedelta(seconds=20)
        )
        assert answer.error is None
        assert answer.result is not None
        output = answer.result.output
        assert isinstance(output, dict)
        assert (output["status"], output["body"]) == (201, {"run": answer.run_id})
        run = await hosted.until(answer, lambda run: run.status == "completed")
        assert steps(run) == {"place": "completed", "charge": "completed", "ship": "completed"}
        place, charge, ship = run.deliveries
        assert charge.parent == place.delivery_id
        assert ship.parent == charge.delivery_id
        assert ship.output == {"shipped": "7"}
        assert charge.emissions[0].data == {"id": "7", "key": f"{run.run_id}:{charge.delivery_id}"}
        (link,) = run.links
        linked = await hosted.until(link, lambda run: run.status == "completed")
        assert linked.flow == "notifications"
        assert linked.deliveries[0].output == {"told": "7", "because_of": run.run_id}


async def test_the_same_idempotency_key_gets_the_same_run_and_answer(host: Host) -> None:
    async with host(ORDERS) as hosted:

        async def ask() -> tuple[str, object]:
            answer = await hosted.engine.request(
                "orders", api("place"), REQUEST, timeout=timedelta(seconds=20), idempotency_key="k"
            )
            return answer.run_id, answer.result and answer.result.output

        first, again = await asyncio.gather(ask(), ask())
        assert first == again
        (run,) = (await hosted.engine.list_runs(flow="orders")).runs
        await hosted.until(run, lambda run: run.status == "completed")
        assert await ask() == first
        entry = await hosted.state.get("charges", "7")
        assert entry is not None
        assert entry.value == 1


async def test_a_held_delivery_waits_and_is_retried_with_edited_input(host: Host) -> None:
    async with host(ORDERS) as hosted:
        started = await hosted.emit("order.placed", {"id": "8", "card": "declined"})
        run = await hosted.until(started, lambda run: run.waiting_for == "operator")
        (held,) = run.deliveries
        assert (held.status, len(held.attempts)) == ("held", 2)
        assert held.error is not None
        assert held.error.message == "the card was declined"
        assert "Charge the card" in (run.why_waiting or "")
        await hosted.engine.retry("orders", run.run_id, held.delivery_id, data={"id": "8"})
        run = await hosted.ended(started)
        assert run.status == "completed"
        charge = run.deliveries[0]
        assert charge.input == {"id": "8"}
        assert charge.emissions[0].data == {
            "id": "8",
            "key": f"{run.run_id}:{charge.delivery_id}:r1",
        }


async def test_a_held_delivery_is_skipped(host: Host) -> None:
    async with host(ORDERS) as hosted:
        started = await hosted.emit("order.placed", {"id": "8", "card": "declined"})
        run = await hosted.until(started, lambda run: run.waiting_for == "operator")
        held = run.deliveries[0].delivery_id
        with pytest.raises(RunError, match="no open delivery `nope`"):
            await hosted.engine.skip("orders", run.run_id, "nope")
        await hosted.engine.skip("orders", run.run_id, held)
        run = await hosted.ended(started)
        assert run.status == "completed"
        assert "ship" not in steps(run)
        charge = run.deliveries[0]
        assert (charge.step, charge.status) == ("charge", "skipped")
        assert charge.error is not None


async def test_a_completed_delivery_still_tells_of_the_attempt_that_failed(host: Host) -> None:
    files = {
        "twice.step.py": """
            from wistro import EventStep, Retryable
            config = EventStep(name="Twice", flows=["f"], subscribes=["begin"], emits=[])
            async def handler(message, ctx):
                if ctx.attempt == 1:
                    raise Retryable("not yet", retry_after=0.1)
            """,
        "wistro.yml": BEGIN,
    }
    async with host(files) as hosted:
        run = await hosted.ended(await hosted.emit("begin", {}))
        (delivery,) = run.deliveries
        assert delivery.status == "completed"
        assert [(each.number, each.error is None) for each in delivery.attempts] == [
            (1, False),
            (2, True),
        ]


async def test_a_failed_run_is_forked_where_it_failed(host: Host) -> None:
    files = {
        "first.step.py": """
            from wistro import EventStep
            config = EventStep(name="First", flows=["f"], subscribes=["begin"], emits=["next"])
            async def handler(message, ctx):
                await ctx.state.increment("calls", "first")
                await ctx.emit("next", message)
            """,
        "second.step.py": """
            from wistro import EventStep, Terminal
            config = EventStep(name="Second", flows=["f"], subscribes=["next"], emits=["last"])
            async def handler(message, ctx):
                if message["n"] < 0:
                    raise Terminal("n must not be negative")
                await ctx.emit("last", message)
            """,
        "third.step.py": """
            from wistro import EventStep
            config = EventStep(name="Third", flows=["f"], subscribes=["last"], emits=[])
            async def handler(message, ctx):
                return message["n"]
            """,
        "wistro.yml": BEGIN,
    }
    async with host(files) as hosted:
        started = await hosted.emit("begin", {"n": -1})
        run = await hosted.ended(started)
        assert run.status == "failed"
        assert run.outcome_error is not None
        assert run.outcome_error.message == "n must not be negative"
        assert len(run.deliveries[1].attempts) == 1  # terminal: not tried again
        failed = run.deliveries[1].delivery_id
        fork = await hosted.engine.retry("f", run.run_id, failed, data={"n": 5})
        again = await hosted.ended(fork)
        assert again.status == "completed"
        assert again.parent is not None
        assert (again.parent.run_id, again.parent.delivery_id) == (run.run_id, failed)
        assert [d.output for d in again.deliveries if d.step == "third"] == [5]
        entry = await hosted.state.get("calls", "first")
        assert entry is not None
        assert entry.value == 1  # what had succeeded was not done again


async def test_cancellation_reaches_the_handler(host: Host) -> None:
    files = {
        "slow.step.py": """
            import asyncio
            from datetime import timedelta
            from wistro import EventStep
            config = EventStep(name="Slow", flows=["f"], subscribes=["begin"], emits=[],
                               heartbeat=timedelta(seconds=4))
            async def handler(message, ctx):
                for n in range(600):
                    ctx.heartbeat({"done": n})
                    if ctx.cancelled:
                        await ctx.state.set("seen", "cancelled", True)
                        return
                    await asyncio.sleep(0.1)
            """,
        "wistro.yml": BEGIN,
    }
    async with host(files) as hosted:
        started = await hosted.emit("begin", {})
        run = await hosted.until(
            started, lambda run: bool(run.deliveries and run.deliveries[0].progress)
        )
        assert run.waiting_for == "step"
        await hosted.engine.cancel("f", run.run_id)
        run = await hosted.ended(started)
        assert run.status == "cancelled"
        async with asyncio.timeout(15):
            while await hosted.state.get("seen", "cancelled") is None:
                await asyncio.sleep(0.1)
        with pytest.raises(RunError, match="ended already"):
            await hosted.engine.cancel("f", run.run_id)


async def test_an_answer_that_does_not_come_in_time_leaves_the_run_going(host: Host) -> None:
    files = {
        "slow.step.py": """
            import asyncio
            from wistro import ApiStep
            config = ApiStep(name="Slow", flows=["f"], method="GET", path="/slow", emits=[])
            async def handler(request, ctx):
                await asyncio.sleep(2)
                return {"status": 200, "body": "late"}
            """
    }
    async with host(files) as hosted:
        with pytest.raises(AnswerPending) as pending:
            await hosted.engine.request(
                "f", api("slow"), REQUEST, timeout=timedelta(milliseconds=300)
            )
        run_id = pending.value.run_id
        assert run_id
        run = await hosted.engine.show(run_id)
        assert run.status == "running"
        await hosted.until(run, lambda run: run.status == "completed")


async def test_a_delayed_start_waits_and_can_be_cancelled(host: Host) -> None:
    async with host(ORDERS) as hosted:
        (started,) = await hosted.engine.publish(
            "order.placed", {"id": "9"}, after=timedelta(hours=1)
        )
        run = await hosted.engine.show(started.run_id)
        assert run.status == "scheduled"
        await hosted.engine.cancel(started.flow, started.run_id)
        run = await hosted.ended(started)
        assert run.status == "cancelled"
        assert [d.status for d in run.deliveries if d.attempts] == []


async def test_what_is_not_there_is_named(host: Host) -> None:
    async with host(ORDERS) as hosted:
        with pytest.raises(
            RunError, match="no flow `nope`; its flows are `notifications`, `orders`"
        ):
            await hosted.engine.start("nope", api("place"), {})
        with pytest.raises(RunError, match="`orders` has no step `nope`"):
            await hosted.engine.start("orders", api("nope"), {})
        with pytest.raises(RunNotFound, match="there is no run `0123`"):
            await hosted.engine.show("0123")
        assert await hosted.engine.publish("nobody.listens", {}) == []


async def test_runs_are_listed_by_page_and_filter(host: Host) -> None:
    async with host(ORDERS) as hosted:
        started = [await hosted.emit("order.placed", {"id": str(n)}) for n in range(3)]
        for each in started:
            await hosted.ended(each)
        async with asyncio.timeout(20):
            while len((await hosted.engine.list_runs(flow="orders", status="completed")).runs) < 3:
                await asyncio.sleep(0.2)
        page = await hosted.engine.list_runs(flow="orders", limit=2)
        assert len(page.runs) == 2
        rest = await hosted.engine.list_runs(flow="orders", limit=2, cursor=page.next_cursor)
        assert {run.run_id for run in [*page.runs, *rest.runs]} == {s.run_id for s in started}
        assert (await hosted.engine.list_runs(trigger="cron")).runs == []
        with pytest.raises(RunError, match="there is no status `odd`"):
            await hosted.engine.list_runs(status="odd")


async def test_the_journal_tells_the_story_of_a_run(host: Host) -> None:
    async with host(ORDERS) as hosted:
        started = await hosted.emit("order.placed", {"id": "8", "card": "declined"})
        run = await hosted.until(started, lambda run: run.waiting_for == "operator")
        await hosted.engine.skip("orders", run.run_id, run.deliveries[0].delivery_id)
        await hosted.ended(started)
        await asyncio.sleep(0.3)
        entries = await hosted.journal.read(JournalFilter(run_id=started.run_id))
        assert [entry.kind for entry in entries] == [
            "run.started",
            "delivery.started",
            "delivery.failed",
            "delivery.started",
            "delivery.failed",
            "delivery.held",
            "delivery.skipped",
            "run.completed",
        ]
