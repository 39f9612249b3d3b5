"""What a run does outside of itself: it tells people and other runs, calls flows, and answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import asdict
from datetime import timedelta
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, WorkflowAlreadyStartedError
from temporalio.workflow import ParentClosePolicy

from wistro.contract import CallAnswer, RunRef, Trigger
from wistro.machine.answers import told_answer
from wistro.machine.commands import (
    CancelCall,
    CheckCall,
    Command,
    Respond,
    ShowTask,
    ShowWait,
    StartCall,
)
from wistro.machine.events import CallAnswered, CancelAsked, DeliveryFailed, Event, TaskShown
from wistro.machine.reducer import Machine
from wistro.machine.state import Delivery, OpenCall
from wistro.temporal import wire
from wistro.temporal.workflows.failures import error_info

T = TypeVar("T")

_PATIENT = RetryPolicy(
    initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=60)
)
_ATTEMPT = timedelta(seconds=30)


class Errands:
    """Carries out the commands of a machine that reach beyond its run.

    The run does not end, and does not go on in a fresh history, before all of them are done: each is
    retried until whoever it concerns has it.
    """

    def __init__(
        self,
        machine: Machine,
        trigger: Trigger,
        start: wire.RunInput,
        apply: Callable[[Event], None],
    ) -> None:
        self._machine = machine
        self._trigger = trigger
        self._start = start
        self._apply = apply
        self._under_way: set[asyncio.Task[None]] = set()
        self._showing: dict[str, asyncio.Lock] = {}

    @property
    def done(self) -> bool:
        """Whether nothing is under way."""
        return not self._under_way

    def begin(self) -> None:
        """Does what a new run has to do before all else."""
        if self._start.calling is not None:
            self._begin(self._report(self._start.calling))

    def run(self, command: Command) -> None:
        """Begins to carry out a command."""
        match command:
            case ShowTask():
                self._begin(self._show_task(command))
            case ShowWait():
                self._begin(self._show_wait(command))
            case StartCall():
                self._begin(self._call(command))
            case CheckCall():
                self._begin(self._check(command))
            case CancelCall():
                self._begin(self._cancel(command))
            case Respond() if self._start.respond_to is not None:
                self._begin(self._respond(command, self._start.respond_to))
            case _:
                pass

    def _begin(self, errand: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(errand)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    # People and messages

    async def _show_task(self, command: ShowTask) -> None:
        delivery = command.delivery
        shown = wire.TaskShown(
            flow=self._machine.plan.flow,
            run_id=self._machine.state.run_id,
            delivery_id=delivery.id,
            step=delivery.step,
            revision=command.revision,
            opened=command.opened,
            task=command.task,
            request=delivery.data if command.opened else None,
        )
        found = await self._ask(wire.SHOW_TASK_ACTIVITY, shown, wire.TaskLinks, delivery)
        if command.opened:
            now = workflow.time()
            self._apply(TaskShown(at=now, delivery_id=delivery.id, links=found.links))

    async def _show_wait(self, command: ShowWait) -> None:
        delivery = command.delivery
        # One after the other: a wait that is shown after it was closed would stay open for ever.
        async with self._showing.setdefault(delivery.id, asyncio.Lock()):
            await self._ask(wire.SHOW_WAIT_ACTIVITY, self._wait(command), None, delivery)

    def _wait(self, command: ShowWait) -> wire.WaitShown:
        delivery = command.delivery
        awaits = self._machine.plan.steps[delivery.step].awaits
        assert awaits is not None
        return wire.WaitShown(
            flow=self._machine.plan.flow,
            run_id=self._machine.state.run_id,
            delivery_id=delivery.id,
            step=delivery.step,
            topic=awaits.topic,
            where=awaits.where,
            request=None if command.closed else delivery.data,
            opening=command.opening,
            closed=command.closed,
        )

    # Calls

    async def _call(self, command: StartCall) -> None:
        delivery = command.delivery
        request = wire.CallRequest(
            flow=command.flow,
            run_id=command.run_id,
            data=delivery.data,
            caller=RunRef(
                flow=self._machine.plan.flow,
                run_id=self._machine.state.run_id,
                delivery_id=delivery.id,
            ),
            depth=self._trigger.depth,
            by=self._trigger.by,
            client_context=self._trigger.client_context,
            traceparent=self._trigger.traceparent,
        )
        try:
            await self._ask(wire.CALL_ACTIVITY, request, None, delivery)
        except ActivityError as error:
            self._apply(
                DeliveryFailed(
                    at=workflow.time(),
                    delivery_id=delivery.id,
                    error=error_info(error),
                    attempts=delivery.attempts + 1,
                )
            )

    async def _report(self, call: OpenCall) -> None:
        """Tells the run whose handler called of this one, so that it ends with it.

        The called run says so itself: whoever started it may have died right after that.
        """
        caller = self._trigger.parent
        assert caller is not None
        id = wire.workflow_id(caller.flow, caller.run_id)
        try:
            await workflow.get_external_workflow_handle(id).signal(wire.CALLING_SIGNAL, call)
        except ApplicationError:
            if not call.detached:
                reason = "the run that called is over"
                self._apply(CancelAsked(at=workflow.time(), reason=reason))

    async def _check(self, command: CheckCall) -> None:
        call = command.call
        caller = RunRef(flow=call.flow, run_id=call.run_id, delivery_id=call.delivery_id)
        answer = await workflow.execute_activity(
            wire.CHECK_CALL_ACTIVITY,
            caller,
            result_type=wire.CallResponse | None,  # pyright: ignore[reportArgumentType] - a union
            start_to_close_timeout=_ATTEMPT,
            retry_policy=_PATIENT,
        )
        if isinstance(answer, wire.CallResponse):
            now = workflow.time()
            self._apply(
                CallAnswered(
                    at=now,
                    delivery_id=call.delivery_id,
                    run_id=call.run_id,
                    answer=answer.answer,
                )
            )

    async def _cancel(self, command: CancelCall) -> None:
        id = wire.workflow_id(command.call.flow, command.call.run_id)
        with suppress(ApplicationError):  # it has ended already, or never began
            await workflow.get_external_workflow_handle(id).cancel()

    # Answers

    async def _respond(self, command: Respond, to: wire.RespondTo) -> None:
        machine, start = self._machine, self._start
        flow, run_id = machine.plan.flow, machine.state.run_id
        answer = told_answer(machine.plan, machine.state, command, many=to.many)
        if answer is None:
            return
        if to.target == wire.RUN_TARGET:
            await self._reply(answer, to)
            return
        single = machine.plan.responses == "one" or not to.many
        name = "answer" if single else f"answer.{command.number}"
        delivery = wire.AnswerDelivery(
            id=f"{run_id}.{name}",
            flow=flow,
            run_id=run_id,
            number=1 if single else command.number,
            last=command.last,
            answer=answer,
            response_meta=start.response_meta,
            respond_to=to,
            client_context=self._trigger.client_context,
            by=self._trigger.by,
            answered_at=workflow.time(),
            traceparent=self._trigger.traceparent,
        )
        with suppress(WorkflowAlreadyStartedError):  # it is on its way
            await workflow.start_child_workflow(
                wire.ANSWER_WORKFLOW,
                args=[delivery, None],
                id=f"{wire.workflow_id(flow, run_id)}/{name}",
                parent_close_policy=ParentClosePolicy.ABANDON,
                static_summary=f"answer to {to.target}",
            )

    async def _reply(self, answer: CallAnswer, to: wire.RespondTo) -> None:
        """Tells another run: the delivery that called, or whoever waits there for a topic."""
        run_id, where = self._machine.state.run_id, to.address
        caller = workflow.get_external_workflow_handle(
            wire.workflow_id(str(where.get("flow")), str(where.get("run_id")))
        )
        if "topic" in where:
            told = {"flow": self._machine.plan.flow, "call_id": run_id, **asdict(answer)}
            told["response_meta"] = self._start.response_meta
            signal, reply = wire.MESSAGE_SIGNAL, wire.Message(topic=str(where["topic"]), data=told)
        else:
            delivery_id = str(where.get("delivery_id"))
            signal = wire.CALLED_SIGNAL
            reply = wire.CallReply(delivery_id=delivery_id, run_id=run_id, answer=answer)
        with suppress(ApplicationError):  # the run that called has ended: nobody waits any more
            await caller.signal(signal, reply)

    async def _ask(
        self, activity: str, question: object, answer: type[T] | None, delivery: Delivery
    ) -> T:
        """Runs a built-in activity until it has worked."""
        return await workflow.execute_activity(
            activity,
            question,
            result_type=answer,
            start_to_close_timeout=_ATTEMPT,
            retry_policy=_PATIENT,
            summary=self._machine.plan.steps[delivery.step].name[:200],
        )
