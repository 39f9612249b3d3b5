"""Deliveries that wait for something outside of the run: a person, a message, or another flow."""

from __future__ import annotations

from dataclasses import dataclass

from wistro.contract import CallAnswer, Emission, ErrorInfo
from wistro.machine import tasks
from wistro.machine.commands import (
    Announce,
    AnnounceKind,
    CancelCall,
    CheckCall,
    Command,
    ShowTask,
    ShowWait,
    StartCall,
)
from wistro.machine.events import CallAnswered, CallOpened, PersonActed, TaskShown
from wistro.machine.plan import Plan, StepPlan
from wistro.machine.routing import Expressions, accepts, called_run_id
from wistro.machine.state import Delivery, OpenCall, RunState, Settled, Task
from wistro.machine.timers import Timers

FIRST_CHECK = 600.0
LONGEST_CHECK = 3600.0
"""Seconds between two looks at a call that says nothing."""

_MOST_EARLY = 100
_MOST_HAD = 100
_MOST_SETTLED = 500
_DONE: dict[str, AnnounceKind] = {
    "answer": "task.answered",
    "comment": "task.commented",
    "attach": "task.attached",
    "reassign": "task.reassigned",
}
"""What people do to tasks, as it is announced."""


@dataclass(frozen=True, kw_only=True)
class Happened:
    """What came from outside for a delivery: it is through (or failed), or only tells something."""

    delivery: Delivery
    emissions: tuple[Emission, ...] = ()
    output: object = None
    error: ErrorInfo | None = None
    through: bool = True


class Outside:
    """What the deliveries of one run wait for outside of it; it lives in the run's state."""

    def __init__(
        self,
        plan: Plan,
        state: RunState,
        expressions: Expressions,
        timers: Timers,
        commands: list[Command],
    ) -> None:
        self._plan = plan
        self._state = state
        self._expressions = expressions
        self._timers = timers
        self._commands = commands

    def open(self, delivery: Delivery, at: float) -> Happened | None:
        """Begins to wait; says so at once when what it waits for has come before."""
        step = self._plan.steps[delivery.step]
        delivery.status = "outside"
        self._state.opened[delivery.id] = at
        if step.task is not None:
            self._open_task(step, delivery, at)
        elif step.awaits is not None:
            return self._open_wait(step, delivery, at)
        elif step.calls is not None:
            self._open_call(step, delivery, at)
        return None

    def close(
        self,
        delivery: Delivery,
        at: float,
        *,
        emissions: tuple[Emission, ...] = (),
        output: object = None,
        error: ErrorInfo | None = None,
    ) -> None:
        """Stops waiting: whoever was asked is told that nothing is needed any more."""
        opened = self._state.opened.pop(delivery.id, None)
        if opened is None:
            return
        step = self._plan.steps[delivery.step]
        for timer in [t for t in self._state.timers if t.split(":")[1:2] == [delivery.id]]:
            self._timers.clear(timer)
        task = self._state.tasks.pop(delivery.id, None)
        if task is not None:
            self._commands.append(self._shows(delivery, None))
        if step.awaits is not None:
            self._commands.append(self._shows_wait(delivery, closed=True))
        self.end_calls(delivery.id)
        self._state.settled.append(
            Settled(
                id=delivery.id,
                number=delivery.number,
                step=delivery.step,
                topic=delivery.topic,
                parent=delivery.parent,
                data=delivery.data,
                opened_at=opened,
                closed_at=at,
                error=error,
                topics=tuple(emission.topic for emission in emissions),
                output=output,
                task=task,
            )
        )
        del self._state.settled[:-_MOST_SETTLED]

    def close_all(self, at: float) -> None:
        """The run ends: nobody outside need do anything for it any more."""
        for id in list(self._state.opened):
            delivery = self._state.deliveries[id]
            self.close(delivery, at)
            delivery.status = "cancelled"

    def take(self, event: PersonActed | TaskShown | CallOpened | CallAnswered) -> Happened | None:
        """Takes in what came from outside."""
        match event:
            case PersonActed():
                return self._act(event)
            case TaskShown():
                return self._shown(event)
            case CallOpened():
                self._opened(event.call)
                return None
            case CallAnswered():
                return self._answered(event)

    # People

    def _act(self, event: PersonActed) -> Happened | None:
        """What a person did about a task, which `tasks.check` allows."""
        delivery = self._state.deliveries[event.delivery_id]
        step, task = self._plan.steps[delivery.step], self._state.tasks[delivery.id]
        if step.task is None:
            return None
        decision = tasks.act(task, step.task, event, self._expressions)
        done = Announce(kind=_DONE[event.action], delivery=delivery, by=event.by)
        self._commands.append(done)
        if decision is None:
            self._show(delivery)
            return None
        message = tasks.message_of(task, decision, delivery.data)
        return Happened(delivery=delivery, emissions=self._emissions(step, message), output=message)

    def _shown(self, event: TaskShown) -> Happened | None:
        """The task is in the inbox: whoever notifies people hears of it, with links that answer it."""
        task = self._state.tasks.get(event.delivery_id)
        delivery = self._state.deliveries.get(event.delivery_id)
        if task is None or delivery is None:
            return None
        plan = self._plan.steps[delivery.step].task
        return self._notice(delivery, plan and plan.opened_topic, links=event.links)

    # Messages

    def message(self, topic: str, data: object) -> list[Happened]:
        """The deliveries that waited for this message. One that a step will wait for is kept."""
        steps = self._plan.awaiting.get(topic, ())
        found = [
            self._came(step, delivery, data)
            for step in steps
            for id in self._state.opened
            if (delivery := self._state.deliveries[id]).step == step.id
            and self._fits(step, data, delivery)
        ]
        if steps and not found and len(self._state.early) < _MOST_EARLY:
            self._state.early.append((topic, data))
        return found

    def published(self, id: str, topic: str, data: object) -> list[Happened]:
        """As `message`; one that the run has had is nothing new."""
        if id in self._state.had:
            return []
        self._state.had.append(id)
        del self._state.had[:-_MOST_HAD]
        return self.message(topic, data)

    # Calls

    def _opened(self, call: OpenCall) -> None:
        """A handler has called; by now its delivery may be done, or the run about to end."""
        if call.delivery_id in self._state.deliveries:
            self._state.calls[call.run_id] = call
        if self._state.ending is not None:
            self.end_calls()

    def _answered(self, event: CallAnswered) -> Happened | None:
        """A call has its answer, or will never have one."""
        run_id, answer = event.run_id, event.answer
        call = self._state.calls.pop(run_id, None)
        delivery = self._state.deliveries.get(event.delivery_id)
        if call is None or delivery is None or delivery.status != "outside":
            return None
        if answer.status != "answered":
            return Happened(delivery=delivery, error=_call_failed(call, answer))
        step = self._plan.steps[delivery.step]
        message = {"request": delivery.data, "answer": answer.data, "call": run_id}
        return Happened(delivery=delivery, emissions=self._emissions(step, message), output=message)

    def end_calls(self, delivery_id: str | None = None) -> None:
        """Cancels the open calls of a delivery, or of the whole run, but for the detached ones."""
        for call in list(self._state.calls.values()):
            if delivery_id in (None, call.delivery_id):
                del self._state.calls[call.run_id]
                if not call.detached:
                    self._commands.append(CancelCall(call=call))

    def forget_calls(self, delivery_id: str) -> None:
        """The delivery is done: what it called is done too, or nobody's business any more."""
        for call in [c for c in self._state.calls.values() if c.delivery_id == delivery_id]:
            del self._state.calls[call.run_id]

    # Time

    def due(self, kind: str, rest: str, at: float) -> Happened | None:
        """A timer of a delivery that waits for something outside."""
        id, _, more = rest.partition(":")
        delivery = self._state.deliveries[id]
        step = self._plan.steps[delivery.step]
        if kind == "check":
            self._check(id, float(more), at)
        elif kind == "remind" and step.task is not None:
            return self._notice(delivery, step.task.reminder_topic, reminder=int(more) + 1)
        elif kind == "due":
            return self._overdue(step, delivery)
        return None

    def _overdue(self, step: StepPlan, delivery: Delivery) -> Happened | None:
        if step.task is None:
            return Happened(delivery=delivery, error=_too_late(step))
        task = self._state.tasks[delivery.id]
        task.escalated = True
        told = self._notice(delivery, step.task.escalation_topic)
        if not step.task.close:
            self._show(delivery)
            return told
        if told is not None:  # the escalation takes the answer's place
            return Happened(delivery=delivery, emissions=told.emissions)
        return Happened(delivery=delivery, error=_too_late(step))

    # Small change

    def _open_task(self, step: StepPlan, delivery: Delivery, at: float) -> None:
        assert step.task is not None
        task = tasks.open_task(step.task, at)
        self._state.tasks[delivery.id] = task
        for index, seconds in enumerate(step.task.reminders):
            self._timers.set(f"remind:{delivery.id}:{index}", at + seconds)
        if task.due_at is not None:
            self._timers.set(f"due:{delivery.id}", task.due_at)
        self._show(delivery, opened=True)

    def _open_wait(self, step: StepPlan, delivery: Delivery, at: float) -> Happened | None:
        assert step.awaits is not None
        for index, (topic, data) in enumerate(self._state.early):
            if topic == step.awaits.topic and self._fits(step, data, delivery):
                del self._state.early[index]
                return self._came(step, delivery, data)
        if step.awaits.timeout is not None:
            self._timers.set(f"due:{delivery.id}", at + step.awaits.timeout)
        self._commands.append(self._shows_wait(delivery))
        return None

    def _open_call(self, step: StepPlan, delivery: Delivery, at: float) -> None:
        assert step.calls is not None
        origin = delivery.origin or self._state.run_id
        run_id = called_run_id(origin, delivery)
        self._state.calls[run_id] = OpenCall(
            flow=step.calls.flow,
            run_id=run_id,
            delivery_id=delivery.id,
            detached=step.calls.detached,
        )
        if step.calls.timeout is not None:
            self._timers.set(f"due:{delivery.id}", at + step.calls.timeout)
        self._timers.set(f"check:{delivery.id}:{FIRST_CHECK:g}", at + FIRST_CHECK)
        self._commands.append(StartCall(delivery=delivery, flow=step.calls.flow, run_id=run_id))

    def _check(self, delivery_id: str, waited: float, at: float) -> None:
        for call in self._state.calls.values():
            if call.delivery_id == delivery_id:
                self._commands.append(CheckCall(call=call))
        pause = min(waited * 2, LONGEST_CHECK)
        self._timers.set(f"check:{delivery_id}:{pause:g}", at + pause)

    def _shows_wait(self, delivery: Delivery, *, closed: bool = False) -> ShowWait:
        return ShowWait(delivery=delivery, opening=delivery.released, closed=closed)

    def _show(self, delivery: Delivery, *, opened: bool = False) -> None:
        task = self._state.tasks[delivery.id]
        self._commands.append(self._shows(delivery, task, opened=opened))

    def _shows(self, delivery: Delivery, task: Task | None, *, opened: bool = False) -> ShowTask:
        self._state.shown += 1
        return ShowTask(delivery=delivery, task=task, revision=self._state.shown, opened=opened)

    def _notice(self, delivery: Delivery, topic: str | None, **more: object) -> Happened | None:
        if topic is None:
            return None
        task = self._state.tasks[delivery.id]
        emission = Emission(topic=topic, data=tasks.notice_of(task, delivery.data, **more))
        return Happened(delivery=delivery, emissions=(emission,), through=False)

    def _fits(self, step: StepPlan, data: object, delivery: Delivery) -> bool:
        return step.awaits is not None and accepts(
            self._expressions, step.awaits.where, data, delivery.data
        )

    def _came(self, step: StepPlan, delivery: Delivery, data: object) -> Happened:
        message = {"request": delivery.data, "answer": data}
        return Happened(delivery=delivery, emissions=self._emissions(step, message), output=message)

    def _emissions(self, step: StepPlan, message: dict[str, object]) -> tuple[Emission, ...]:
        return tuple(
            Emission(topic=outcome.topic, data=message)
            for outcome in step.outcomes
            if accepts(self._expressions, outcome.where, message)
        )


def _too_late(step: StepPlan) -> ErrorInfo:
    what = "nobody answered" if step.task else "nothing came" if step.awaits else "no answer came"
    return ErrorInfo(code="timeout", message=f"{what} in time", type="Timeout", retryable=False)


def _call_failed(call: OpenCall, answer: CallAnswer) -> ErrorInfo:
    error = answer.error
    return ErrorInfo(
        code=error.code if error else answer.status,
        message=f"the call of `{call.flow}` has no answer: {error.message if error else answer.status}",
        type="CallFailed",
        details={"flow": call.flow, "run_id": call.run_id, "status": answer.status},
        retryable=False,
    )
