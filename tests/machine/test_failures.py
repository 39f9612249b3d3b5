"""Attempts follow the step's policy; when they are used up, `on_failure` decides."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.machine.plans import ONCE, flow, step
from wistro.contract import ErrorInfo
from wistro.errors import Retryable, Terminal
from wistro.machine.events import DeliveryCancelled, OperatorAsked
from wistro.machine.operators import OperationRefused
from wistro.machine.plan import RetryPlan
from wistro.testing import FlowHarness

THRICE = RetryPlan(attempts=3, first_delay=10, factor=3, max_delay=25)


def starts(project: FlowHarness) -> list[float]:
    """Seconds after the start at which the attempts of the first delivery began."""
    (run,) = project.runs()
    first = run.deliveries()[0].attempts
    begun = [a.started_at for a in first if a.started_at is not None]
    return [(at - begun[0]).total_seconds() for at in begun]


class TestRetries:
    async def test_attempts_back_off_up_to_the_longest_delay(self) -> None:
        shop = flow(step("charge", "x", retry=RetryPlan(attempts=4, first_delay=10, max_delay=25)))
        shop.fake("charge", error="no")
        run = await shop.emit("orders", "x")
        assert run.waiting.kind == "timer"
        await shop.advance(hours=1)
        assert starts(shop) == [0, 10, 30, 55]
        assert run.outcome == "failed"
        assert run.error is not None
        assert run.error.message == "no"

    async def test_a_later_attempt_may_succeed(self) -> None:
        shop = flow(step("charge", "x", retry=THRICE), step("ship", "paid"))
        shop.fake("charge", error="not yet", times=2, emits=[("paid", 1)])
        run = await shop.emit("orders", "x")
        assert run.emitted("paid") == []
        await shop.advance(hours=1)
        assert run.outcome == "completed"
        assert run.emitted("paid") == [1]
        assert len(run.deliveries("ship")) == 1

    async def test_an_error_may_say_when_to_try_again(self) -> None:
        shop = flow(step("charge", "x", retry=THRICE))
        shop.fake("charge", error=Retryable("busy", retry_after=timedelta(minutes=7)), times=1)
        await shop.emit("orders", "x")
        await shop.advance(hours=1)
        assert starts(shop) == [0, 420]

    async def test_terminal_errors_are_not_retried(self) -> None:
        shop = flow(step("charge", "x", retry=THRICE))
        shop.fake("charge", error=Terminal("never"))
        run = await shop.emit("orders", "x")
        assert run.outcome == "failed"
        assert starts(shop) == [0]

    async def test_error_types_named_terminal_are_not_retried(self) -> None:
        shop = flow(step("charge", "x", retry=RetryPlan(attempts=9, terminal=("KeyError",))))
        shop.fake("charge", error=KeyError("id"))
        run = await shop.emit("orders", "x")
        assert run.outcome == "failed"

    async def test_an_attempt_that_takes_too_long_fails(self) -> None:
        shop = flow(step("charge", "x", timeout=60))
        shop.fake("charge", takes=timedelta(hours=1))
        run = await shop.emit("orders", "x")
        await shop.advance(seconds=59)
        assert run.outcome is None
        await shop.advance(seconds=1)
        assert run.error is not None
        assert run.error.code == "timeout"


class TestOnFailure:
    async def test_fail_ends_the_run_and_keeps_what_was_open(self) -> None:
        shop = flow(step("a", "x"), step("b", "x", delay=60))
        shop.fake("a", error="broken")
        run = await shop.emit("orders", "x")
        assert run.outcome == "failed"
        assert [d.status for d in run.deliveries()] == ["failed", "retrying"]
        await shop.advance(hours=1)
        assert run.deliveries("b")[0].attempts == []

    async def test_ignore_goes_on(self) -> None:
        shop = flow(step("a", "x", on_failure="ignore"), step("b", "x"))
        shop.fake("a", error="broken")
        run = await shop.emit("orders", "x")
        assert run.outcome == "completed"
        assert [d.status for d in run.deliveries()] == ["ignored", "completed"]
        assert run.state.counts["a"].ignored == 1

    async def test_emit_tells_the_subscribers_of_the_failure_topic(self) -> None:
        shop = flow(
            step("charge", "x", on_failure="emit", failure_topic="charge.failed"),
            step("apologise", "charge.failed"),
        )
        shop.fake("charge", error=Terminal("declined", code="declined"))
        run = await shop.emit("orders", "x", {"id": 7})
        (message,) = run.emitted("charge.failed")
        assert run.outcome == "completed"
        assert [d.input for d in run.deliveries("apologise")] == [message]
        assert message == {
            "step": "charge",
            "delivery_id": run.deliveries("charge")[0].delivery_id,
            "topic": "x",
            "data": {"id": 7},
            "error": {"code": "declined", "message": "declined", "type": "Terminal"},
            "attempts": 1,
        }

    async def test_emit_without_a_topic_fails_the_run(self) -> None:
        shop = flow(step("charge", "x", on_failure="emit"))
        shop.fake("charge", error="broken")
        assert (await shop.emit("orders", "x")).outcome == "failed"

    async def test_failures_of_failures_are_told_too(self) -> None:
        shop = flow(
            step("charge", "x", on_failure="emit", failure_topic="charge.failed"),
            step("mail", "charge.failed", on_failure="emit", failure_topic="mail.failed"),
            step("call", "mail.failed"),
        )
        shop.fake("charge", error="declined")
        shop.fake("mail", error="bounced")
        run = await shop.emit("orders", "x")
        assert run.outcome == "completed"
        assert [d.step for d in run.deliveries()] == ["charge", "mail", "call"]

    async def test_a_failure_that_leads_to_itself_fails_the_run(self) -> None:
        shop = flow(
            step("charge", "x", "mail.failed", on_failure="emit", failure_topic="charge.failed"),
            step("mail", "charge.failed", on_failure="emit", failure_topic="mail.failed"),
        )
        shop.fake("charge", error="declined")
        shop.fake("mail", error="bounced")
        run = await shop.emit("orders", "x")
        assert run.outcome == "failed"
        assert [d.step for d in run.deliveries()] == ["charge", "mail", "charge"]

    async def test_a_failure_topic_may_carry_other_messages(self) -> None:
        shop = flow(step("a", "f", on_failure="emit", failure_topic="f"))
        shop.fake("a", error="no")
        run = await shop.emit("orders", "f", "not a failure")
        assert run.outcome == "failed"
        assert len(run.emitted("f")) == 1

    async def test_hold_waits_for_an_operator(self) -> None:
        shop = flow(step("charge", "x", on_failure="hold"))
        shop.fake("charge", error="the provider is away")
        run = await shop.emit("orders", "x")
        await shop.advance(days=30)
        assert run.outcome is None
        assert run.waiting.kind == "operator"
        assert run.waiting.sentence == (
            "An operator has to retry or skip “Charge”: the provider is away"
        )

    async def test_a_failed_trigger_is_answered_with_its_error(self) -> None:
        shop = flow(step("create", kind="api", on_failure="ignore"))
        shop.fake("create", error="broken")
        run = await shop.request("create")
        assert run.answer is not None
        assert run.answer.error is not None
        assert run.answer.error.message == "broken"

    async def test_a_held_trigger_is_not_answered_yet(self) -> None:
        shop = flow(step("create", kind="api", on_failure="hold"))
        shop.fake("create", error="broken")
        run = await shop.request("create")
        assert run.answer is None
        await run.skip()
        assert run.answer is not None
        assert (run.answer.output, run.answer.error) == (None, None)


class TestOperators:
    @pytest.fixture
    def shop(self) -> FlowHarness:
        shop = flow(step("charge", "x", on_failure="hold", retry=THRICE), step("ship", "paid"))
        shop.fake("charge", error=Terminal("declined"))
        return shop

    async def test_a_held_delivery_is_retried(self, shop: FlowHarness) -> None:
        run = await shop.emit("orders", "x", {"card": "old"})
        shop.fake("charge", emits=[("paid", 1)])
        assert await run.retry() is run
        assert run.outcome == "completed"
        assert run.emitted("paid") == [1]
        (charge,) = run.deliveries("charge")
        assert [a.error is None for a in charge.attempts] == [False, True]

    async def test_it_gets_all_its_attempts_again(self, shop: FlowHarness) -> None:
        run = await shop.emit("orders", "x")
        shop.fake("charge", error="busy", times=2)
        await run.retry("charge")
        await shop.advance(hours=1)
        assert run.outcome == "completed"

    async def test_it_is_retried_with_other_data(self, shop: FlowHarness) -> None:
        run = await shop.emit("orders", "x", {"card": "old"})

        def charge(data: object, ctx: object) -> None:
            assert data == {"card": "new"}

        shop.fake("charge", handler=charge)
        await run.retry(run.held[0], data={"card": "new"})
        assert run.outcome == "completed"
        assert run.deliveries("charge")[0].input == {"card": "new"}

    async def test_it_is_skipped(self, shop: FlowHarness) -> None:
        run = await shop.emit("orders", "x")
        await run.skip()
        assert run.outcome == "completed"
        assert [d.status for d in run.deliveries()] == ["skipped"]
        assert run.state.counts["charge"].skipped == 1

    async def test_it_fails_again_and_is_held_again(self, shop: FlowHarness) -> None:
        run = await shop.emit("orders", "x")
        await run.retry()
        assert [d.step for d in run.held] == ["charge"]

    async def test_a_waiting_delivery_need_not_wait(self) -> None:
        shop = flow(step("charge", "x", retry=RetryPlan(attempts=2, first_delay=3600)))
        shop.fake("charge", error="busy", times=1)
        run = await shop.emit("orders", "x")
        await run.retry()
        assert run.outcome == "completed"
        assert run.state.timers == {}

    async def test_what_is_running_cannot_be_repaired(self) -> None:
        shop = flow(step("slow", "x"))
        shop.fake("slow", takes=timedelta(minutes=1))
        run = await shop.emit("orders", "x")
        with pytest.raises(OperationRefused, match=r"`\w+` is running; only one that is held"):
            await run.skip()
        asked = OperatorAsked(
            at=shop.time, action="skip", delivery_id=run.deliveries()[0].delivery_id
        )
        with pytest.raises(OperationRefused, match="is running"):
            run.driver.machine.check(asked)

    async def test_a_run_that_has_ended_cannot_be_repaired(self, shop: FlowHarness) -> None:
        run = await shop.emit("orders", "x")
        done = run.held[0]
        await run.retry()
        shop.fake("charge")
        await run.retry()
        with pytest.raises(OperationRefused, match="the run has ended"):
            await run.skip(done)

    async def test_an_unknown_delivery_cannot_be_repaired(self, shop: FlowHarness) -> None:
        run = await shop.emit("orders", "x")
        done = run.held[0]
        await run.skip()
        other = await shop.emit("orders", "x")
        with pytest.raises(OperationRefused, match="no open delivery"):
            await other.skip(done.model_copy(update={"delivery_id": "gone"}))


async def test_a_delivery_that_a_worker_gives_back_is_attempted_again() -> None:
    shop = flow(step("a", "x", retry=RetryPlan(attempts=2)))
    shop.fake("a", takes=timedelta(minutes=1))
    run = await shop.emit("orders", "x")
    (delivery,) = run.deliveries()
    run.driver.apply(DeliveryCancelled(at=shop.time, delivery_id=delivery.delivery_id))
    assert run.waiting.kind == "timer"
    await shop.advance(minutes=2)
    assert run.outcome == "completed"


async def test_nobody_can_give_back_what_is_not_there() -> None:
    shop = flow(step("a", "x"))
    shop.fake("a", takes=timedelta(minutes=1))
    run = await shop.emit("orders", "x")
    run.driver.apply(DeliveryCancelled(at=shop.time, delivery_id="gone"))
    assert run.waiting.kind == "step"


async def test_an_error_with_every_field_reaches_the_run() -> None:
    shop = flow(step("a", "x", retry=ONCE))
    error = ErrorInfo(code="odd", message="odd", type="Odd", stack="…", details={"n": 1})
    shop.fake("a", error=error)
    assert (await shop.emit("orders", "x")).error == error
