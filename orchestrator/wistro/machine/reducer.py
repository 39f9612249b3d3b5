"""The machine: events in, commands out. It decides everything that a run does next."""

from __future__ import annotations

from collections import deque
from typing import assert_never

from wistro.contract import Emission, ErrorInfo, Report, StepResult
from wistro.machine import failures, operators, tasks
from wistro.machine.commands import (
    Announce,
    AnnounceKind,
    CancelDelivery,
    Command,
    Finish,
    Respond,
)
from wistro.machine.events import (
    CallAnswered,
    CallOpened,
    CancelAsked,
    DeliveryCancelled,
    DeliveryCompleted,
    DeliveryFailed,
    Event,
    MessageArrived,
    OperatorAsked,
    PersonActed,
    RunResumed,
    RunStarted,
    SegmentCompleted,
    TaskShown,
    TimerFired,
)
from wistro.machine.handover import hand_over, retry_of
from wistro.machine.joins import Joins
from wistro.machine.outside import Happened, Outside
from wistro.machine.plan import Plan, StepPlan
from wistro.machine.routing import Expressions, child_id, deliveries_of, told_id
from wistro.machine.state import ROOT, Answer, Count, Delivery, Outcome, RunState
from wistro.machine.timers import GRACE, Timers

CANCEL_GRACE = 30.0
"""Seconds that running handlers get to stop before a run that is ending leaves them behind."""

_MAX_NOTES = 50
_MOST_RESPONSES = 1_000


class Machine:
    """Drives one run through its plan.

    A driver applies events and carries out the commands; what it needs to keep is `state`.
    """

    def __init__(self, plan: Plan, state: RunState, expressions: Expressions) -> None:
        self.plan = plan
        self.state = state
        self.draining = False
        """While set, nothing new is dispatched: the driver wants to continue as new."""
        self._expressions = expressions
        self._joins = Joins(plan, state, expressions)
        self._commands: list[Command] = []
        self._failure_messages: deque[tuple[str, Emission]] = deque()
        """Routed one after the other, as a failure may follow from a failure."""
        self._timers = Timers(state, self._commands)
        self._outside = Outside(plan, state, expressions, self._timers, self._commands)
        self._running = sum(d.status == "running" for d in state.deliveries.values())

    @property
    def running(self) -> int:
        """How many deliveries are in a worker's hands."""
        return self._running

    def apply(self, event: Event) -> list[Command]:
        """Takes one event into the state and returns what to do about it.

        Raises:
            OperationRefused: when a person asks for what `check` refuses; nothing has changed.
        """
        self.check(event)
        if self.state.outcome is None:
            self._take(event)
            self._advance(event.at)
        return self._flush()

    def release(self, at: float) -> list[Command]:
        """Dispatches again after `draining`."""
        self.draining = False
        if self.state.outcome is None:
            self._advance(at)
        return self._flush()

    def check(self, event: Event) -> None:
        """Raises `OperationRefused` when a person cannot do that now."""
        if isinstance(event, OperatorAsked):
            operators.check(self.state, event)
        elif isinstance(event, PersonActed):
            tasks.check(self.state, event)

    def _take(self, event: Event) -> None:
        match event:
            case RunStarted():
                self._start(event)
            case RunResumed():
                self._resume()
            case DeliveryCompleted():
                self._complete(event.delivery_id, event.result, event.at)
            case DeliveryFailed():
                self._fail_attempt(event.delivery_id, event.error, event.attempts, event.at)
            case SegmentCompleted():
                self._take_reports(event.reports, event.at)
            case DeliveryCancelled():
                self._cancelled(event.delivery_id, event.at)
            case OperatorAsked():
                self._repair(event)
            case MessageArrived():
                self._arrive(event)
            case PersonActed() | TaskShown() | CallOpened() | CallAnswered():
                self._happen(self._outside.take(event), event.at)
            case TimerFired():
                self._timer_fired(event)
            case CancelAsked():
                self._end("cancelled", failures.cancelled(event.reason), event.at)
            case _:
                assert_never(event)

    def _start(self, event: RunStarted) -> None:
        self.state.started_at = event.at
        timeout = self.plan.limits.timeout
        if timeout is not None:
            self._timers.set("deadline", event.at + timeout)
        trigger = event.trigger
        if trigger.step is not None:
            self._create(ROOT, self.plan.steps[trigger.step], None, event.data, None, event.at)
        else:
            emission = Emission(topic=trigger.topic or "", data=event.data)
            self._route(ROOT, (emission,), event.at, own_flow_only=True)

    def _resume(self) -> None:
        """Arms the timers again: they did not outlive the execution that set them."""
        timeout = self.plan.limits.timeout
        if timeout is not None:
            self.state.timers.setdefault("deadline", self.state.started_at + timeout)
        self._timers.rearm()

    # Deliveries

    def _create(
        self,
        id: str,
        step: StepPlan,
        topic: str | None,
        data: object,
        parent: str | None,
        at: float,
    ) -> None:
        delivery = Delivery(id=id, number=0, step=step.id, topic=topic, data=data, parent=parent)
        if not self._add(delivery, at):
            return
        if step.delay > 0:
            delivery.status = "waiting"
            self._timers.set(f"wake:{id}", at + step.delay)
        else:
            self.state.queue.append(id)

    def _add(self, delivery: Delivery, at: float) -> bool:
        """Takes a new delivery in; false when the run has reached its bound on deliveries."""
        state, limit = self.state, self.plan.limits.deliveries
        delivery.number = state.numbered = state.numbered + 1
        state.deliveries[delivery.id] = delivery
        self._count(delivery).created += 1
        state.created += 1
        if state.created <= limit:
            return True
        delivery.error = failures.too_many_deliveries(self.plan, delivery.step, state.counts)
        delivery.status = "failed"
        self._end("failed", delivery.error, at)
        return False

    def _complete(self, id: str, result: StepResult, at: float) -> None:
        delivery = self._rest(id)
        if delivery is None:
            return
        del self.state.deliveries[id]
        self._count(delivery).completed += 1
        self._outside.forget_calls(id)
        if id == ROOT:
            self.state.answer = Answer(output=result.output)
        if result.responded:
            self._respond(delivery, result.response)
        elif self._answers(delivery) and result.output is not None:
            self._respond(delivery, result.output)
        if delivery.flow is None:
            self._route(id, result.emissions, at)

    def _answers(self, delivery: Delivery) -> bool:
        """Whether what the step returns is the answer of the flow: that of its call step is."""
        step = self.plan.steps.get(delivery.step)
        return step is not None and step.kind == "call"

    def _respond(self, delivery: Delivery, response: object) -> None:
        state, many = self.state, self.plan.responses == "many"
        if state.responded and not many:
            self._note(f"step `{delivery.step}` answered again; only a run's first answer counts")
            return
        if len(state.responses) >= _MOST_RESPONSES:
            self._note(f"step `{delivery.step}` answered more than {_MOST_RESPONSES} times")
            return
        if not state.responded:
            state.responded, state.response = True, response
        if many:
            state.responses.append(response)
        self._commands.append(Respond(number=max(len(state.responses), 1), last=not many))

    def _take_reports(self, reports: tuple[Report, ...], at: float) -> None:
        for report in reports:
            delivery = self.state.deliveries.get(report.delivery_id)
            if delivery is None:
                continue
            if delivery.status == "queued":
                # A child that the segment made itself, before the machine could hand it out.
                self.state.queue.remove(delivery.id)
                delivery.status = "running"
                self._running += 1
            if report.error is not None:
                self._fail_attempt(delivery.id, report.error, delivery.attempts + 1, at)
            else:
                self._complete(delivery.id, report.result or StepResult(), at)

    def _fail_attempt(self, id: str, error: ErrorInfo, attempts: int, at: float) -> None:
        waiting = self.state.deliveries.get(id)
        if waiting is not None and waiting.status == "outside":
            self._happen(Happened(delivery=waiting, error=error), at)
            return
        delivery = self._rest(id)
        if delivery is None:
            return
        delivery.attempts, delivery.error = attempts, error
        retry = retry_of(self.plan, delivery)
        if error.retryable and error.type not in retry.terminal and attempts < retry.attempts:
            delivery.status = "waiting"
            pause = retry.delay(attempts) if error.retry_after is None else error.retry_after
            self._timers.set(f"wake:{id}", at + pause)
        else:
            self._fail(delivery, error, at)

    def _cancelled(self, id: str, at: float) -> None:
        if self.state.ending is not None:
            if (delivery := self._rest(id)) is not None:
                delivery.status = "cancelled"
        elif (delivery := self.state.deliveries.get(id)) is not None:
            # Nobody asked for it: the worker gave the delivery back.
            self._fail_attempt(id, failures.given_back(), delivery.attempts + 1, at)

    def _fail(self, delivery: Delivery, error: ErrorInfo, at: float) -> None:
        """The delivery has no attempts left: what now, its step's `on_failure` says."""
        choice, topic = failures.choice_of(self.plan, delivery)
        self._count(delivery).failed += 1
        delivery.error = error
        if choice != "hold":
            self._outside.end_calls(delivery.id)
        if delivery.id == ROOT and choice != "hold":
            self.state.answer = Answer(error=error)
        if choice == "hold":
            delivery.status = "held"
            self._announce("delivery.held", delivery)
        elif choice == "ignore":
            del self.state.deliveries[delivery.id]
            self._count(delivery).ignored += 1
            self._announce("delivery.ignored", delivery)
        elif choice == "emit" and topic is not None:
            del self.state.deliveries[delivery.id]
            emission = Emission(topic=topic, data=failures.failure_message(delivery, error))
            self._announce("delivery.failed", delivery, (emission,))
            self._failure_messages.append((delivery.id, emission))
        else:
            delivery.status = "failed"
            self._announce("delivery.failed", delivery)
            self._end("failed", error, at)

    def _rest(self, id: str) -> Delivery | None:
        """The delivery `id`, no longer in a worker's hands; None when it was not (a late report)."""
        delivery = self.state.deliveries.get(id)
        if delivery is None or delivery.status != "running":
            return None
        self._running -= 1
        return delivery

    def _repair(self, event: OperatorAsked) -> None:
        delivery = self.state.deliveries[event.delivery_id]
        self._timers.clear(f"wake:{delivery.id}")
        self._outside.close(delivery, event.at)
        if event.action == "skip":
            del self.state.deliveries[delivery.id]
            self._count(delivery).skipped += 1
            self._announce("delivery.skipped", delivery)
            self._outside.end_calls(delivery.id)
            if delivery.id == ROOT:
                self.state.answer = Answer()
        else:
            operators.release(self.state, delivery, event.data)
            self._announce("delivery.released", delivery)

    def _happen(self, found: Happened | None, at: float) -> None:
        """Something outside of the run happened to a delivery that waited for it."""
        if found is None:
            return
        delivery, parent = found.delivery, found.delivery.id
        if delivery.id not in self.state.opened:
            return  # something else has happened to it in the meantime
        if not found.through:
            self.state.shown += 1
            parent = told_id(delivery.id, self.state.shown)
            told = Announce(
                kind="delivery.told",
                delivery=delivery,
                emissions=found.emissions,
                told=self.state.shown,
            )
            self._commands.append(told)
        else:
            self._outside.close(
                delivery,
                at,
                emissions=found.emissions,
                output=found.output,
                error=found.error,
            )
            if found.error is not None:
                delivery.attempts += 1
                self._fail(delivery, found.error, at)
                return
            del self.state.deliveries[delivery.id]
            self._count(delivery).completed += 1
            self._announce("delivery.settled", delivery, found.emissions)
        self._route(parent, found.emissions, at)

    # Messages

    def _arrive(self, event: MessageArrived) -> None:
        if event.id is not None:
            for happened in self._outside.published(event.id, event.topic, event.data):
                self._happen(happened, event.at)
            return
        self.state.arrived += 1
        emission = Emission(topic=event.topic, data=event.data)
        self._route(f"{ROOT}/{self.state.arrived}", (emission,), event.at)

    def _route(
        self,
        parent: str,
        emissions: tuple[Emission, ...],
        at: float,
        *,
        own_flow_only: bool = False,
    ) -> None:
        for child in deliveries_of(self.plan, parent, emissions, self._expressions):
            if child.step.join is None:
                self._create(child.delivery_id, child.step, child.topic, child.data, parent, at)
            else:
                self._join(child.step, child.topic, child.data, parent, at)
        if own_flow_only:
            return
        for index, emission in enumerate(emissions):
            for happened in self._outside.message(emission.topic, emission.data):
                self._happen(happened, at)
            flows = self.plan.shared.get(emission.topic, ())
            if not flows and not self._received(emission.topic):
                self._note(f"nobody receives `{emission.topic}`")
            for flow in flows:
                self._link(child_id(parent, index, f"flow {flow}"), flow, emission, parent, at)

    def _received(self, topic: str) -> bool:
        return topic in self.plan.routes or topic in self.plan.awaiting

    def _link(self, id: str, flow: str, emission: Emission, parent: str, at: float) -> None:
        delivery = Delivery(
            id=id,
            number=0,
            step="",
            topic=emission.topic,
            data=emission.data,
            parent=parent,
            flow=flow,
        )
        if self._add(delivery, at):
            self.state.queue.append(id)

    def _join(self, step: StepPlan, topic: str, data: object, parent: str, at: float) -> None:
        taken = self._joins.take(step, topic, data, parent)
        if taken.note is not None:
            self._note(taken.note)
        if taken.error is not None:
            self._fail_new(step, taken.id, topic, data, parent, taken.error, at)
        elif taken.opened and step.join is not None and step.join.timeout is not None:
            self._timers.set(f"join:{taken.id}", at + step.join.timeout)
        if taken.complete:
            self._fire_join(taken.id, at, error=None)

    def _join_again(self, delivery: Delivery, at: float) -> bool:
        """A message that its join could not place goes to the join again, not past it."""
        step = self.plan.steps.get(delivery.step)
        if step is None or step.join is None or delivery.topic is None:
            return False
        del self.state.deliveries[delivery.id]
        self._count(delivery).created -= 1
        self._join(step, delivery.topic, delivery.data, delivery.parent or ROOT, at)
        return True

    def _fire_join(self, id: str, at: float, *, error: ErrorInfo | None) -> None:
        joining, delivery_id, message = self._joins.fire(id)
        self._timers.clear(f"join:{id}")
        step = self.plan.steps[joining.step]
        if error is None:
            self._create(delivery_id, step, None, message, joining.parent, at)
        else:
            self._fail_new(step, delivery_id, None, message, joining.parent, error, at)

    def _fail_new(
        self,
        step: StepPlan,
        id: str,
        topic: str | None,
        data: object,
        parent: str | None,
        error: ErrorInfo,
        at: float,
    ) -> None:
        """A delivery that fails before its first attempt, so that `on_failure` decides about it."""
        delivery = Delivery(id=id, number=0, step=step.id, topic=topic, data=data, parent=parent)
        if self._add(delivery, at):
            self._fail(delivery, error, at)

    # Timers and the end

    def _timer_fired(self, event: TimerFired) -> None:
        if self.state.ending is not None and event.timer != GRACE:
            return  # It was due while the run was ending; a fork may still need it.
        if self.state.timers.pop(event.timer, None) is None:
            return
        kind, _, id = event.timer.partition(":")
        if kind == "wake":
            delivery = self.state.deliveries[id]
            delivery.status = "queued"
            self.state.queue.append(id)
        elif kind == "join":
            self._join_overdue(id, event.at, "join_timeout")
        elif kind in ("due", "remind", "check"):
            self._happen(self._outside.due(kind, id, event.at), event.at)
        elif kind == "deadline":
            self._end("timed_out", failures.deadline_passed(self.plan.limits), event.at)
        else:
            for delivery in self.state.deliveries.values():
                if delivery.status == "running":
                    delivery.status = "cancelled"
            self._running = 0

    def _join_overdue(self, id: str, at: float, code: failures.JoinFailure) -> None:
        joining = self.state.joining[id]
        join = self.plan.steps[joining.step].join
        if join is not None and join.on_timeout == "deliver":
            self._fire_join(id, at, error=None)
            return
        error = failures.join_overdue(code, self._joins.missing(joining))
        self._fire_join(id, at, error=error)

    def _end(self, outcome: Outcome, error: ErrorInfo, at: float) -> None:
        if self.state.ending is not None:
            return
        self.state.ending, self.state.error = outcome, error
        self._outside.close_all(at)
        self._outside.end_calls()
        self._timers.stop()
        running = [d.id for d in self.state.deliveries.values() if d.status == "running"]
        self._commands.extend(CancelDelivery(delivery_id=id) for id in running)
        if running:
            self._timers.set(GRACE, at + CANCEL_GRACE)

    def _advance(self, at: float) -> None:
        """Does all that can be done now, and finishes when nothing is left to wait for."""
        while True:
            if self._failure_messages:
                parent, emission = self._failure_messages.popleft()
                self._route(parent, (emission,), at)
            elif self._may_dispatch():
                self._dispatch(at)
            elif self._idle() and (waiting := self._joins.awake()):
                # Nothing can complete this join any more: say so instead of waiting for ever.
                self._join_overdue(waiting[0], at, "join_incomplete")
            else:
                break
        if self.state.ending is not None and self._running == 0:
            self._finish(self.state.ending, at)
        elif self._idle():
            self._finish("completed", at)

    def _idle(self) -> bool:
        if self.state.deliveries or self.state.ending is not None:
            return False
        return not any(timer.startswith("join:") for timer in self.state.timers)

    def _may_dispatch(self) -> bool:
        room = self._running < self.plan.limits.in_flight and not self.draining
        return bool(self.state.queue) and room and self.state.ending is None

    def _dispatch(self, at: float) -> None:
        delivery = self.state.deliveries[self.state.queue.pop(0)]
        step = self.plan.steps.get(delivery.step)
        if step is not None and step.outside:
            self._announce("delivery.opened", delivery)
            self._happen(self._outside.open(delivery, at), at)
        elif not self._join_again(delivery, at):
            delivery.status = "running"
            self._running += 1
            self._commands.append(hand_over(self.plan, self.state, delivery))

    def _finish(self, outcome: Outcome, at: float) -> None:
        self._timers.stop()
        self.state.outcome, self.state.ended_at = outcome, at
        if self.plan.responses == "many" or not self.state.responded:
            self._commands.append(Respond(number=len(self.state.responses) + 1, last=True))
        self._commands.append(Finish())

    # Small change

    def _flush(self) -> list[Command]:
        commands = self._commands.copy()
        self._commands.clear()
        return commands

    def _count(self, delivery: Delivery) -> Count:
        return self.state.counts.setdefault(delivery.step or f"→ {delivery.flow}", Count())

    def _announce(
        self, kind: AnnounceKind, delivery: Delivery, emissions: tuple[Emission, ...] = ()
    ) -> None:
        self._commands.append(Announce(kind=kind, delivery=delivery, emissions=emissions))

    def _note(self, text: str) -> None:
        if text not in self.state.notes and len(self.state.notes) < _MAX_NOTES:
            self.state.notes.append(text)
