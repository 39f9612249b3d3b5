"""Flows that a run calls, declared by a step or by a handler."""

from __future__ import annotations

from tests.machine.outside import Driven, outside
from tests.machine.plans import step
from wistro.contract import CallAnswer, CallError, ErrorInfo, StepResult
from wistro.machine.commands import CancelCall, CheckCall, Dispatch, StartCall
from wistro.machine.events import (
    CallAnswered,
    CallOpened,
    CancelAsked,
    DeliveryCompleted,
    DeliveryFailed,
    OperatorAsked,
)
from wistro.machine.fork import fork_state
from wistro.machine.plan import CallPlan, OnFailure
from wistro.machine.state import OpenCall
from wistro.machine.waiting import waiting


def asking(call: CallPlan | None = None, *, on_failure: OnFailure = "fail") -> Driven:
    """A run that has another flow judge its order."""
    return Driven(
        outside(
            "judge",
            "go",
            calls=call or CallPlan(flow="fraud"),
            emits=("judged",),
            on_failure=on_failure,
        ),
        step("after", "judged"),
        data={"order": 7},
    )


class TestDeclared:
    def test_its_answer_becomes_a_message(self) -> None:
        run = asking()
        (start,) = run.of(StartCall)
        assert (start.flow, start.delivery.data) == ("fraud", {"order": 7})
        assert waiting(run.plan, run.state).sentence == (
            "“Judge” waits for the answer of the flow “fraud”."
        )
        run.answers("judge", {"risk": "low"})
        assert run.received("after") == [
            {"request": {"order": 7}, "answer": {"risk": "low"}, "call": start.run_id}
        ]
        assert not run.of(CancelCall)
        assert not run.state.timers

    def test_no_answer_fails_with_the_callers_part_of_the_error(self) -> None:
        run = asking()
        run.answers("judge", error="unknown_order")
        assert run.state.outcome == "failed"
        error = run.state.error
        assert error is not None
        assert error.code == "unknown_order"
        assert error.message == "the call of `fraud` has no answer: it went wrong"

    def test_an_operator_calls_anew(self) -> None:
        run = asking(on_failure="hold")
        run.answers("judge", error="away")
        (held,) = run.state.deliveries.values()
        run.apply(OperatorAsked(at=1, action="retry", delivery_id=held.id))
        first, second = run.of(StartCall)
        assert first.run_id != second.run_id
        run.answers("judge", 1)
        assert run.received("after")

    def test_an_answer_that_nobody_waits_for_any_more(self) -> None:
        run = asking()
        (start,) = run.of(StartCall)
        run.apply(OperatorAsked(at=1, action="skip", delivery_id=start.delivery.id))
        assert [c.call.run_id for c in run.of(CancelCall)] == [start.run_id]
        answer = CallAnswer(status="answered", data=1)
        run.apply(
            CallAnswered(at=2, delivery_id=start.delivery.id, run_id=start.run_id, answer=answer)
        )
        assert not run.received("after")

    def test_too_late(self) -> None:
        run = asking(CallPlan(flow="fraud", timeout=60.0))
        run.passes(61)
        assert run.state.outcome == "failed"
        assert len(run.of(CancelCall)) == 1

    def test_a_call_that_cannot_be_made(self) -> None:
        run = asking()
        error = ErrorInfo(code="not_callable", message="no such flow", retryable=False)
        run.apply(DeliveryFailed(at=1, delivery_id=run.waits("judge").id, error=error, attempts=1))
        assert run.state.outcome == "failed"
        assert run.state.error == error

    def test_looked_after_less_and_less_often(self) -> None:
        run = asking()
        run.passes(4 * 3600)
        assert len(run.of(CheckCall)) == 5  # after 10, 20, 40 and 60 minutes, and every hour

    def test_cancelled_with_its_caller(self) -> None:
        run = asking()
        run.apply(CancelAsked(at=1))
        assert len(run.of(CancelCall)) == 1

    def test_unless_it_is_detached(self) -> None:
        run = asking(CallPlan(flow="fraud", detached=True))
        run.apply(CancelAsked(at=1))
        assert not run.of(CancelCall)

    def test_a_fork_calls_anew(self) -> None:
        run = asking()
        run.answers("judge", error="away")
        forked = fork_state(run.state, "f" * 32, at=1)
        assert not forked.calls
        (delivery,) = forked.deliveries.values()
        assert (delivery.status, delivery.released) == ("queued", 1)

    def test_the_call_survives_a_fresh_history(self) -> None:
        run = asking()
        run.continue_as_new()
        run.answers("judge", 1)
        assert run.received("after")


class TestByAHandler:
    CALL = OpenCall(flow="fraud", run_id="c" * 32, delivery_id="")

    def run(self, *, detached: bool = False, on_failure: OnFailure = "fail") -> Driven:
        """A run whose handler is calling."""
        run = Driven(step("work", "go", on_failure=on_failure))
        (work,) = run.of(Dispatch)
        call = OpenCall(
            flow="fraud", run_id="c" * 32, delivery_id=work.delivery.id, detached=detached
        )
        run.apply(CallOpened(at=1, call=call))
        return run

    def work(self, run: Driven) -> str:
        """The delivery of the handler."""
        return run.of(Dispatch)[0].delivery.id

    def test_done_with_it(self) -> None:
        run = self.run()
        run.apply(DeliveryCompleted(at=2, delivery_id=self.work(run), result=StepResult()))
        assert run.state.outcome == "completed"
        assert not run.state.calls
        assert not run.of(CancelCall)

    def test_the_run_is_cancelled(self) -> None:
        run = self.run()
        run.apply(CancelAsked(at=2))
        assert [command.call.run_id for command in run.of(CancelCall)] == ["c" * 32]

    def test_detached(self) -> None:
        run = self.run(detached=True)
        run.apply(CancelAsked(at=2))
        assert not run.of(CancelCall)

    def test_heard_of_while_the_run_ends(self) -> None:
        run = self.run()
        run.apply(CancelAsked(at=2))
        late = OpenCall(flow="fraud", run_id="d" * 32, delivery_id=self.work(run))
        run.apply(CallOpened(at=3, call=late))
        assert [command.call.run_id for command in run.of(CancelCall)] == ["c" * 32, "d" * 32]

    def test_heard_of_when_its_handler_is_done(self) -> None:
        run = Driven(step("work", "go"), step("after", "done"))
        late = OpenCall(flow="fraud", run_id="d" * 32, delivery_id="f" * 16)
        run.apply(CallOpened(at=1, call=late))
        assert not run.state.calls
        assert not run.of(CancelCall)

    def test_the_handler_fails_for_good(self) -> None:
        run = self.run(on_failure="ignore")
        error = ErrorInfo(code="handler_error", message="no", retryable=False)
        run.apply(DeliveryFailed(at=2, delivery_id=self.work(run), error=error, attempts=1))
        assert len(run.of(CancelCall)) == 1

    def test_held_it_may_come_back_to_the_call(self) -> None:
        run = self.run(on_failure="hold")
        error = ErrorInfo(code="handler_error", message="no", retryable=False)
        run.apply(DeliveryFailed(at=2, delivery_id=self.work(run), error=error, attempts=1))
        assert not run.of(CancelCall)
        run.apply(OperatorAsked(at=3, action="skip", delivery_id=self.work(run)))
        assert len(run.of(CancelCall)) == 1

    def test_an_answer_is_noted_and_changes_nothing(self) -> None:
        run = self.run()
        error = CallError(code="cancelled", message="…")
        answer = CallAnswer(status="cancelled", error=error)
        run.apply(CallAnswered(at=2, delivery_id=self.work(run), run_id="c" * 32, answer=answer))
        assert not run.state.calls
        assert run.state.outcome is None
