"""Runs with steps that wait for something outside, driven by hand."""

from __future__ import annotations

from typing import TypeVar

from pydantic import TypeAdapter

from tests.machine.plans import ONCE, plan
from wistro.contract import CallAnswer, CallError, StepResult, Trigger
from wistro.expressions import CelExpressions
from wistro.machine.commands import Command, Dispatch
from wistro.machine.events import (
    CallAnswered,
    DeliveryCompleted,
    Event,
    MessageArrived,
    PersonActed,
    RunResumed,
    RunStarted,
    TimerFired,
)
from wistro.machine.plan import (
    AwaitPlan,
    CallPlan,
    OnFailure,
    OutcomePlan,
    StepPlan,
    SubscriptionPlan,
    TaskPlan,
)
from wistro.machine.reducer import Machine
from wistro.machine.state import Delivery, RunState

CommandT = TypeVar("CommandT")
_STATE = TypeAdapter(RunState)


def outside(
    id: str,
    *on: str,
    task: TaskPlan | None = None,
    awaits: AwaitPlan | None = None,
    calls: CallPlan | None = None,
    emits: tuple[str | OutcomePlan, ...] = (),
    on_failure: OnFailure = "fail",
    failure_topic: str | None = None,
) -> StepPlan:
    """A step without a handler that something outside answers."""
    outcomes = tuple(OutcomePlan(topic=e) if isinstance(e, str) else e for e in emits)
    return StepPlan(
        id=id,
        name=id.replace("_", " ").capitalize(),
        kind="noop",
        queue="shop.runs",
        subscribes=tuple(SubscriptionPlan(topic=topic) for topic in on),
        emits=tuple(outcome.topic for outcome in outcomes),
        retry=ONCE,
        on_failure=on_failure,
        failure_topic=failure_topic,
        task=task,
        awaits=awaits,
        calls=calls,
        outcomes=outcomes,
    )


class Driven:
    """One run, and every command that its machine gave."""

    def __init__(self, *steps: StepPlan, topic: str = "go", data: object = None) -> None:
        self.now = 0.0
        self.plan = plan(*steps)
        self.machine = Machine(self.plan, RunState(run_id="r" * 32), CelExpressions())
        self.commands: list[Command] = []
        self.apply(RunStarted(at=0, trigger=Trigger(kind="event", topic=topic), data=data))

    @property
    def state(self) -> RunState:
        """The state of the run."""
        return self.machine.state

    def apply(self, event: Event) -> list[Command]:
        """An event happens."""
        commands = self.machine.apply(event)
        self.commands += commands
        return commands

    def of(self, kind: type[CommandT]) -> list[CommandT]:
        """The commands of a kind so far."""
        return [command for command in self.commands if isinstance(command, kind)]

    def waits(self, step: str) -> Delivery:
        """The delivery to `step` that waits for something outside."""
        (found,) = (
            d for d in self.state.deliveries.values() if d.step == step and d.status == "outside"
        )
        return found

    def acts(self, step: str, action: str = "answer", by: str = "ada", **what: object) -> None:
        """A person does something about a task."""
        event = PersonActed(
            at=self.now,
            delivery_id=self.waits(step).id,
            action=action,  # type: ignore[arg-type]  # one of its literals
            by=by,
            **what,  # type: ignore[arg-type]  # by their names
        )
        self.apply(event)

    def sends(self, topic: str, data: object = None) -> None:
        """A message comes from outside."""
        self.apply(MessageArrived(at=self.now, topic=topic, data=data))

    def answers(self, step: str, data: object = None, *, error: str | None = None) -> None:
        """A called flow answers."""
        delivery = self.waits(step)
        (call,) = (c for c in self.state.calls.values() if c.delivery_id == delivery.id)
        answer = CallAnswer(status="answered", data=data)
        if error is not None:
            answer = CallAnswer(
                status="flow_failed", error=CallError(code=error, message="it went wrong")
            )
        self.apply(
            CallAnswered(at=self.now, delivery_id=delivery.id, run_id=call.run_id, answer=answer)
        )

    def passes(self, seconds: float) -> None:
        """Time passes, and the timers that are due fire."""
        until = self.now + seconds
        while due := [(at, timer) for timer, at in self.state.timers.items() if at <= until]:
            self.now, timer = min(due)
            self.apply(TimerFired(at=self.now, timer=timer))
        self.now = until

    def received(self, step: str) -> list[object]:
        """What `step` was handed, in order; its handler does nothing."""
        found = [d for d in self.of(Dispatch) if d.delivery.step == step]
        for dispatch in found:
            if dispatch.delivery.id in self.state.deliveries:
                done = DeliveryCompleted(
                    at=self.now, delivery_id=dispatch.delivery.id, result=StepResult()
                )
                self.apply(done)
        return [dispatch.delivery.data for dispatch in found]

    def continue_as_new(self) -> None:
        """The run goes on from its state as it looks in storage."""
        state = _STATE.validate_json(_STATE.dump_json(self.state))
        self.machine = Machine(self.plan, state, CelExpressions())
        self.apply(RunResumed(at=self.now))
