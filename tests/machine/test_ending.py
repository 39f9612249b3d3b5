"""Runs end once: completed, failed, cancelled or timed out, and what was open stays with them."""

from __future__ import annotations

from datetime import timedelta

from tests.machine.plans import flow, step
from wistro.contract import ErrorInfo, StepResult
from wistro.machine.events import DeliveryCancelled, DeliveryCompleted, DeliveryFailed, TimerFired
from wistro.machine.plan import JoinPlan, Limits, RetryPlan
from wistro.machine.reducer import CANCEL_GRACE
from wistro.testing import FlowHarness

MINUTE = timedelta(minutes=1)


class TestCancellation:
    async def test_it_reaches_the_handlers_at_work(self) -> None:
        shop = flow(step("slow", "x"), step("next", "y"))
        shop.fake("slow", takes=MINUTE, emits=[("y", 1)])
        run = await shop.emit("orders", "x")
        await run.cancel("changed my mind")
        assert run.outcome == "cancelled"
        assert run.error is not None
        assert (run.error.code, run.error.message) == ("cancelled", "changed my mind")
        assert [d.status for d in run.deliveries()] == ["cancelled"]
        await shop.advance(hours=1)
        assert run.emitted("y") == []

    async def test_it_needs_no_reason(self) -> None:
        shop = flow(step("later", "x", delay=60))
        run = await shop.emit("orders", "x")
        await run.cancel()
        assert run.outcome == "cancelled"
        assert run.error is not None
        assert run.error.message == "the run was cancelled"

    async def test_a_handler_that_goes_on_has_its_grace(self) -> None:
        shop = flow(step("slow", "x"), step("later", "x", delay=3600))
        shop.fake("slow", takes=timedelta(hours=1), stubborn=True)
        run = await shop.emit("orders", "x")
        await run.cancel()
        assert run.outcome is None
        await shop.advance(seconds=CANCEL_GRACE - 1)
        assert run.outcome is None
        await shop.advance(seconds=1)
        assert run.outcome == "cancelled"
        assert {d.step: d.status for d in run.deliveries()} == {
            "slow": "cancelled",
            "later": "retrying",
        }

    async def test_what_is_done_within_the_grace_counts(self) -> None:
        shop = flow(step("slow", "x"), step("next", "y"))
        shop.fake("slow", takes=timedelta(seconds=10), stubborn=True, emits=[("y", 1)])
        run = await shop.emit("orders", "x")
        await run.cancel()
        await shop.advance(seconds=10)
        assert run.outcome == "cancelled"
        assert [d.status for d in run.deliveries()] == ["completed", "queued"]
        fork = await run.fork()
        assert fork.outcome == "completed"
        assert [d.step for d in fork.deliveries()] == ["next"]

    async def test_asking_twice_changes_nothing(self) -> None:
        shop = flow(step("slow", "x"))
        shop.fake("slow", takes=timedelta(seconds=10), stubborn=True)
        run = await shop.emit("orders", "x")
        await run.cancel("first")
        await run.cancel("second")
        await shop.advance(seconds=10)
        assert run.error is not None
        assert run.error.message == "first"

    async def test_nothing_happens_after_the_end(self) -> None:
        shop = flow(step("a", "x"))
        run = await shop.emit("orders", "x")
        before = run.state
        await run.cancel()
        await run.send("x", 1)
        assert run.outcome == "completed"
        assert run.state == before
        assert run.driver.machine.release(shop.time) == []

    async def test_a_failed_attempt_while_ending_is_not_repeated(self) -> None:
        shop = flow(step("slow", "x", retry=RetryPlan(attempts=5, first_delay=1)))
        shop.fake("slow", takes=timedelta(seconds=10), stubborn=True, error="no")
        run = await shop.emit("orders", "x")
        await run.cancel()
        await shop.advance(hours=1)
        assert run.outcome == "cancelled"
        assert [len(d.attempts) for d in run.deliveries()] == [1]


class TestDeadline:
    async def test_a_run_that_takes_too_long_is_timed_out(self) -> None:
        shop = flow(step("slow", "x"), limits=Limits(timeout=60))
        shop.fake("slow", takes=timedelta(hours=1))
        run = await shop.emit("orders", "x")
        await shop.advance(seconds=59)
        assert run.outcome is None
        await shop.advance(seconds=1)
        assert run.outcome == "timed_out"
        assert run.error is not None
        assert run.error.message == "the run took longer than its 60 s"

    async def test_it_is_no_more_when_the_run_is_over(self) -> None:
        shop = flow(step("a", "x"), limits=Limits(timeout=60))
        run = await shop.emit("orders", "x")
        await shop.advance(hours=1)
        assert run.outcome == "completed"

    async def test_it_holds_over_continue_as_new(self) -> None:
        shop = flow(step("later", "x", delay=3600), limits=Limits(timeout=60))
        run = await shop.emit("orders", "x")
        await shop.advance(seconds=30)
        await run.continue_as_new()
        await shop.advance(seconds=30)
        assert run.outcome == "timed_out"

    async def test_a_fork_has_its_own(self) -> None:
        shop = flow(step("slow", "x", timeout=9999), limits=Limits(timeout=60))
        shop.fake("slow", takes=timedelta(hours=1))
        run = await shop.emit("orders", "x")
        await shop.advance(minutes=5)
        fork = await run.fork()
        await shop.advance(seconds=59)
        assert fork.outcome is None
        await shop.advance(seconds=1)
        assert fork.outcome == "timed_out"


class TestFailureWhileOthersWork:
    async def test_results_that_come_in_meanwhile_are_kept_for_a_fork(self) -> None:
        shop = flow(step("bad", "x"), step("good", "x"), step("next", "y"))
        shop.fake("bad", takes=timedelta(seconds=5), error="broken")
        shop.fake("good", takes=timedelta(seconds=10), stubborn=True, emits=[("y", 1)])
        run = await shop.emit("orders", "x")
        await shop.advance(minutes=1)
        assert run.outcome == "failed"
        assert {d.step: d.status for d in run.deliveries()} == {
            "bad": "failed",
            "good": "completed",
            "next": "queued",
        }

    async def test_timers_that_are_due_meanwhile_do_nothing(self) -> None:
        join = JoinPlan(timeout=20)
        shop = flow(
            step("bad", "x"),
            step("good", "x"),
            step("later", "x", delay=20),
            step("pack", "x", "y", join=join),
        )
        shop.fake("bad", takes=timedelta(seconds=5), error="broken")
        shop.fake("good", takes=timedelta(seconds=25), stubborn=True)
        run = await shop.emit("orders", "x")
        await shop.advance(seconds=10)
        for timer in list(run.state.timers):
            if timer != "grace":
                run.driver.apply(TimerFired(at=shop.time, timer=timer))
        await shop.advance(minutes=1)
        assert run.outcome == "failed"
        assert len(run.state.joining) == 1
        assert run.deliveries("later")[0].attempts == []

    async def test_a_timer_that_is_not_set_does_nothing(self) -> None:
        shop = flow(step("later", "x", delay=20))
        run = await shop.emit("orders", "x")
        run.driver.apply(TimerFired(at=shop.time, timer="wake:gone"))
        assert run.waiting.kind == "timer"

    async def test_late_reports_do_nothing(self) -> None:
        shop = flow(step("slow", "x"), step("other", "x"))
        shop.fake("slow", takes=MINUTE, stubborn=True)
        shop.fake("other", takes=MINUTE, stubborn=True)
        run = await shop.emit("orders", "x")
        error = ErrorInfo(code="late", message="late")
        for ending in (False, True):
            for late in (
                DeliveryCompleted(at=shop.time, delivery_id="gone", result=StepResult()),
                DeliveryFailed(at=shop.time, delivery_id="gone", error=error, attempts=1),
                DeliveryCancelled(at=shop.time, delivery_id="gone"),
            ):
                assert run.driver.machine.apply(late) == []
            assert run.driver.machine.running == 2
            if not ending:
                await run.cancel()


def held_slow() -> FlowHarness:
    shop = flow(step("a", "x"), step("b", "x", on_failure="hold"), limits=Limits(in_flight=1))
    shop.fake("b", error="no")
    return shop


async def test_waiting_for_a_step_wins_over_an_operator() -> None:
    shop = flow(step("b", "x", on_failure="hold"), *(step(f"a{n}", "x") for n in range(5)))
    shop.fake("b", error="no")
    for n in range(5):
        shop.fake(f"a{n}", takes=MINUTE)
    run = await shop.emit("orders", "x")
    assert run.waiting.sentence == "“A0”, “A1”, “A2” and 2 more at work."
    await shop.advance(minutes=1)
    assert run.waiting.kind == "operator"
    await run.skip()
    assert run.waiting.kind == "nothing"
    assert run.waiting.sentence == "The run is over: completed."


async def test_a_held_delivery_without_a_reason() -> None:
    from wistro.machine.waiting import waiting

    shop = held_slow()
    run = await shop.emit("orders", "x")
    run.state.deliveries[run.held[0].delivery_id].error = None
    assert waiting(run.driver.plan, run.state).sentence.endswith("retry or skip “B”")


async def test_a_run_about_to_go_on() -> None:
    shop = held_slow()
    run = await shop.emit("orders", "x")
    run.driver.drain()
    shop.fake("b")
    await run.retry()
    assert run.waiting.sentence == "The run is about to go on."
    run.driver.release()
    await shop.settle()
    assert run.outcome == "completed"


async def test_a_join_without_a_limit_waits_for_more_messages() -> None:
    shop = flow(step("a", "x"), step("pack", "x", "y", join=JoinPlan(timeout=60)))
    run = await shop.emit("orders", "x")
    run.driver.drain()
    run.state.timers.clear()
    assert run.waiting.sentence == "“Pack” waits for more messages."
