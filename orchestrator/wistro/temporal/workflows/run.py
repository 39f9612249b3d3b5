"""The workflow of a run: a thin, deterministic driver of the machine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

from temporalio import workflow
from temporalio.common import RawValue, RetryPolicy, SearchAttributeUpdate
from temporalio.exceptions import ApplicationError

from wistro.contract import (
    Invocation,
    RunRef,
    Segment,
    SegmentResult,
    StepResult,
    Trigger,
)
from wistro.expressions import CelExpressions
from wistro.machine.answers import call_answer
from wistro.machine.commands import (
    Announce,
    CancelDelivery,
    ClearTimer,
    Command,
    Dispatch,
    Finish,
    SetTimer,
    StartRun,
)
from wistro.machine.events import (
    KEEP,
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
    TimerFired,
)
from wistro.machine.operators import OperationRefused
from wistro.machine.plan import StepPlan
from wistro.machine.reducer import Machine
from wistro.machine.state import Answer, Delivery, OpenCall, RunState
from wistro.machine.waiting import waiting
from wistro.temporal import wire
from wistro.temporal.workflows.errands import Errands
from wistro.temporal.workflows.failures import error_info, was_cancelled
from wistro.temporal.workflows.progress import Progress, publish
from wistro.temporal.workflows.results import Result, read_result

DRAIN_PATIENCE = timedelta(seconds=5)
"""How long nothing new is dispatched in the hope that what runs comes to rest."""

HISTORY_LIMIT = 40_000
"""Events from which a run waits for rest however long it takes; Temporal ends a run at 51,200."""

SEGMENT_TIMEOUT = timedelta(minutes=15)


@workflow.defn(dynamic=True, sandboxed=False)
class RunWorkflow:
    """One run of any flow. Its type in Temporal is the flow's id; the plan comes with its input.

    It runs outside the SDK's sandbox: it calls nothing but the machine, which is pure.
    """

    def __init__(self) -> None:
        self._machine: Machine | None = None
        self._trigger = Trigger(kind="operator")
        self._work: dict[str, asyncio.Future[RawValue]] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._errands: Errands | None = None
        self._response_meta: object = None
        self._respond_to: wire.RespondTo | None = None
        self._asked_by = ""
        self._caller: str | None = None
        """The trace context of what triggered the run; what the run does is below its own."""
        self._leaving = False
        """Set once the run goes on in a fresh history: whoever waits has to ask there."""
        self._drain_at = 0

    @workflow.run
    async def run(self, args: Sequence[RawValue]) -> wire.RunResult:
        """Drives the run until it ends, or goes on in a fresh history."""
        start: wire.RunInput = workflow.payload_converter().from_payload(
            args[0].payload, wire.RunInput
        )
        run_id = start.run_id or wire.parse_workflow_id(workflow.info().workflow_id)[1]
        self._trigger, self._response_meta = start.trigger, start.response_meta
        self._respond_to, self._asked_by = start.respond_to, start.asked_by
        self._caller = start.trigger.traceparent
        self._trigger = replace(
            start.trigger, traceparent=wire.run_trace(run_id, start.trigger.traceparent)
        )
        self._drain_at = start.plan.limits.history_events
        state = start.state or RunState(run_id=run_id)
        machine = self._machine = Machine(start.plan, state, CelExpressions())
        self._errands = Errands(machine, self._trigger, start, self._apply)
        now = workflow.time()
        if workflow.info().continued_run_id is None:  # a fork has a state, and is a run that starts
            self._tell("run.started", message=_origin(start.trigger))
        if start.state is None:
            self._errands.begin()
            self._apply(RunStarted(at=now, trigger=start.trigger, data=start.data))
        else:
            self._apply(RunResumed(at=now))
        while state.outcome is None:
            try:
                await workflow.wait_condition(self._needs_attention)
                if state.outcome is None:
                    await self._drain(start)
            except asyncio.CancelledError:
                reason = workflow.cancellation_reason() or ""
                self._apply(CancelAsked(at=workflow.time(), reason=reason))
        await workflow.wait_condition(self._all_done)
        return self._result(machine)

    @workflow.update(name=wire.ANSWER_UPDATE)
    async def answer(self) -> wire.Answered:
        """Waits for the delivery to the triggered step; answers with its output or error."""
        await self._wait_until(self._answered)
        state = self._state()
        answer = state.answer or Answer(error=state.error)
        return wire.Answered(answer=answer, asked_by=self._asked_by)

    @workflow.update(name=wire.RESPONSE_UPDATE)
    async def response(self) -> wire.CallResponse:
        """Waits for the answer of a called run, or for its end without one."""
        await self._wait_until(lambda: self._call_response() is not None)
        response = self._call_response()
        assert response is not None
        return response

    @workflow.update(name=wire.RESPONSES_UPDATE)
    async def responses(self, seen: int) -> wire.Responses:
        """Waits for answers beyond the first `seen`, or for the end."""
        await self._wait_until(
            lambda: (
                self._machine is not None
                and (len(self._given()) > seen or self._state().outcome is not None)
            )
        )
        one = self._running_machine().plan.responses == "one"
        end = None if self._state().outcome is None and not one else self._call_response()
        return wire.Responses(answers=self._given()[seen:], end=end)

    @workflow.update(name=wire.TASK_UPDATE)
    async def task(self, action: wire.TaskAction) -> None:
        """Takes what a person does about a task."""
        await workflow.wait_condition(lambda: self._machine is not None)
        self._apply_asked(_person_acted(action))

    @task.validator
    def check_task(self, action: wire.TaskAction) -> None:
        """Refuses before anything is written to the history."""
        self._check(_person_acted(action))

    @workflow.update(name=wire.OPERATE_UPDATE)
    async def operate(self, operation: wire.Operation) -> None:
        """Repairs a delivery for an operator."""
        await workflow.wait_condition(lambda: self._machine is not None)
        self._apply_asked(_operator_asked(operation))

    @operate.validator
    def check_operation(self, operation: wire.Operation) -> None:
        """Refuses before anything is written to the history."""
        self._check(_operator_asked(operation))

    @workflow.signal(name=wire.MESSAGE_SIGNAL)
    async def message(self, message: wire.Message) -> None:
        """Takes a message from outside."""
        await workflow.wait_condition(lambda: self._machine is not None)
        self._apply(MessageArrived(at=workflow.time(), **vars(message)))

    @workflow.signal(name=wire.CALLING_SIGNAL)
    async def calling(self, call: OpenCall) -> None:
        """Takes note of a call that a handler makes."""
        await workflow.wait_condition(lambda: self._machine is not None)
        self._apply(CallOpened(at=workflow.time(), call=call))

    @workflow.signal(name=wire.CALLED_SIGNAL)
    async def called(self, reply: wire.CallReply) -> None:
        """Takes the answer to a call."""
        await workflow.wait_condition(lambda: self._machine is not None)
        self._apply(CallAnswered(at=workflow.time(), **vars(reply)))

    @workflow.query(name=wire.SNAPSHOT_QUERY)
    def snapshot(self) -> wire.Snapshot:
        """Plan and state, and in a sentence what the run waits for."""
        machine = self._machine
        if machine is None:
            raise ApplicationError("the run has not begun yet", type="not_begun")
        why = waiting(machine.plan, machine.state)
        return wire.Snapshot(
            plan=machine.plan,
            trigger=self._trigger,
            state=machine.state,
            waiting_for=why.kind,
            why_waiting=why.sentence,
        )

    async def _wait_until(self, ready: Callable[[], bool]) -> None:
        """Waits for what an update asks for; a caller may wait, or be gone, for as long as it takes."""
        await workflow.wait_condition(lambda: self._leaving or ready())
        if not ready():
            raise ApplicationError("the run goes on in a fresh history", type=wire.ASK_AGAIN)

    # Driving the machine

    def _apply(self, event: Event) -> None:
        machine = self._machine
        if machine is None:
            return
        for command in machine.apply(event):
            self._carry_out(command)

    def _apply_asked(self, event: Event) -> None:
        """Applies what a person asked for, who is told when it is refused."""
        self._check(event)
        self._apply(event)

    def _check(self, event: Event) -> None:
        if self._machine is None:
            return  # it is about to begin, and looks again then
        try:
            self._machine.check(event)
        except OperationRefused as refused:
            raise ApplicationError(str(refused), type=refused.code) from refused

    def _carry_out(self, command: Command) -> None:
        match command:
            case Dispatch(inline=True):
                self._dispatch_segment(command)
            case Dispatch():
                self._dispatch(command)
            case StartRun():
                self._start_linked(command)
            case CancelDelivery():
                if (work := self._work.get(command.delivery_id)) is not None:
                    work.cancel()
            case SetTimer():
                self._set_timer(command.timer, command.at)
            case ClearTimer():
                if (timer := self._timers.pop(command.timer, None)) is not None:
                    timer.cancel()
            case Announce():
                self._announce(command)
            case Finish():
                pass
            case _:
                assert self._errands is not None
                self._errands.run(command)

    def _dispatch(self, command: Dispatch) -> None:
        delivery, step = command.delivery, self._step(command.delivery)
        handle: workflow.ActivityHandle[RawValue] = workflow.start_activity(
            step.id,
            self._invocation(delivery),
            result_type=RawValue,
            task_queue=None if step.queue == workflow.info().task_queue else step.queue,
            activity_id=_activity_id(delivery),
            start_to_close_timeout=timedelta(seconds=step.timeout),
            heartbeat_timeout=timedelta(seconds=step.heartbeat),
            retry_policy=RetryPolicy(
                initial_interval=timedelta(
                    seconds=max(step.retry.delay(delivery.attempts + 1), 0.001)
                ),
                backoff_coefficient=step.retry.factor,
                maximum_interval=timedelta(seconds=max(step.retry.max_delay, 0.001)),
                maximum_attempts=command.attempts_left,
                non_retryable_error_types=list(step.retry.terminal),
            ),
            summary=_summary(step, delivery),
        )
        self._follow(delivery.id, handle, StepResult, delivery.attempts + command.attempts_left)

    def _dispatch_segment(self, command: Dispatch) -> None:
        machine, delivery, step = (
            self._running_machine(),
            command.delivery,
            self._step(command.delivery),
        )
        handle: workflow.ActivityHandle[RawValue] = workflow.start_local_activity(
            step.id,
            self._invocation(delivery, Segment(plan=machine.plan, budget=command.budget)),
            result_type=RawValue,
            activity_id=_activity_id(delivery),
            start_to_close_timeout=max(SEGMENT_TIMEOUT, timedelta(seconds=step.timeout)),
            retry_policy=RetryPolicy(maximum_attempts=1),
            summary=_summary(step, delivery),
        )
        self._follow(delivery.id, handle, SegmentResult, delivery.attempts + 1)

    def _start_linked(self, command: StartRun) -> None:
        delivery = command.delivery
        handle: workflow.ActivityHandle[RawValue] = workflow.start_activity(
            wire.LINK_ACTIVITY,
            wire.LinkRequest(
                flow=command.flow,
                run_id=command.run_id,
                topic=delivery.topic or "",
                data=delivery.data,
                parent=RunRef(
                    flow=self._running_machine().plan.flow,
                    run_id=self._state().run_id,
                    delivery_id=delivery.id,
                ),
                client_context=self._trigger.client_context,
                traceparent=self._trigger.traceparent,
            ),
            result_type=RawValue,
            activity_id=_activity_id(delivery),
            start_to_close_timeout=timedelta(seconds=30),
            retry_policy=RetryPolicy(
                initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=60)
            ),
            summary=f"{delivery.topic} → {command.flow}",
        )
        self._follow(delivery.id, handle, StepResult, delivery.attempts + 1)

    def _follow(
        self,
        id: str,
        work: asyncio.Future[RawValue],
        of: type[Result],
        attempts: int,
    ) -> None:
        self._work[id] = work
        work.add_done_callback(partial(self._ended, id, of, attempts))

    def _ended(
        self,
        id: str,
        of: type[Result],
        attempts: int,
        work: asyncio.Future[RawValue],
    ) -> None:
        del self._work[id]
        now = workflow.time()
        error = None if work.cancelled() else work.exception()
        if work.cancelled() or (error is not None and was_cancelled(error)):
            self._apply(DeliveryCancelled(at=now, delivery_id=id))
            return
        result = (
            read_result(work.result(), of, workflow.payload_converter())
            if error is None
            else error_info(error)
        )
        match result:
            case SegmentResult():
                self._apply(SegmentCompleted(at=now, reports=result.reports))
            case StepResult():
                self._apply(DeliveryCompleted(at=now, delivery_id=id, result=result))
            case _:
                failed = DeliveryFailed(at=now, delivery_id=id, error=result, attempts=attempts)
                self._apply(failed)

    def _invocation(self, delivery: Delivery, segment: Segment | None = None) -> Invocation:
        plan, state = self._running_machine().plan, self._state()
        revision = f":r{delivery.revision}" if delivery.revision else ""
        return Invocation(
            project=plan.project,
            flow=plan.flow,
            run_id=state.run_id,
            build=plan.build,
            step=delivery.step,
            delivery_id=delivery.id,
            idempotency_key=f"{delivery.origin or state.run_id}:{delivery.id}{revision}",
            trigger=self._trigger,
            topic=delivery.topic,
            data=delivery.data,
            attempt=delivery.attempts,
            released=delivery.released,
            segment=segment,
        )

    # Timers

    def _set_timer(self, timer: str, at: float) -> None:
        if (earlier := self._timers.pop(timer, None)) is not None:
            earlier.cancel()
        delay = max(at - workflow.time(), 0.0)
        self._timers[timer] = asyncio.get_running_loop().call_later(delay, self._fire, timer)

    def _fire(self, timer: str) -> None:
        self._timers.pop(timer, None)
        self._apply(TimerFired(at=workflow.time(), timer=timer))

    # Going on in a fresh history, and the end

    def _needs_attention(self) -> bool:
        machine = self._running_machine()
        return machine.state.outcome is not None or self._history_full()

    def _history_full(self) -> bool:
        info = workflow.info()
        full = info.get_current_history_length() >= self._drain_at
        suggested = info.is_continue_as_new_suggested() and self._drain_at <= HISTORY_LIMIT
        return self._state().ending is None and (
            full or (suggested and info.get_current_history_length() > self._drain_at)
        )

    async def _drain(self, start: wire.RunInput) -> None:
        """Continues as new once nothing is in a worker's hands, or gives up for a while."""
        machine = self._running_machine()
        length = workflow.info().get_current_history_length()
        patience = None if length >= HISTORY_LIMIT else DRAIN_PATIENCE
        machine.draining = True
        try:
            await workflow.wait_condition(
                lambda: self._at_rest(machine) or machine.state.outcome is not None,
                timeout=patience,
            )
        except TimeoutError:
            self._drain_at = length + start.plan.limits.history_events
        if machine.state.outcome is None and self._at_rest(machine):
            self._leaving = True
            await workflow.wait_condition(workflow.all_handlers_finished)
            workflow.continue_as_new(
                wire.RunInput(
                    run_id=machine.state.run_id,
                    plan=start.plan,
                    trigger=self._trigger,
                    state=machine.state,
                    response_meta=self._response_meta,
                    respond_to=self._respond_to,
                    asked_by=self._asked_by,
                )
            )
        for command in machine.release(workflow.time()):
            self._carry_out(command)

    def _result(self, machine: Machine) -> wire.RunResult:
        state = machine.state
        seconds = (state.ended_at or 0.0) - state.started_at
        error = state.error
        self._tell(f"run.{state.outcome}", message=error.message if error else "", seconds=seconds)
        if state.outcome == "completed":
            return wire.RunResult(
                outcome="completed",
                answer=state.answer,
                response=state.response,
                responded=state.responded,
                deliveries=state.created,
                call=self._call_left(),
            )
        if state.outcome == "cancelled":
            raise asyncio.CancelledError
        if state.outcome == "timed_out":
            _set_status(wire.STATUS_ATTRIBUTE.value_set("timed_out"))
        if error is None:
            raise ApplicationError("the run failed", type="run_failed", non_retryable=True)
        raise ApplicationError(
            error.message,
            wire.RunFailure(
                error=error,
                outcome=state.outcome or "failed",
                answer=state.answer,
                call=self._call_left(),
            ),
            type=error.code,
            non_retryable=True,
        )

    def _at_rest(self, machine: Machine) -> bool:
        return machine.running == 0 and (self._errands is None or self._errands.done)

    def _all_done(self) -> bool:
        """Whether nobody waits for an answer of this run, and everybody outside has been told."""
        return workflow.all_handlers_finished() and self._at_rest(self._running_machine())

    def _given(self) -> list[object]:
        """The answers given so far."""
        state = self._state()
        return state.responses or ([state.response] if state.responded else [])

    def _call_response(self) -> wire.CallResponse | None:
        machine = self._machine
        answer = None if machine is None else call_answer(machine.plan, machine.state)
        if answer is None:
            return None
        return wire.CallResponse(
            answer=answer, response_meta=self._response_meta, asked_by=self._asked_by
        )

    def _call_left(self) -> wire.CallResponse | None:
        """What stays with a called run for callers that ask later."""
        return self._call_response() if self._trigger.kind == "call" else None

    # Small change

    def _announce(self, command: Announce) -> None:
        state, delivery = self._state(), command.delivery
        reason = delivery.error.message if delivery.error is not None else ""
        emitted = tuple(emission.topic for emission in command.emissions)
        self._tell(
            command.kind,
            delivery=delivery,
            message=command.by or reason,
            emitted=emitted,
            told=command.told,
        )
        if command.kind in ("delivery.held", "delivery.released", "delivery.skipped"):
            held = any(d.status == "held" for d in state.deliveries.values())
            status = wire.STATUS_ATTRIBUTE
            update = status.value_set("held") if held else status.value_unset()
            _set_status(update)

    def _tell(
        self,
        kind: str,
        *,
        delivery: Delivery | None = None,
        message: str = "",
        emitted: tuple[str, ...] = (),
        told: int = 0,
        seconds: float | None = None,
    ) -> None:
        machine = self._running_machine()
        publish(
            Progress(
                at=workflow.time(),
                flow=machine.plan.flow,
                run_id=machine.state.run_id,
                kind=kind,
                delivery_id=delivery.id if delivery else None,
                step=delivery.step if delivery else None,
                message=message,
                emitted=emitted,
                told=told,
                seconds=seconds,
                version=machine.plan.build,
                traceparent=self._trigger.traceparent,
                caller=self._caller,
            )
        )

    def _answered(self) -> bool:
        machine = self._machine
        return machine is not None and (
            machine.state.answer is not None or machine.state.outcome is not None
        )

    def _running_machine(self) -> Machine:
        if self._machine is None:
            raise RuntimeError("the run has not begun")
        return self._machine

    def _state(self) -> RunState:
        return self._running_machine().state

    def _step(self, delivery: Delivery) -> StepPlan:
        return self._running_machine().plan.steps[delivery.step]


def _person_acted(action: wire.TaskAction) -> PersonActed:
    return PersonActed(at=workflow.time(), **vars(action))


def _operator_asked(operation: wire.Operation) -> OperatorAsked:
    return OperatorAsked(
        at=workflow.time(),
        action=operation.action,
        delivery_id=operation.delivery_id,
        data=operation.data if operation.edited else KEEP,
        by=operation.by,
    )


def _set_status(update: SearchAttributeUpdate[str]) -> None:
    workflow.upsert_search_attributes([update])  # pyright: ignore[reportUnknownMemberType] - a bare generic in the SDK


def _activity_id(delivery: Delivery) -> str:
    """The delivery's id; dispatched again by the machine it gets a suffix, as ids are used once."""
    again = delivery.attempts + delivery.revision
    return delivery.id if not again else f"{delivery.id}.{again}"


def _summary(step: StepPlan, delivery: Delivery) -> str:
    text = step.name if delivery.topic is None else f"{step.name} ← {delivery.topic}"
    return text[:200]


def _origin(trigger: Trigger) -> str:
    return f"{trigger.kind}:{trigger.step or trigger.topic or ''}"
