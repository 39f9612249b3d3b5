"""Drives the machine of one run with fakes and a fake clock, as the workflow does with Temporal."""

from __future__ import annotations

from functools import partial
from typing import Protocol

from pydantic import TypeAdapter

from wistro.contract import (
    CallAnswer,
    Emission,
    ErrorInfo,
    Invocation,
    RunRef,
    StepResult,
    Trigger,
)
from wistro.machine.answers import told_answer
from wistro.machine.commands import (
    Announce,
    CancelCall,
    CancelDelivery,
    ClearTimer,
    Command,
    Dispatch,
    Finish,
    Respond,
    SetTimer,
    ShowTask,
    ShowWait,
    StartCall,
    StartRun,
)
from wistro.machine.events import (
    CallAnswered,
    CancelAsked,
    DeliveryCancelled,
    DeliveryCompleted,
    DeliveryFailed,
    Event,
    RunResumed,
    SegmentCompleted,
    TaskShown,
    TimerFired,
)
from wistro.machine.plan import Plan
from wistro.machine.reducer import Machine
from wistro.machine.state import Delivery, RunState
from wistro.testing.called import FlowAsked, Told
from wistro.testing.records import Records
from wistro.testing.work import Surroundings, Work

_STATE = TypeAdapter(RunState)


class World(Surroundings, Protocol):
    """What a run needs of the test around it."""

    def link(self, command: StartRun, parent: RunRef, trigger: Trigger) -> ErrorInfo | None:
        """Starts the linked run of a shared message, unless it is there already."""
        ...

    def call(self, asked: FlowAsked) -> ErrorInfo | None:
        """Makes a call; says why it cannot be made."""
        ...

    def cancel_call(self, flow: str, run_id: str) -> None:
        """Ends a call that nobody waits for any more."""
        ...

    def waits(self, command: ShowWait, run: RunDriver) -> None:
        """A run begins to wait for a message, or does so no more."""
        ...


class RunDriver:
    """One run: its machine, what its handlers are doing, and a record of what they did."""

    def __init__(self, plan: Plan, state: RunState, trigger: Trigger, world: World) -> None:
        self.machine = Machine(plan, state, world.expressions)
        self.trigger = trigger
        self.records = Records(plan)
        self.emissions: list[Emission] = []
        """Every message that was emitted, in order."""
        self.told: list[CallAnswer] = []
        """Every answer that those who called were told, in order."""
        self.callers: list[Told] = []
        """Who is told them: the runs that called this one."""
        self._world = world
        self._work: dict[str, Work] = {}

    @property
    def plan(self) -> Plan:
        """The plan that the run carries."""
        return self.machine.plan

    @property
    def state(self) -> RunState:
        """The state of the run."""
        return self.machine.state

    @property
    def time(self) -> float:
        """The time on the fake clock."""
        return self._world.clock.time

    def apply(self, event: Event) -> None:
        """Hands an event to the machine and carries out what it wants."""
        self._record(event)
        for command in self.machine.apply(event):
            self._carry_out(command)

    def drain(self) -> None:
        """Dispatches nothing new until `continue_as_new` or `release`."""
        self.machine.draining = True

    def release(self) -> None:
        """Dispatches again after `drain`."""
        for command in self.machine.release(self._world.clock.time):
            self._carry_out(command)

    def continue_as_new(self) -> None:
        """Goes on in a new machine with a state that went through JSON."""
        for timer in self.state.timers:
            self._world.clock.clear((self, timer))
        state = _STATE.validate_json(_STATE.dump_json(self.state))
        self.machine = Machine(self.plan, state, self._world.expressions)
        self.apply(RunResumed(at=self._world.clock.time))

    def cancel(self, reason: str) -> None:
        """Asks the run to end."""
        self.apply(CancelAsked(at=self._world.clock.time, reason=reason))

    def _carry_out(self, command: Command) -> None:
        world = self._world
        match command:
            case Dispatch():
                self._dispatch(command)
            case StartRun():
                world.soon(partial(self._link, command))
            case CancelDelivery():
                if (work := self._work.get(command.delivery_id)) is not None:
                    work.cancel()
            case SetTimer():
                world.clock.set((self, command.timer), command.at, partial(self._fire, command))
            case ClearTimer():
                world.clock.clear((self, command.timer))
            case Announce():
                self._announced(command)
            case Finish():
                for work in self._work.values():
                    work.leave()
            case _:
                self._reach_outside(command)

    def _reach_outside(self, command: Command) -> None:
        """What the run does outside of itself."""
        world = self._world
        match command:
            case StartCall():
                world.soon(partial(self._call, command))
            case CancelCall():
                world.cancel_call(command.call.flow, command.call.run_id)
            case ShowTask(opened=True):
                world.soon(partial(self._shown, command))
            case ShowWait():
                world.waits(command, self)
            case Respond():
                self._tell(command)
            case _:
                pass

    def _announced(self, command: Announce) -> None:
        at = self._world.clock.time
        self.records.announced(command, at)
        self.emissions.extend(command.emissions)
        if command.kind == "delivery.settled":
            settled = next(s for s in reversed(self.state.settled) if s.id == command.delivery.id)
            result = StepResult(output=settled.output, emissions=command.emissions)
            self.records.completed(settled.id, result, at)

    async def _call(self, command: StartCall) -> None:
        delivery = command.delivery
        caller = RunRef(flow=self.plan.flow, run_id=self.state.run_id, delivery_id=delivery.id)
        error = self._world.call(
            FlowAsked(
                flow=command.flow,
                run_id=command.run_id,
                data=delivery.data,
                caller=caller,
                trigger=self.trigger,
                client_context=self.trigger.client_context,
                told=partial(self._called, delivery.id, command.run_id),
            )
        )
        if error is not None:
            at, attempts = self._world.clock.time, delivery.attempts + 1
            self.apply(
                DeliveryFailed(at=at, delivery_id=delivery.id, error=error, attempts=attempts)
            )

    def _called(self, delivery_id: str, run_id: str, answer: CallAnswer) -> None:
        at = self._world.clock.time
        self.apply(CallAnswered(at=at, delivery_id=delivery_id, run_id=run_id, answer=answer))

    async def _shown(self, command: ShowTask) -> None:
        self.apply(TaskShown(at=self._world.clock.time, delivery_id=command.delivery.id, links=[]))

    def _tell(self, command: Respond) -> None:
        answer = told_answer(self.plan, self.state, command)
        if answer is not None:
            self.told.append(answer)
            for told in self.callers:
                told(answer)

    def _dispatch(self, command: Dispatch) -> None:
        id = command.delivery.id
        work = self._work[id] = Work(
            command,
            self._invocation(command.delivery),
            plan=self.plan,
            around=self._world,
            began=self.records.began,
            ended=partial(self._ended, id),
        )
        self._world.soon(work.begin)

    def _ended(self, id: str, event: Event) -> None:
        self._work.pop(id, None)
        self.apply(event)

    async def _link(self, command: StartRun) -> None:
        delivery, at = command.delivery, self._world.clock.time
        self.records.linking(delivery, at)
        parent = RunRef(flow=self.plan.flow, run_id=self.state.run_id, delivery_id=delivery.id)
        error = self._world.link(command, parent, self.trigger)
        if error is None:
            self.apply(DeliveryCompleted(at=at, delivery_id=delivery.id, result=StepResult()))
        else:
            attempts = delivery.attempts + 1
            self.apply(
                DeliveryFailed(at=at, delivery_id=delivery.id, error=error, attempts=attempts)
            )

    def _fire(self, command: SetTimer) -> None:
        self.apply(TimerFired(at=self._world.clock.time, timer=command.timer))

    def _invocation(self, delivery: Delivery) -> Invocation:
        revision = f":r{delivery.revision}" if delivery.revision else ""
        return Invocation(
            project=self.plan.project,
            flow=self.plan.flow,
            run_id=self.state.run_id,
            build=self.plan.build,
            step=delivery.step,
            delivery_id=delivery.id,
            idempotency_key=f"{delivery.origin or self.state.run_id}:{delivery.id}{revision}",
            trigger=self.trigger,
            topic=delivery.topic,
            data=delivery.data,
            attempt=delivery.attempts,
            released=delivery.released,
        )

    # What happened, for the test to ask

    def _record(self, event: Event) -> None:
        """Keeps the results that the machine is about to accept."""
        match event:
            case DeliveryCompleted() if self._running(event.delivery_id):
                self.records.completed(event.delivery_id, event.result, event.at)
                self.emissions.extend(event.result.emissions)
            case DeliveryFailed() if self._running(event.delivery_id):
                self.records.failed(event.delivery_id, event.error, event.at)
            case DeliveryCancelled() if self._running(event.delivery_id):
                self.records.cancelled(event.delivery_id, event.at)
            case SegmentCompleted() if self._running(event.reports[0].delivery_id):
                for report in event.reports:
                    self.records.reported(report)
                    if report.result is not None:
                        self.emissions.extend(report.result.emissions)
            case _:
                pass

    def _running(self, id: str) -> bool:
        delivery = self.state.deliveries.get(id)
        return delivery is not None and delivery.status == "running"
