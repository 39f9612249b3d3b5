"""Inline steps: the worker goes on by itself, and the machine knows each delivery all the same."""

from __future__ import annotations

from datetime import timedelta

from tests.machine.plans import flow, plan, step
from wistro.contract import Emission, ErrorInfo, Report, StepResult, Trigger
from wistro.expressions import CelExpressions
from wistro.machine.commands import CancelDelivery, Dispatch, Finish
from wistro.machine.events import RunStarted, SegmentCompleted
from wistro.machine.handover import SEGMENT_BUDGET
from wistro.machine.plan import JoinPlan, Limits, RetryPlan
from wistro.machine.reducer import Machine
from wistro.machine.routing import child_id
from wistro.machine.state import RunState
from wistro.testing import FlowHarness


def chain(length: int, **more: object) -> FlowHarness:
    """Inline steps `s0` to `s<length>`, each emitting for the next."""
    shop = flow(*(step(f"s{n}", f"t{n}", inline=True, **more) for n in range(length)))  # type: ignore[arg-type]
    for n in range(length - 1):
        shop.fake(f"s{n}", emits=[(f"t{n + 1}", n)])
    return shop


async def test_a_chain_runs_in_one_segment() -> None:
    shop = chain(5)
    run = await shop.emit("orders", "t0")
    assert run.outcome == "completed"
    assert [d.step for d in run.deliveries()] == ["s0", "s1", "s2", "s3", "s4"]
    assert all(d.status == "completed" for d in run.deliveries())
    assert [run.state.counts[f"s{n}"].completed for n in range(5)] == [1] * 5
    assert run.deliveries("s2")[0].parent == run.deliveries("s1")[0].delivery_id


async def test_more_than_a_budget_takes_several_segments() -> None:
    shop = flow(step("loop", "again", inline=True))

    def count_down(left: int, ctx: object) -> None:
        if left:
            ctx.emit("again", left - 1)  # type: ignore[attr-defined]

    shop.fake("loop", handler=count_down)
    run = await shop.emit("orders", "again", 3 * SEGMENT_BUDGET)
    assert run.outcome == "completed"
    assert run.state.created == 3 * SEGMENT_BUDGET + 1


async def test_a_failure_inside_is_attempted_again_by_itself() -> None:
    shop = chain(3, retry=RetryPlan(attempts=2))
    shop.fake("s1", error="no", times=1, emits=[("t2", 1)])
    run = await shop.emit("orders", "t0")
    assert run.outcome is None
    assert [d.status for d in run.deliveries()] == ["completed", "retrying"]
    await shop.advance(minutes=1)
    assert run.outcome == "completed"
    assert [(d.step, len(d.attempts)) for d in run.deliveries()] == [
        ("s0", 1),
        ("s1", 2),
        ("s2", 1),
    ]


async def test_a_failure_inside_ends_the_run_and_can_be_forked() -> None:
    shop = chain(3)
    shop.fake("s1", error="no")
    run = await shop.emit("orders", "t0")
    assert run.outcome == "failed"
    shop.fake("s1", emits=[("t2", 1)])
    fork = await run.fork()
    assert [d.step for d in fork.deliveries()] == ["s1", "s2"]
    assert fork.outcome == "completed"


async def test_other_steps_joins_and_delays_leave_the_segment() -> None:
    shop = flow(
        step("a", "x", inline=True),
        step("b", "y", inline=True),
        step("ordinary", "y"),
        step("joined", "y", "z", join=JoinPlan(), inline=True),
        step("delayed", "y", inline=True, delay=60),
    )
    shop.fake("a", emits=[("y", 1), ("z", 2)])
    run = await shop.emit("orders", "x")
    assert {d.step: d.status for d in run.deliveries()} == {
        "a": "completed",
        "b": "completed",
        "ordinary": "completed",
        "joined": "completed",
        "delayed": "retrying",
    }
    await shop.advance(minutes=1)
    assert run.outcome == "completed"


async def test_a_cancelled_segment_keeps_what_it_has_done() -> None:
    shop = chain(3)
    shop.fake("s1", takes=timedelta(minutes=1), emits=[("t2", 1)])
    run = await shop.emit("orders", "t0")
    await run.cancel()
    assert run.outcome == "cancelled"
    assert [(d.step, d.status) for d in run.deliveries()] == [("s0", "completed"), ("s1", "queued")]
    shop.fake("s1", emits=[("t2", 1)])
    fork = await run.fork()
    assert [d.step for d in fork.deliveries()] == ["s1", "s2"]


async def test_a_slow_chain_times_its_deliveries() -> None:
    shop = chain(2)
    shop.fake("s0", takes=timedelta(seconds=5), emits=[("t1", 1)])
    shop.fake("s1", takes=timedelta(seconds=7))
    run = await shop.emit("orders", "t0")
    await shop.advance(seconds=12)
    times = [
        (d.finished_at - d.started_at).total_seconds()
        for d in run.deliveries()
        if d.started_at and d.finished_at
    ]
    assert times == [5, 7]


class TestReports:
    """What a worker may report, also a confused one."""

    def machine(self, **limits: int) -> Machine:
        steps = (step("a", "x", inline=True), step("b", "y", inline=True), step("c", "z"))
        machine = Machine(
            plan(*steps, limits=Limits(**limits)), RunState(run_id="r"), CelExpressions()
        )
        machine.apply(RunStarted(at=0, trigger=Trigger(kind="event", topic="x"), data=1))
        return machine

    def report(self, id: str, *emits: str, error: str | None = None) -> Report:
        return Report(
            delivery_id=id,
            step="a",
            started_at=0,
            finished_at=0,
            result=StepResult(emissions=tuple(Emission(topic=t) for t in emits)),
            error=None if error is None else ErrorInfo(code=error, message=error),
        )

    def first(self, machine: Machine) -> str:
        (id,) = machine.state.deliveries
        return id

    def test_unknown_deliveries_are_passed_over(self) -> None:
        machine = self.machine()
        first = self.report(self.first(machine))
        commands = machine.apply(SegmentCompleted(at=1, reports=(self.report("gone"), first)))
        assert commands[-1] == Finish()

    def test_a_report_with_neither_counts_as_done(self) -> None:
        machine = self.machine()
        report = Report(delivery_id=self.first(machine), step="a", started_at=0, finished_at=0)
        assert machine.apply(SegmentCompleted(at=1, reports=(report,)))[-1] == Finish()

    def test_the_same_report_twice_counts_once(self) -> None:
        machine = self.machine()
        first = self.report(self.first(machine), "z")
        machine.apply(SegmentCompleted(at=1, reports=(first,)))
        again = machine.apply(SegmentCompleted(at=2, reports=(first,)))
        assert again == []
        assert machine.running == 1

    def test_children_that_the_segment_did_not_make_are_dispatched(self) -> None:
        machine = self.machine()
        first = self.first(machine)
        commands = machine.apply(SegmentCompleted(at=1, reports=(self.report(first, "y", "z"),)))
        assert [(c.delivery.step, c.inline) for c in commands if isinstance(c, Dispatch)] == [
            ("b", True),
            ("c", False),
        ]

    def test_the_budget_respects_the_bound_on_deliveries(self) -> None:
        machine = self.machine(deliveries=2)
        first = self.first(machine)
        child = child_id(first, 0, "b")
        reports = (self.report(first, "y", "z"), self.report(child))
        commands = machine.apply(SegmentCompleted(at=1, reports=reports))
        assert machine.state.outcome == "failed"
        assert isinstance(commands[-1], Finish)
        assert [d.step for d in machine.state.deliveries.values()] == ["c"]
        assert not any(isinstance(c, CancelDelivery) for c in commands)
