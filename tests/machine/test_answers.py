"""What the caller of a flow gets, for every way in which a run may go."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.machine.plans import flow, plan, step
from wistro.contract import CallAnswer, CallError, ErrorInfo, StepResult, Trigger
from wistro.expressions import CelExpressions
from wistro.machine.answers import call_answer, told_answer
from wistro.machine.commands import Respond
from wistro.machine.events import CancelAsked, DeliveryCancelled, DeliveryCompleted, RunStarted
from wistro.machine.reducer import Machine
from wistro.machine.state import Count, Outcome, RunState

PLAN = plan()


def test_nothing_while_it_runs() -> None:
    assert call_answer(PLAN, RunState(run_id="r")) is None


@pytest.mark.parametrize("outcome", [None, "completed", "failed", "cancelled", "timed_out"])
def test_an_answer_stands_whatever_comes_after_it(outcome: Outcome | None) -> None:
    state = RunState(run_id="r", responded=True, response={"total": 3}, outcome=outcome)
    assert call_answer(PLAN, state) == CallAnswer(status="answered", data={"total": 3})


def test_none_may_be_the_answer() -> None:
    assert call_answer(PLAN, RunState(run_id="r", responded=True)) == CallAnswer(status="answered")


def test_a_run_that_ends_without_one_tells_which_way_it_went() -> None:
    counts = {"ask": Count(created=1), "check": Count(created=2)}
    answer = call_answer(PLAN, RunState(run_id="r", outcome="completed", counts=counts))
    assert answer == CallAnswer(
        status="response_not_reached",
        error=CallError(code="response_not_reached", message="the run ended without an answer"),
        path=("ask", "check"),
    )


@pytest.mark.parametrize(
    ("outcome", "status"),
    [("failed", "flow_failed"), ("cancelled", "cancelled"), ("timed_out", "timeout")],
)
def test_errors_tell_a_stranger_nothing_of_their_own(outcome: Outcome, status: str) -> None:
    secret = ErrorInfo(code="KeyError", message="no row for ada@example.com", stack="…")
    answer = call_answer(PLAN, RunState(run_id="r", outcome=outcome, error=secret))
    assert answer
    assert answer.status == status
    assert "ada" not in repr(answer)


@pytest.mark.parametrize("details", [None, {"status": 200}, {"status": "402"}, {"hint": "no"}])
def test_an_error_that_was_not_meant_for_the_caller(details: object) -> None:
    error = ErrorInfo(code="declined", message="no", retryable=False, details=details)
    answer = call_answer(PLAN, RunState(run_id="r", outcome="failed", error=error))
    assert answer
    assert answer.error == CallError(code="flow_failed", message="the flow failed")


def test_an_error_that_was() -> None:
    error = ErrorInfo(
        code="declined", message="the card was declined", retryable=False, details={"status": 402}
    )
    answer = call_answer(PLAN, RunState(run_id="r", outcome="failed", error=error))
    assert answer
    assert answer.error == CallError(
        code="declined", message="the card was declined", http_status=402
    )


async def test_what_a_call_step_returns_is_the_answer() -> None:
    project = flow(step("quote", kind="call"), step("plain"))
    project.fake("quote", output={"price": 12})
    project.fake("plain", output={"price": 13})
    called = await project.trigger("quote", {})
    assert call_answer(PLAN, called.state) == CallAnswer(status="answered", data={"price": 12})
    other = await project.trigger("plain", {})
    assert other.state.responded is False


async def test_a_call_step_that_returns_nothing_leaves_the_answer_to_others() -> None:
    project = flow(step("quote", kind="call", emits=("asked",)), step("price", "asked"))
    project.fake("quote", emits=[("asked", 1)])
    project.fake("price", response=0)
    called = await project.trigger("quote", {})
    assert call_answer(PLAN, called.state) == CallAnswer(status="answered", data=0)


class TestSeveral:
    """Flows that answer several times."""

    PLAN = replace(
        plan(step("stream", "go"), step("more", "go")),
        responses="many",
    )

    def machine(self) -> Machine:
        """A run with two steps at work."""
        machine = Machine(self.PLAN, RunState(run_id="r"), CelExpressions())
        machine.apply(RunStarted(at=0, trigger=Trigger(kind="event", topic="go"), data=None))
        return machine

    def responds(self, machine: Machine, number: int, data: object) -> list[Respond]:
        """The delivery with that number completes with an answer."""
        delivery = next(d for d in machine.state.deliveries.values() if d.number == number)
        result = StepResult(response=data, responded=True)
        commands = machine.apply(DeliveryCompleted(at=1, delivery_id=delivery.id, result=result))
        return [command for command in commands if isinstance(command, Respond)]

    def test_each_is_told_and_then_the_end(self) -> None:
        machine = self.machine()
        assert self.responds(machine, 1, "a") == [Respond(number=1, last=False)]
        assert call_answer(self.PLAN, machine.state) is None
        told = self.responds(machine, 2, "b")
        assert told == [Respond(number=2, last=False), Respond(number=3, last=True)]
        assert [told_answer(self.PLAN, machine.state, each) for each in told] == [
            CallAnswer(status="answered", data="b"),
            CallAnswer(status="ended"),
        ]

    def test_whoever_waits_gets_them_all(self) -> None:
        machine = self.machine()
        self.responds(machine, 1, "a")
        self.responds(machine, 2, None)
        assert call_answer(self.PLAN, machine.state) == CallAnswer(
            status="answered", data=["a", None]
        )
        assert not machine.state.notes

    def test_a_failure_is_told_instead_of_the_end(self) -> None:
        machine = self.machine()
        self.responds(machine, 1, "a")
        commands = machine.apply(CancelAsked(at=2))
        delivery = next(iter(machine.state.deliveries.values()))
        commands += machine.apply(DeliveryCancelled(at=2, delivery_id=delivery.id))
        (told,) = (command for command in commands if isinstance(command, Respond))
        answer = told_answer(self.PLAN, machine.state, told)
        assert answer is not None
        assert answer.status == "cancelled"

    def test_one_answer_is_told_once(self) -> None:
        one = replace(self.PLAN, responses="one")
        machine = Machine(one, RunState(run_id="r"), CelExpressions())
        machine.apply(RunStarted(at=0, trigger=Trigger(kind="event", topic="go"), data=None))
        (told,) = self.responds(machine, 1, "a")
        assert told_answer(one, machine.state, told) == CallAnswer(status="answered", data="a")
        assert self.responds(machine, 2, "b") == []
        assert machine.state.notes
