"""Segments: which deliveries a worker makes by itself, and what it reports of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.worker.conftest import Try
from tests.worker.steps import INVOCATION, RUN, Bench
from wistro.contract import Invocation, Segment, SegmentResult
from wistro.expressions import CelExpressions
from wistro.machine.plan import JoinPlan, Plan, StepPlan, SubscriptionPlan
from wistro.machine.routing import child_id
from wistro_worker import segments
from wistro_worker.deliveries import Deliveries
from wistro_worker.executor import Attempt
from wistro_worker.journal import DeliveryJournal

STEP = """
from wistro.steps import EventStep
config = EventStep(name="It", subscribes=["in"], emits=["a", "b", "c"])
"""


def plan(**steps: Mapping[str, Any]) -> Plan:
    """A plan of inline steps, each given by what it subscribes to and other fields."""
    return Plan(
        project="shop",
        flow="orders",
        build="b1",
        steps={
            id: StepPlan(
                **{
                    "id": id,
                    "name": id,
                    "kind": "event",
                    "queue": "shop.runs",
                    "inline": True,
                    **fields,
                    "subscribes": tuple(
                        s if isinstance(s, SubscriptionPlan) else SubscriptionPlan(topic=s)
                        for s in fields.get("subscribes", ())
                    ),
                }
            )
            for id, fields in steps.items()
        },
    )


async def run(
    bench: Bench,
    plan: Plan,
    *,
    budget: int = 64,
    data: object = None,
    attempt: Attempt | None = None,
) -> SegmentResult:
    deliveries = Deliveries(
        bench.executor, DeliveryJournal(bench.entries.append, bench.mask), bench.mask
    )
    segment = Segment(plan=plan, budget=budget)
    invocation = replace(INVOCATION, data=data, segment=segment)

    def surroundings(_: Invocation) -> Attempt:
        return attempt or Attempt()

    return await segments.run_segment(
        invocation, segment, deliveries, CelExpressions(), surroundings
    )


async def test_a_chain_is_followed_with_ids_and_keys_of_its_own(steps: Try) -> None:
    found = steps(
        STEP + "async def handler(d, ctx): ctx.emit('a', {'n': 1})",
        second=STEP
        + "async def handler(d, ctx): ctx.emit('b', [d, ctx.idempotency_key, ctx.topic])",
        third=STEP + "def handler(d, ctx): return [d, ctx.delivery_id, ctx.attempt]",
    )
    result = await run(
        found, plan(it={}, second={"subscribes": ["a"]}, third={"subscribes": ["b"]})
    )
    first, second, third = result.reports
    assert [r.step for r in result.reports] == ["it", "second", "third"]
    assert first.delivery_id == INVOCATION.delivery_id
    assert second.delivery_id == child_id(first.delivery_id, 0, "second")
    assert third.result
    key = f"{RUN}:{second.delivery_id}"
    assert third.result.output == [[{"n": 1}, key, "a"], third.delivery_id, 1]
    assert first.started_at <= first.finished_at <= second.started_at
    kinds = [entry.kind for entry in found.entries]
    assert kinds == ["delivery.started", "delivery.completed"] * 3


async def test_siblings_run_side_by_side_and_parents_come_first(steps: Try) -> None:
    wait = "import asyncio\nasync def handler(d, ctx):\n    await asyncio.sleep(1)\n    ctx.emit('b', d)"
    found = steps(
        STEP + "async def handler(d, ctx):\n    for n in range(5): ctx.emit('a', n)",
        slow=STEP + wait,
        leaf=STEP + "async def handler(d, ctx): return d",
    )
    begun = time.perf_counter()
    result = await run(found, plan(it={}, slow={"subscribes": ["a"]}, leaf={"subscribes": ["b"]}))
    assert time.perf_counter() - begun < 4  # five seconds, one after the other
    places = {report.delivery_id: place for place, report in enumerate(result.reports)}
    assert len(places) == 11
    assert [r.step for r in result.reports[:6]] == ["it"] + ["slow"] * 5
    for report in result.reports:
        for place, emission in enumerate(report.result.emissions if report.result else ()):
            step = {"a": "slow", "b": "leaf"}[emission.topic]
            assert places[report.delivery_id] < places[child_id(report.delivery_id, place, step)]


async def test_what_is_not_inline_is_left_to_the_machine(steps: Try) -> None:
    found = steps(STEP + "async def handler(d, ctx): ctx.emit('a', d)")
    nothing = plan(
        it={},
        worker={"subscribes": ["a"], "inline": False},
        joins={"subscribes": ["a"], "join": JoinPlan()},
        later={"subscribes": ["a"], "delay": 1.0},
        filtered={"subscribes": [SubscriptionPlan(topic="a", where="message.n > 1")]},
    )
    assert len((await run(found, nothing, data={"n": 1})).reports) == 1


async def test_a_failure_ends_its_path_only(steps: Try) -> None:
    found = steps(
        STEP + "async def handler(d, ctx): ctx.emit('a', 1); ctx.emit('b', 1)",
        bad=STEP + "async def handler(d, ctx):\n    ctx.emit('c', 1)\n    raise ValueError('no')",
        good=STEP + "async def handler(d, ctx): ctx.emit('c', 1)",
        leaf=STEP + "async def handler(d, ctx): ...",
    )
    result = await run(
        found,
        plan(
            it={}, bad={"subscribes": ["a"]}, good={"subscribes": ["b"]}, leaf={"subscribes": ["c"]}
        ),
    )
    assert [r.step for r in result.reports] == ["it", "bad", "good", "leaf"]
    assert result.reports[1].error
    assert result.reports[1].error.message == "no"
    assert result.reports[1].result is None


async def test_a_loop_stops_at_its_budget(steps: Try) -> None:
    found = steps(STEP + "async def handler(d, ctx): ctx.emit('a', d + 1)")
    result = await run(found, plan(it={"subscribes": ["a"]}), budget=10, data=0)
    assert len(result.reports) == 10
    assert result.reports[-1].result
    assert result.reports[-1].result.emissions[0].data == 10


async def test_large_results_end_a_segment(steps: Try, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "BYTES", 3000)
    found = steps(STEP + "async def handler(d, ctx): ctx.emit('a', 'x' * 1000)")
    result = await run(found, plan(it={"subscribes": ["a"]}))
    assert len(result.reports) == 3


async def test_an_attempt_has_its_steps_timeout(steps: Try) -> None:
    found = steps(
        STEP + "async def handler(d, ctx): ctx.emit('a', 1); ctx.emit('b', 1)",
        slow=STEP + "import asyncio\nasync def handler(d, ctx): await asyncio.sleep(9)",
        quick=STEP + "async def handler(d, ctx): return bool(ctx.cancelled)",
    )
    result = await run(
        found,
        plan(it={}, slow={"subscribes": ["a"], "timeout": 0.1}, quick={"subscribes": ["b"]}),
    )
    slow, quick = result.reports[1:]
    assert slow.error
    assert (slow.error.code, slow.error.retryable) == ("timeout", True)
    assert "0.1 s" in slow.error.message
    assert quick.result
    assert quick.result.output is False


async def test_nothing_more_begins_once_it_is_asked_to_stop(steps: Try) -> None:
    found = steps(
        STEP + "async def handler(d, ctx):\n    await ctx.cancelled\n    ctx.emit('a', 1)"
    )
    attempt = Attempt()
    task = asyncio.create_task(run(found, plan(it={"subscribes": ["a"]}), attempt=attempt))
    await asyncio.sleep(0.05)
    attempt.cancelled.set("cancelled")
    assert len((await task).reports) == 1
