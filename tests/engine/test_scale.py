"""Large runs: fan-out and join, loops that continue as new, bounds, sizes, inline segments."""

from __future__ import annotations

import pytest

from tests.engine.conftest import Host
from wistro.errors import RunError

pytestmark = [pytest.mark.server, pytest.mark.slow]

BEGIN = "topics: { begin: { external: true } }\n"

FAN = {
    "split.step.py": """
        from wistro import EventStep
        config = EventStep(name="Split", flows=["f"], subscribes=["begin"], emits=["part"])
        async def handler(count, ctx):
            for n in range(count):
                await ctx.emit("part", {"n": n, "of": count})
        """,
    "work.step.py": """
        from wistro import EventStep
        config = EventStep(name="Work", flows=["f"], subscribes=["part"], emits=["part.done"])
        async def handler(part, ctx):
            await ctx.emit("part.done", part)
        """,
    "merge.step.py": """
        from wistro import EventStep, Join
        config = EventStep(name="Merge", flows=["f"], subscribes=["part.done"], emits=[],
                           join=Join(quorum="message.of"))
        async def handler(parts, ctx):
            return sorted(part["n"] for part in parts["part.done"])
        """,
    "wistro.yml": BEGIN,
}


async def test_a_thousand_ways_out_and_back(host: Host) -> None:
    async with host(FAN) as hosted:
        started = await hosted.emit("begin", 1000)
        run = await hosted.ended(started, 110)
        assert run.status == "completed"
        assert len(run.deliveries) == 1002
        merged = [d for d in run.deliveries if d.step == "merge"]
        assert [d.output for d in merged] == [list(range(1000))]


LOOP = {
    "loop.step.py": """
        from wistro import EventStep
        config = EventStep(name="Loop", flows=["f"], subscribes=["begin", "again"], emits=["again"])
        async def handler(left, ctx):
            await ctx.state.increment("loop", "hops")
            if left > 1:
                await ctx.emit("again", left - 1)
        """,
    "wistro.yml": BEGIN + "limits: { history_events: 1500 }\n",
}


async def test_a_loop_goes_on_in_fresh_histories_and_loses_nothing(host: Host) -> None:
    async with host(LOOP) as hosted:
        started = await hosted.emit("begin", 2000)
        handle = hosted.engine.client.get_workflow_handle(f"f/{started.run_id}")
        await handle.result()
        run = await hosted.engine.show(started.run_id)
        assert run.status == "completed"
        assert len(run.deliveries) == 2000
        description = await handle.describe()
        assert description.history_length < 3000  # 2,000 hops make 12,000 events
        hops = await hosted.state.get("loop", "hops")
        assert hops is not None
        assert hops.value == 2000


async def test_a_loop_that_never_ends_is_stopped_and_named(host: Host) -> None:
    files = {
        "ping.step.py": """
            from wistro import EventStep
            config = EventStep(name="Ping", flows=["f"], subscribes=["begin", "pong"], emits=["ping"])
            async def handler(message, ctx):
                await ctx.emit("ping", message)
            """,
        "pong.step.py": """
            from wistro import EventStep
            config = EventStep(name="Pong", flows=["f"], subscribes=["ping"], emits=["pong"])
            async def handler(message, ctx):
                await ctx.emit("pong", message)
            """,
        "wistro.yml": BEGIN + "limits: { deliveries: 20 }\n",
    }
    async with host(files) as hosted:
        run = await hosted.ended(await hosted.emit("begin", {}))
        assert run.status == "failed"
        assert run.outcome_error is not None
        assert run.outcome_error.code == "too_many_deliveries"
        assert "ping → pong → ping" in run.outcome_error.message


INLINE = {
    f"s{n}.step.py": f"""
        from wistro import EventStep
        config = EventStep(name="Step {n}", flows=["f"], subscribes=["{"begin" if n == 0 else f"t{n}"}"],
                           emits=["t{n + 1}"], placement="inline", on_failure="hold")
        async def handler(message, ctx):
            if message.get("break_at") == {n}:
                from wistro import Terminal
                raise Terminal("broken as asked")
            await ctx.emit("t{n + 1}", message)
            return {n}
        """
    for n in range(4)
} | {
    "last.step.py": """
        from wistro import EventStep
        config = EventStep(name="Last", flows=["f"], subscribes=["t4"], emits=[])
        async def handler(message, ctx):
            return "done"
        """,
    "wistro.yml": BEGIN,
}


async def test_inline_steps_run_as_one_segment_and_are_reported_one_by_one(host: Host) -> None:
    async with host(INLINE) as hosted:
        started = await hosted.emit("begin", {"x": 1})
        run = await hosted.ended(started)
        assert [(d.step, d.status, d.inline) for d in run.deliveries] == [
            *((f"s{n}", "completed", True) for n in range(4)),
            ("last", "completed", False),
        ]
        first, second, *_ = run.deliveries
        assert second.parent == first.delivery_id
        assert second.input == {"x": 1}
        handle = hosted.engine.client.get_workflow_handle(f"f/{started.run_id}")
        events = [event async for event in handle.fetch_history_events()]
        assert sum(e.HasField("marker_recorded_event_attributes") for e in events) == 1


async def test_a_failure_inside_a_segment_concerns_that_delivery_only(host: Host) -> None:
    async with host(INLINE) as hosted:
        started = await hosted.emit("begin", {"break_at": 2})
        run = await hosted.until(started, lambda run: run.waiting_for == "operator")
        assert [(d.step, d.status) for d in run.deliveries] == [
            ("s0", "completed"),
            ("s1", "completed"),
            ("s2", "held"),
        ]
        await hosted.engine.retry("f", run.run_id, run.deliveries[2].delivery_id, data={"x": 2})
        run = await hosted.ended(started)
        assert [(d.step, d.status) for d in run.deliveries][2:] == [
            ("s2", "completed"),
            ("s3", "completed"),
            ("last", "completed"),
        ]


async def test_large_messages_are_stored_outside_and_too_large_ones_named(host: Host) -> None:
    files = {
        "grow.step.py": """
            import os
            from wistro import EventStep
            config = EventStep(name="Grow", flows=["f"], subscribes=["begin"], emits=["grown"])
            async def handler(size, ctx):
                await ctx.emit("grown", os.urandom(size // 2).hex())
            """,
        "measure.step.py": """
            from wistro import EventStep
            config = EventStep(name="Measure", flows=["f"], subscribes=["grown"], emits=[])
            async def handler(text, ctx):
                return len(text)
            """,
        "wistro.yml": BEGIN + "limits: { message_size: 8000000 }\n",
    }
    async with host(files) as hosted:
        run = await hosted.ended(await hosted.emit("begin", 5_000_000))
        assert [d.output for d in run.deliveries if d.step == "measure"] == [5_000_000]
        assert any(path.is_file() for path in (hosted.root / ".wistro" / "blobs").rglob("*"))
        run = await hosted.ended(await hosted.emit("begin", 20_000_000))
        assert run.status == "failed"
        assert run.outcome_error is not None
        assert "grow" in run.outcome_error.message
        assert len(run.deliveries[0].attempts) == 1
        with pytest.raises(RunError) as refused:
            await hosted.emit("begin", "x" * 9_000_000)
        assert refused.value.code == "message_too_large"
        assert "8000000" in refused.value.message.replace(",", "").replace(" ", "")
