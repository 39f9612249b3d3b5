"""The engine: everything that triggers, people and the command line do to runs."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.client import (
    Client,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowUpdateFailedError,
)
from temporalio.common import (
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError

from wistro.contract import ErrorInfo, StepResult, Trigger
from wistro.errors import AnswerPending, EngineUnavailable, RunError, RunNotFound
from wistro.machine.events import KEEP as UNCHANGED
from wistro.machine.state import Answer as RunAnswer
from wistro.project.lock import Lock
from wistro.runs import RunDetail, RunPage
from wistro.temporal import wire
from wistro.temporal.host.asking import start_and_ask
from wistro.temporal.host.callers import caller_memo
from wistro.temporal.host.catalogue import Catalogue
from wistro.temporal.host.connect import engine_errors
from wistro.temporal.host.forking import Past, begin_fork, read_past
from wistro.temporal.host.history import read_run
from wistro.temporal.host.listing import RunFilter, list_runs
from wistro.temporal.host.scheduled_calls import ScheduledCalls
from wistro.temporal.host.schedules import ScheduleChanges, sync_schedules
from wistro.temporal.workflows.failures import error_info, run_failure
from wistro.values import check_depth
from wistro_codec import Keys, keyed_digest

__all__ = ["UNCHANGED", "Answer", "Engine", "Started"]

_RPC = timedelta(seconds=10)


@dataclass(frozen=True, kw_only=True)
class Started:
    """A run that was started; `existed` when an earlier request with the same key had."""

    flow: str
    run_id: str
    existed: bool = False


@dataclass(frozen=True, kw_only=True)
class Answer:
    """How the delivery to the triggered step ended: exactly one of `result` and `error` is given."""

    flow: str
    run_id: str
    existed: bool = False
    result: StepResult | None = None
    error: ErrorInfo | None = None


class Engine:
    """Starts, watches and repairs the runs of one project.

    Raises (any operation): `EngineUnavailable` when Temporal is away.
    """

    def __init__(self, client: Client, lock: Lock, keys: Keys) -> None:
        self.client = client
        self.lock = lock
        self._keys = keys
        self._catalogue = Catalogue.of(lock)

    @property
    def catalogue(self) -> Catalogue:
        """The flows that can be started."""
        return self._catalogue

    def reload(self, lock: Lock) -> None:
        """Starts runs by another lock from now on; those that run keep their plan."""
        self._catalogue = Catalogue.of(lock)
        self.lock = lock

    # Starting

    async def start(
        self,
        flow: str,
        trigger: Trigger,
        data: object,
        *,
        run_id: str | None = None,
        idempotency_key: str | None = None,
        after: timedelta | None = None,
        at: datetime | None = None,
    ) -> Started:
        """Starts a run; it exists durably when this returns.

        Args:
            flow: The flow.
            trigger: Its `step` gets the data, or the subscribers of its `topic`.
            data: A JSON value.
            run_id: 32 hex digits; random when not given.
            idempotency_key: A second start with the same key finds the first one's run.
            after: Start that much later.
            at: Start at that time.

        Raises:
            RunError: `flow_not_found`, `step_not_found`, `message_too_large`.
        """
        run_id, repeatable = self._choose_id(flow, trigger, run_id, idempotency_key)
        existed = await self.begin(self._input(flow, run_id, trigger, data), after=after, at=at)
        if existed and not repeatable:
            raise RunError(
                f"the run `{run_id}` exists already", flow=flow, run_id=run_id, code="run_exists"
            )
        return Started(flow=flow, run_id=run_id, existed=existed)

    async def request(
        self,
        flow: str,
        trigger: Trigger,
        data: object,
        *,
        timeout: timedelta,
        idempotency_key: str | None = None,
    ) -> Answer:
        """Starts a run and waits for the delivery to the triggered step.

        Raises:
            AnswerPending: the run goes on, its answer did not come within `timeout`.
            RunError: as for `start`.
        """
        run_id, _ = self._choose_id(flow, trigger, None, idempotency_key)
        start = self._input(flow, run_id, trigger, data)
        try:
            found = await start_and_ask(
                self.client,
                start,
                wire.ANSWER_UPDATE,
                wire.Answered,
                timeout=timeout,
                options=self.options(start),
            )
        except TimeoutError as late:
            await self.expect_started(flow, run_id)
            raise self._pending(flow, run_id, timeout) from late
        except WorkflowAlreadyStartedError:
            answer = await self._answer_of_closed(flow, run_id)
            return _answer(flow, run_id, answer, existed=True)
        except WorkflowUpdateFailedError as error:
            return Answer(flow=flow, run_id=run_id, error=error_info(error.cause))
        return _answer(flow, run_id, found.answer, existed=found.asked_by != start.asked_by)

    async def publish(
        self,
        topic: str,
        data: object,
        *,
        by: str | None = None,
        traceparent: str | None = None,
        client_context: object = None,
        idempotency_key: str | None = None,
        after: timedelta | None = None,
        at: datetime | None = None,
    ) -> list[Started]:
        """Starts a run in every flow that subscribes to the topic; none when nobody does."""
        trigger = Trigger(
            kind="event",
            topic=topic,
            by=by,
            traceparent=traceparent,
            client_context=client_context,
        )
        starts = [
            self.start(flow, trigger, data, idempotency_key=idempotency_key, after=after, at=at)
            for flow in self._catalogue.receivers.get(topic, ())
        ]
        return list(await asyncio.gather(*starts))

    async def link(self, request: wire.LinkRequest, trigger: Trigger) -> None:
        """Starts the run that a shared message asks for, unless it was started before."""
        start = self._input(request.flow, request.run_id, trigger, request.data)
        await self._start(start, None)

    # Repairing

    async def cancel(self, flow: str, run_id: str, *, by: str | None = None) -> None:
        """Asks a run to end; its running handlers are told."""
        with engine_errors(flow, run_id):
            handle = self.handle(flow, run_id)
            description = await handle.describe(rpc_timeout=_RPC)
            if description.status is not WorkflowExecutionStatus.RUNNING:
                raise _ended(flow, run_id)
            if description.execution_time and description.execution_time > datetime.now(UTC):
                # It has nothing to tidy up, and would hear of a request only once it begins.
                await handle.terminate(reason=wire.NEVER_BEGAN, rpc_timeout=_RPC)
            else:
                reason = f"cancelled by {by}" if by else ""
                await handle.cancel(reason=reason, rpc_timeout=_RPC)

    async def retry(
        self,
        flow: str,
        run_id: str,
        delivery_id: str,
        *,
        data: object = UNCHANGED,
        by: str | None = None,
    ) -> Started:
        """Makes a held delivery again in its run, or a failed one of an ended run in a fork of it."""
        if await self._is_running(flow, run_id):
            await self.release(flow, run_id, delivery_id, data=data, by=by)
            return Started(flow=flow, run_id=run_id, existed=True)
        past = await read_past(self, flow, run_id)
        return await self._fork(past, delivery_id, data, alone=False, by=by)

    async def release(
        self,
        flow: str,
        run_id: str,
        delivery_id: str,
        *,
        data: object = UNCHANGED,
        by: str | None = None,
    ) -> None:
        """Makes a held delivery again in its run, and nowhere else."""
        edited = data is not UNCHANGED
        operation = wire.Operation(
            action="retry",
            delivery_id=delivery_id,
            edited=edited,
            data=data if edited else None,
            by=by,
        )
        await self._operate(flow, run_id, operation)

    async def skip(
        self, flow: str, run_id: str, delivery_id: str, *, by: str | None = None
    ) -> None:
        """Goes on without a held delivery."""
        operation = wire.Operation(action="skip", delivery_id=delivery_id, by=by)
        await self._operate(flow, run_id, operation)

    async def fork(
        self,
        flow: str,
        run_id: str,
        *,
        delivery_id: str | None = None,
        data: object = UNCHANGED,
        by: str | None = None,
    ) -> Started:
        """Starts a run that makes one delivery of another again, and what follows from it.

        Without a `delivery_id`, it goes on from where the other, which has ended, failed.

        Raises:
            RunError: `fork_refused`.
        """
        return await self._fork(
            await read_past(self, flow, run_id), delivery_id, data, alone=True, by=by
        )

    async def _fork(
        self, past: Past, delivery_id: str | None, data: object, *, alone: bool, by: str | None
    ) -> Started:
        if data is not UNCHANGED:
            self.check_message(past.flow, data, flow=past.flow)
        start = begin_fork(self, past, delivery_id=delivery_id, data=data, alone=alone, by=by)
        await self._start(start, None)
        return Started(flow=past.flow, run_id=start.run_id)

    # Looking

    async def snapshot(self, flow: str, run_id: str) -> wire.Snapshot:
        """A run as its workflow knows it; a worker must be there to answer.

        Raises:
            EngineUnavailable: when no worker answers.
        """
        with engine_errors(flow, run_id):
            return await self.handle(flow, run_id).query(
                wire.SNAPSHOT_QUERY, result_type=wire.Snapshot, rpc_timeout=_RPC
            )

    async def list_runs(
        self,
        *,
        flow: str | None = None,
        status: str | None = None,
        trigger: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> RunPage:
        """Runs: those that run first, then the latest that ended."""
        wanted = RunFilter(
            project=self._catalogue.project,
            flows=(flow,) if flow else (),
            statuses=(status,) if status else (),
            trigger=trigger,
            since=since,
            until=until,
        )
        with engine_errors(flow):
            return await list_runs(self.client, wanted, limit=limit, cursor=cursor)

    async def show(self, run_id: str, flow: str | None = None) -> RunDetail:
        """A run with every delivery, read from its history.

        Raises:
            RunNotFound: when there is none.
        """
        with engine_errors(flow, run_id):
            flows = [flow] if flow is not None else list(self._catalogue.plans)
            return await read_run(self.client, flows, run_id)

    async def sync_schedules(self) -> ScheduleChanges:
        """Makes Temporal's schedules those of the lock's cron steps, and calls go by its plans."""
        with engine_errors():
            changes = await sync_schedules(self.client, self.lock, self._catalogue)
        changes.updated += await ScheduledCalls(self).sync()
        return changes

    # For what builds upon it: `Calls`

    def prepare(
        self, flow: str, trigger: Trigger, data: object, *, key: str | None, meta: object = None
    ) -> wire.RunInput:
        """The input of a new run, or of the one that was started with the same idempotency key.

        Raises:
            RunError: `flow_not_found`, `step_not_found`, `message_too_large`.
        """
        run_id, _ = self._choose_id(flow, trigger, None, key)
        return replace(self._input(flow, run_id, trigger, data), response_meta=meta)

    def entry(self, flow: str) -> str:
        """The step at which a flow is called."""
        found = self.lock.flows[flow].callable
        assert found is not None
        return found.step

    def digest(self, purpose: str, text: str, *, flow: str) -> str:
        """A run id that says nothing of the text that it is made of (`wistro_codec.keyed_digest`)."""
        return keyed_digest(self._keys, purpose, text, flow=flow)

    async def begin(
        self,
        start: wire.RunInput,
        *,
        after: timedelta | None = None,
        at: datetime | None = None,
    ) -> bool:
        """Starts a prepared run; says whether it existed already."""
        if at is not None:
            after = max(at - datetime.now(UTC), timedelta())
        return await self._start(start, after)

    def options(self, start: wire.RunInput) -> Mapping[str, Any]:
        """How its workflow is started."""
        trigger = start.trigger
        return {
            "id": wire.workflow_id(start.plan.flow, start.run_id),
            "task_queue": wire.runs_queue(self._catalogue.project),
            "id_reuse_policy": WorkflowIDReusePolicy.REJECT_DUPLICATE,
            "search_attributes": attributes(trigger, start.plan.build),
            "memo": caller_memo(trigger),
            "static_summary": f"{trigger.kind} {trigger.step or trigger.topic or ''}".strip(),
        }

    async def expect_started(self, flow: str, run_id: str) -> None:
        """Makes sure that a request which is still open did reach Temporal.

        Raises:
            EngineUnavailable: when it did not, or nobody can say.
        """
        try:
            with engine_errors(flow, run_id):
                await self.handle(flow, run_id).describe(rpc_timeout=_RPC)
        except RunNotFound as missing:
            raise EngineUnavailable(
                "Temporal did not accept the run in time",
                flow=flow,
                run_id=run_id,
                hint="try again; nothing was accepted",
            ) from missing

    def handle(self, flow: str, run_id: str) -> WorkflowHandle[object, wire.RunResult]:
        """The workflow of a run."""
        return self.client.get_workflow_handle(
            wire.workflow_id(flow, run_id), result_type=wire.RunResult
        )

    def check_message(self, what: str, data: object, *, flow: str | None = None) -> None:
        """Refuses what is too large to be sent, or no JSON.

        Raises:
            RunError: `message_too_large`, `message_not_json`.
        """
        try:
            size, limit = check_depth(data), self.lock.limits.message_size
        except ValueError as error:
            raise RunError(
                f"the message for `{what}` cannot be sent: {error}",
                flow=flow,
                code="message_not_json",
            ) from error
        if size > limit:
            raise RunError(
                f"the message for `{what}` has {size} bytes, the limit is {limit}",
                flow=flow,
                code="message_too_large",
                hint="send a reference to the data, or raise `limits.message_size` in `wistro.yml`",
            )

    # Small change

    def _choose_id(
        self, flow: str, trigger: Trigger, run_id: str | None, idempotency_key: str | None
    ) -> tuple[str, bool]:
        if idempotency_key is None:
            return run_id or secrets.token_hex(16), run_id is not None
        # Ids are not encrypted, and the key came from a user.
        scope = f"{trigger.kind}\0{trigger.step or ''}\0{trigger.topic or ''}\0{idempotency_key}"
        return self.digest("idempotency", scope, flow=flow), True

    def _input(self, flow: str, run_id: str, trigger: Trigger, data: object) -> wire.RunInput:
        plan = self._catalogue.plan(flow)
        if trigger.step is not None and trigger.step not in plan.steps:
            raise RunError(
                f"flow `{flow}` has no step `{trigger.step}`", flow=flow, code="step_not_found"
            )
        self.check_message(trigger.step or trigger.topic or flow, data, flow=flow)
        asked_by = secrets.token_hex(8)
        return wire.RunInput(
            run_id=run_id, plan=plan, trigger=trigger, data=data, asked_by=asked_by
        )

    async def _start(self, start: wire.RunInput, after: timedelta | None) -> bool:
        """Starts it; says whether it existed already."""
        flow, run_id = start.plan.flow, start.run_id
        try:
            with engine_errors(flow, run_id):
                await self.client.start_workflow(
                    flow,
                    start,
                    start_delay=after or None,
                    rpc_timeout=_RPC,
                    **self.options(start),
                )
        except WorkflowAlreadyStartedError:
            return True
        return False

    async def _operate(self, flow: str, run_id: str, operation: wire.Operation) -> None:
        try:
            with engine_errors(flow, run_id):
                handle: WorkflowHandle[Any, wire.RunResult] = self.handle(flow, run_id)
                await handle.execute_update(  # pyright: ignore[reportUnknownMemberType] - untyped by name
                    wire.OPERATE_UPDATE, operation, rpc_timeout=_RPC
                )
        except WorkflowUpdateFailedError as error:
            cause = error.cause
            message = cause.message if isinstance(cause, ApplicationError) else str(cause)
            raise RunError(message, flow=flow, run_id=run_id, code="operation_refused") from error

    async def _answer_of_closed(self, flow: str, run_id: str) -> RunAnswer:
        try:
            with engine_errors(flow, run_id):
                result = await self.handle(flow, run_id).result(rpc_timeout=_RPC)
            return result.answer or RunAnswer()
        except WorkflowFailureError as error:
            failure = run_failure(error.cause)
            return failure.answer or RunAnswer(error=failure.error)

    async def _is_running(self, flow: str, run_id: str) -> bool:
        with engine_errors(flow, run_id):
            description = await self.handle(flow, run_id).describe(rpc_timeout=_RPC)
        return description.status is WorkflowExecutionStatus.RUNNING

    def _pending(self, flow: str, run_id: str, timeout: timedelta) -> AnswerPending:
        return AnswerPending(
            f"run `{run_id}` did not answer within {timeout.total_seconds():g} s; it goes on",
            flow=flow,
            run_id=run_id,
        )


def attributes(trigger: Trigger, build: str) -> TypedSearchAttributes:
    """The search attributes of a new run: nothing in them comes from a user's message."""
    origin = f"{trigger.kind}:{trigger.step or trigger.topic or ''}"
    return TypedSearchAttributes(
        [
            SearchAttributePair(wire.TRIGGER_ATTRIBUTE, origin),
            SearchAttributePair(wire.VERSION_ATTRIBUTE, build),
        ]
    )


def _ended(flow: str, run_id: str) -> RunError:
    return RunError(f"run `{run_id}` has ended already", flow=flow, run_id=run_id, code="run_ended")


def _answer(flow: str, run_id: str, answer: RunAnswer, *, existed: bool) -> Answer:
    if answer.error is not None:
        return Answer(flow=flow, run_id=run_id, existed=existed, error=answer.error)
    result = StepResult(output=answer.output)
    return Answer(flow=flow, run_id=run_id, existed=existed, result=result)
