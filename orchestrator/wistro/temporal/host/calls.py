"""Calls: runs of flows that somebody waits for, or asks about later."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from temporalio.client import (
    WorkflowFailureError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import (
    CancelledError,
    TerminatedError,
    WorkflowAlreadyStartedError,
)
from temporalio.service import RPCError, RPCStatusCode

from wistro.access import Identity, may_call
from wistro.contract import CallAnswer, CallError, RunRef, Trigger
from wistro.errors import EngineUnavailable, RunError, RunNotFound
from wistro.machine.answers import call_answer
from wistro.machine.state import OpenCall
from wistro.project.callables import callable_flow
from wistro.temporal import wire
from wistro.temporal.host.asking import ask, asks_again, start_and_ask
from wistro.temporal.host.connect import engine_errors
from wistro.temporal.host.scheduled_calls import CallSchedule, ScheduledCalls
from wistro.temporal.workflows.failures import run_failure
from wistro.values import check_depth

if TYPE_CHECKING:
    from wistro.temporal.host.engine import Engine

META_LIMIT = 16 * 1024
"""Bytes of client context and of response meta: they travel with every delivery of the run."""
MOST_CALLS_IN_CALLS = 16
"""How deep calls may be nested: a circle of flows that call each other ends here."""
_RPC = timedelta(seconds=10)
_SHORTEST = timedelta(milliseconds=200)
"""The shortest wait that is worth a question."""


_CANCELLED = wire.CallResponse(
    answer=CallAnswer(
        status="cancelled", error=CallError(code="cancelled", message="the run was cancelled")
    )
)


@dataclass(frozen=True, kw_only=True)
class Called:
    """A call, and its answer as far as it is known."""

    flow: str
    run_id: str
    """The id of the run, and of the call: ask again with it, as often as you like."""
    existed: bool = False
    """Whether an earlier call with the same idempotency key started it."""
    answer: CallAnswer | None = None
    response_meta: object = None
    at: datetime | None = None
    """When it begins, while that is to come."""


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who calls, and what they say about themselves."""

    by: str | None = None
    """A user, an API key's name, a system."""
    client_context: object = None
    """What handlers see of the caller: its app, its locale, anything."""
    response_meta: object = None
    """What comes back untouched with the answer, seen by nobody else."""
    traceparent: str | None = None
    parent: RunRef | None = None
    """The delivery that calls, when a run does."""
    depth: int = 0
    """How many calls in calls this one is."""


class Calls:
    """Calls flows of a project, and fetches answers."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def call(
        self,
        flow: str,
        data: object,
        *,
        caller: Caller | None = None,
        wait: timedelta | None = None,
        idempotency_key: str | None = None,
        after: timedelta | None = None,
        at: datetime | None = None,
        respond_to: wire.RespondTo | None = None,
    ) -> Called:
        """Call a flow.

        Args:
            flow: A flow with a call step, or an app.
            data: What the call step gets.
            caller: Who calls.
            wait: How long to wait for the answer; without it, the call is started and left alone.
            idempotency_key: A second call with the same key gets the first one's run and answer.
            after: Start that much later.
            at: Start at that time.
            respond_to: Who is told the answer, besides those who ask for it.

        Returns:
            The call; without an answer when there is none yet. `fetch` asks again.

        Raises:
            RunError: `not_callable`, `ambiguous_call`, `message_too_large`, `meta_too_large`,
                `call_too_deep`.
        """
        caller = caller or Caller()
        flow = callable_flow(self._engine.lock, flow)
        meta = _bounded("response_meta", caller.response_meta, flow)
        trigger = self._trigger(flow, caller)
        start = self._engine.prepare(flow, trigger, data, key=idempotency_key, meta=meta)
        start = replace(start, respond_to=respond_to)
        if after is not None or at is not None:
            at = at or datetime.now(UTC) + (after or timedelta())
            if await self._engine.begin(start, at=at):
                return await self.fetch(flow, start.run_id)
            return Called(flow=flow, run_id=start.run_id, at=at)
        if wait is None:
            existed = await self._engine.begin(start)
            return Called(flow=flow, run_id=start.run_id, existed=existed)
        return await self._ask(start, wait)

    async def schedule(
        self,
        flow: str,
        data: object,
        schedule: CallSchedule,
        *,
        caller: Caller | None = None,
        idempotency_key: str | None = None,
        respond_to: wire.RespondTo | None = None,
    ) -> Called:
        """Call a flow again and again.

        Args:
            flow: As in `call`, and so are the others.
            data: What the call step gets each time.
            schedule: When.
            caller: Who calls. Each run has a trace of its own.
            idempotency_key: A second schedule with the same key is the first one.
            respond_to: Who is told each answer.

        Returns:
            The schedule as a call that is to come: `ScheduledCalls` shows it and takes it back.

        Raises:
            RunError: as `call`, and `engine_refused` when Temporal does not take the expression.
        """
        caller = replace(caller or Caller(), traceparent=None)
        flow = callable_flow(self._engine.lock, flow)
        meta = _bounded("response_meta", caller.response_meta, flow)
        trigger = self._trigger(flow, caller)
        start = self._engine.prepare(flow, trigger, data, key=idempotency_key, meta=meta)
        scheduled = ScheduledCalls(self._engine)
        existed = await scheduled.create(
            replace(start, respond_to=respond_to), start.run_id, schedule
        )
        made = await scheduled.show(start.run_id, flow=flow)
        return Called(flow=flow, run_id=start.run_id, existed=existed, at=made.at)

    async def open(self, request: wire.CallRequest) -> None:
        """Call a flow for a delivery of a run; that run is told the answer.

        Raises:
            RunError: as `call`.
        """
        to = wire.RespondTo(target=wire.RUN_TARGET, address=asdict(request.caller), many=False)
        await self._engine.begin(replace(self._asked(request), respond_to=to))

    async def call_from(self, request: wire.CallRequest, *, wait: timedelta) -> Called:
        """Call a flow for the handler of a run, and wait for the answer.

        The called run itself tells the calling one of the call, as its first act. So there is no moment in
        which one exists without the other knowing, whoever dies; and the caller waits for one
        request to Temporal instead of two.

        Raises:
            RunError: as `call`, and `forbidden`.
            InvalidMessage: the input does not fit what the flow takes.
        """
        start = self._asked(request)
        calling = OpenCall(
            flow=start.plan.flow,
            run_id=start.run_id,
            delivery_id=request.caller.delivery_id or "",
            detached=request.detached,
        )
        start = replace(start, calling=calling)
        if wait >= _SHORTEST:
            return await self._ask(start, wait)
        existed = await self._engine.begin(start)
        return Called(flow=start.plan.flow, run_id=start.run_id, existed=existed)

    async def fetch(self, flow: str, run_id: str, *, wait: timedelta = timedelta()) -> Called:
        """The answer of an earlier call.

        Args:
            flow: The flow that was called.
            run_id: What `call` returned.
            wait: How long to wait for the answer.

        Raises:
            RunNotFound: there is no such call, or it is past its retention.
        """
        handle = self._engine.handle(flow, run_id)
        try:
            with engine_errors(flow, run_id):
                description = await handle.describe(rpc_timeout=_RPC)
        except RunNotFound:
            scheduled = await ScheduledCalls(self._engine).show(run_id, flow=flow)
            return Called(flow=flow, run_id=run_id, existed=True, at=scheduled.at)
        begins = description.execution_time
        if begins is not None and begins > datetime.now(UTC) + wait and not description.close_time:
            return Called(flow=flow, run_id=run_id, existed=True, at=begins)
        if description.close_time is not None:
            return await self._closed(flow, run_id)
        try:
            response = await ask(
                handle,
                wire.RESPONSE_UPDATE,
                wire.CallResponse,
                id=wire.RESPONSE_UPDATE,  # as in `start_and_ask`: all who wait share one update
                timeout=max(wait, _SHORTEST),
            )
        except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError):
            return Called(flow=flow, run_id=run_id, existed=True)
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:  # it has ended in the meantime
                return await self._closed(flow, run_id)
            raise
        except WorkflowUpdateFailedError as error:
            if asks_again(error):
                return await self.fetch(flow, run_id, wait=wait)
            return await self._closed(flow, run_id)
        return _called(flow, run_id, response, existed=True)

    def _asked(self, request: wire.CallRequest) -> wire.RunInput:
        """The start of a run that another one calls, which may do so."""
        engine, by = self._engine, Identity(kind="flow", id=request.caller.flow)
        flow = callable_flow(engine.lock, request.flow, app=by.app)
        if (refused := may_call(engine.lock, flow, by)) is not None:
            raise RunError(refused.message, flow=flow, code="forbidden", hint=refused.hint)
        engine.catalogue.check_input(flow, request.data)
        caller = Caller(
            by=request.by,
            client_context=request.client_context,
            traceparent=request.traceparent,
            parent=request.caller,
            depth=request.depth + 1,
        )
        start = engine.prepare(flow, self._trigger(flow, caller), request.data, key=None)
        return replace(start, run_id=request.run_id)

    async def _ask(self, start: wire.RunInput, wait: timedelta) -> Called:
        flow, run_id = start.plan.flow, start.run_id
        try:
            response = await start_and_ask(
                self._engine.client,
                start,
                wire.RESPONSE_UPDATE,
                wire.CallResponse,
                timeout=wait,
                options=self._engine.options(start),
            )
        except TimeoutError:
            await self._engine.expect_started(flow, run_id)
            return Called(flow=flow, run_id=run_id)
        except (WorkflowAlreadyStartedError, WorkflowUpdateFailedError):
            return await self._closed(flow, run_id)
        existed = response.asked_by != start.asked_by
        return _called(flow, run_id, response, existed=existed)

    async def _closed(self, flow: str, run_id: str) -> Called:
        """The answer that an ended run left."""
        try:
            with engine_errors(flow, run_id):
                result = await self._engine.handle(flow, run_id).result(rpc_timeout=_RPC)
            left = result.call
        except WorkflowFailureError as error:
            never_began = isinstance(error.cause, TerminatedError) and (
                error.cause.message == wire.NEVER_BEGAN
            )
            if never_began:
                return _called(flow, run_id, _CANCELLED, existed=True)
            cancelled = isinstance(error.cause, CancelledError)
            left = None if cancelled else run_failure(error.cause).call
            if left is None:
                left = await self._remembered(flow, run_id, cancelled=cancelled)
        if left is None:
            raise RunError(
                f"the run `{run_id}` was not called: it has no answer",
                flow=flow,
                run_id=run_id,
                code="not_a_call",
            )
        return _called(flow, run_id, left, existed=True)

    async def _remembered(
        self, flow: str, run_id: str, *, cancelled: bool
    ) -> wire.CallResponse | None:
        """A cancelled run leaves no result: its state knows whether it had answered before."""
        try:
            snapshot = await self._engine.snapshot(flow, run_id)
        except EngineUnavailable:
            answer = None
        else:
            if snapshot.trigger.kind != "call":
                return None
            answer = call_answer(snapshot.plan, snapshot.state)
        if answer is None:
            if cancelled:
                return _CANCELLED
            error = CallError(code="flow_failed", message="the run was ended from outside")
            answer = CallAnswer(status="flow_failed", error=error)
        return wire.CallResponse(answer=answer)

    def _trigger(self, flow: str, caller: Caller) -> Trigger:
        if caller.depth > MOST_CALLS_IN_CALLS:
            raise RunError(
                f"the call of `{flow}` would be call {caller.depth} within calls, the limit is"
                f" {MOST_CALLS_IN_CALLS}",
                flow=flow,
                code="call_too_deep",
                hint="look for flows that call each other in a circle",
            )
        return Trigger(
            kind="call",
            step=self._engine.entry(flow),
            parent=caller.parent,
            by=caller.by,
            client_context=_bounded("client_context", caller.client_context, flow),
            traceparent=caller.traceparent,
            depth=caller.depth,
        )


def _called(flow: str, run_id: str, response: wire.CallResponse, *, existed: bool) -> Called:
    return Called(
        flow=flow,
        run_id=run_id,
        existed=existed,
        answer=response.answer,
        response_meta=response.response_meta,
    )


def _bounded(name: str, value: object, flow: str) -> object:
    try:
        size = check_depth(value)
    except ValueError as error:
        raise RunError(
            f"`{name}` cannot be sent: {error}", flow=flow, code="message_not_json"
        ) from error
    if size > META_LIMIT:
        raise RunError(
            f"`{name}` has {size:,} bytes, the limit is {META_LIMIT:,}",
            flow=flow,
            code="meta_too_large",
            hint="send a reference, and keep the rest",
        )
    return value
