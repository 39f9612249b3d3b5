"""Answers on their way to response targets: look at them, and have them delivered again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from temporalio.client import (
    WorkflowExecution,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowHandle,
)
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from wistro.errors import RunError, RunNotFound
from wistro.targets.record import AnswerRecord, AnswerStatus
from wistro.temporal import wire
from wistro.temporal.delivering import (
    RECORD_QUERY,
    REDELIVER_UPDATE,
    UNDELIVERED,
    Earlier,
    Redelivery,
    delivery_workflow_id,
    parse_delivery_id,
)
from wistro.temporal.host.connect import engine_errors
from wistro.temporal.host.listing import decode_cursor, encode_cursor, iso_moment, quoted
from wistro.temporal.host.payloads import Payloads

if TYPE_CHECKING:
    from wistro.temporal.host.engine import Engine

_RPC = timedelta(seconds=10)
_RUNNING = WorkflowExecutionStatus.RUNNING
_STATUS = wire.STATUS_ATTRIBUTE.name
_QUERIES: dict[AnswerStatus, str] = {
    "pending": f"ExecutionStatus = 'Running' AND {_STATUS} IS NULL",
    "delivered": f"ExecutionStatus = 'Completed' AND {_STATUS} IS NULL",
    "undelivered": f"{_STATUS} = '{UNDELIVERED}'",
}

Handle = WorkflowHandle[Any, AnswerRecord]


@dataclass(frozen=True, kw_only=True)
class AnswerSummary:
    """One line of a list of answers."""

    flow: str
    run_id: str
    number: int | None
    """Which of several answers; `None`: the only one."""
    target: str
    status: AnswerStatus
    started_at: datetime
    closed_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class AnswerPage:
    """Answers, newest first, and the cursor of the next page."""

    answers: Sequence[AnswerSummary]
    next_cursor: str | None = None


class Answers:
    """The deliveries of one project's answers."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def list(
        self,
        *,
        flow: str | None = None,
        status: AnswerStatus | None = None,
        since: datetime | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> AnswerPage:
        """Deliveries, newest first.

        Raises:
            RunError: `invalid_filter`.
        """
        parts = [f"TaskQueue = {quoted(self._queue)}", f"WorkflowType = '{wire.ANSWER_WORKFLOW}'"]
        if flow is not None:
            parts.append(f"WorkflowId STARTS_WITH {quoted(flow + '/')}")
        if status is not None:
            parts.append(_QUERIES[status])
        if since is not None:
            parts.append(f"StartTime >= {quoted(iso_moment(since))}")
        found, following = await self._page(" AND ".join(parts), limit, cursor)
        return AnswerPage(answers=[_summary(each) for each in found], next_cursor=following)

    async def show(self, flow: str, run_id: str) -> Sequence[AnswerRecord]:
        """How the deliveries of a run's answers stand, the first answer's first.

        Raises:
            RunNotFound: the run has told no response target an answer.
        """
        try:
            return [await self._record(self._handle(flow, run_id, None))]
        except RunNotFound:
            pass
        # Those of a flow that answers several times are found by visibility, which may lag.
        prefix = delivery_workflow_id(flow, run_id, None) + "."
        query = (
            f"TaskQueue = {quoted(self._queue)} AND WorkflowType = '{wire.ANSWER_WORKFLOW}'"
            f" AND WorkflowId STARTS_WITH {quoted(prefix)}"
        )
        found, _ = await self._page(query, 1000, None)
        # A delivery that was made again has several executions.
        ids = {each.id for each in found}
        if not ids:
            raise _not_found(flow, run_id)
        handles = (self._engine.client.get_workflow_handle(id) for id in ids)
        records = [await self._record(handle) for handle in handles]
        return sorted(records, key=lambda record: record.number)

    async def redeliver(
        self,
        flow: str,
        run_id: str,
        *,
        number: int | None = None,
        respond_to: wire.RespondTo | None = None,
        by: str | None = None,
    ) -> AnswerRecord:
        """Has an answer delivered again now, with the same delivery id; even one that arrived.

        Args:
            flow: The flow that answered.
            run_id: The run.
            number: Which of several answers.
            respond_to: Where to, when it is somewhere else.
            by: Who asks.

        Raises:
            RunNotFound: there is no such answer.
        """
        handle = self._handle(flow, run_id, number)
        wanted = Redelivery(respond_to=respond_to, by=by)
        with engine_errors(flow, run_id):
            if (await self._describe(handle, flow, run_id)).status is _RUNNING:
                try:
                    return await handle.execute_update(  # pyright: ignore[reportUnknownMemberType] - untyped by name
                        REDELIVER_UPDATE,
                        wanted,
                        result_type=AnswerRecord,
                        rpc_timeout=_RPC,
                    )
                except RPCError as error:
                    if error.status != RPCStatusCode.NOT_FOUND:
                        raise  # else it has ended in this moment
            return await self._reopen(handle, wanted)

    async def _reopen(self, handle: Handle, wanted: Redelivery) -> AnswerRecord:
        """Starts a delivery that is over once more, with what it knew."""
        delivery = await self._input(handle)
        record = replace(await self._record(handle), status="pending", next_at=None)
        if wanted.respond_to is not None:
            to = wanted.respond_to
            delivery = replace(delivery, respond_to=to)
            record = replace(record, target=to.target, address=to.address)
        try:
            await self._engine.client.start_workflow(
                wire.ANSWER_WORKFLOW,
                args=[delivery, Earlier(record=record)],
                id=handle.id,
                task_queue=self._queue,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
                static_summary=f"answer to {delivery.respond_to.target}, again",
                rpc_timeout=_RPC,
            )
        except WorkflowAlreadyStartedError:  # somebody else asked in the same moment
            raise RunError(
                "the answer is being delivered again already",
                flow=delivery.flow,
                run_id=delivery.run_id,
                code="operation_refused",
                hint="look at it with `wistro answers show`",
            ) from None
        return record

    async def _record(self, handle: Handle) -> AnswerRecord:
        flow, run_id, _ = parse_delivery_id(handle.id)
        description = await self._describe(handle, flow, run_id)
        with engine_errors(flow, run_id):
            if description.status is not WorkflowExecutionStatus.COMPLETED:
                return await handle.query(RECORD_QUERY, result_type=AnswerRecord, rpc_timeout=_RPC)
            try:
                execution = self._engine.client.get_workflow_handle(
                    handle.id, run_id=description.run_id, result_type=AnswerRecord
                )
                return await execution.result(rpc_timeout=_RPC)
            except (
                WorkflowFailureError
            ) as error:  # pragma: no cover - it completes, or is ended by force
                raise RunError(str(error.cause), flow=flow, run_id=run_id) from error

    async def _input(self, handle: Handle) -> wire.AnswerDelivery:
        """The answer, as it is on its way: what the latest execution was started with."""
        async for event in handle.fetch_history_events():
            started = event.workflow_execution_started_event_attributes
            payloads = Payloads(self._engine.client.data_converter)
            return await payloads.one(started.input.payloads[:1], wire.AnswerDelivery)
        raise RuntimeError("a history begins with its start")  # pragma: no cover

    async def _describe(self, handle: Handle, flow: str, run_id: str) -> WorkflowExecution:
        try:
            with engine_errors(flow, run_id):
                return await handle.describe(rpc_timeout=_RPC)
        except RunNotFound:
            raise _not_found(flow, run_id) from None

    async def _page(
        self, query: str, limit: int, cursor: str | None
    ) -> tuple[Sequence[WorkflowExecution], str | None]:
        with engine_errors():
            token = decode_cursor(cursor) if cursor else None
            client = self._engine.client
            listing = client.list_workflows(query, page_size=limit, next_page_token=token)
            await listing.fetch_next_page(page_size=limit)
        following = listing.next_page_token
        return listing.current_page or (), encode_cursor(following) if following else None

    def _handle(self, flow: str, run_id: str, number: int | None) -> Handle:
        return self._engine.client.get_workflow_handle(
            delivery_workflow_id(flow, run_id, number), result_type=AnswerRecord
        )

    @property
    def _queue(self) -> str:
        return wire.runs_queue(self._engine.catalogue.project)


def _summary(execution: WorkflowExecution) -> AnswerSummary:
    flow, run_id, number = parse_delivery_id(execution.id)
    attributes = execution.typed_search_attributes
    undelivered = attributes.get(wire.STATUS_ATTRIBUTE) == UNDELIVERED
    over: AnswerStatus = "pending" if execution.status is _RUNNING else "delivered"
    return AnswerSummary(
        flow=flow,
        run_id=run_id,
        number=number,
        target=(attributes.get(wire.TRIGGER_ATTRIBUTE) or "").removeprefix("answer:"),
        status="undelivered" if undelivered else over,
        started_at=execution.start_time,
        closed_at=execution.close_time,
    )


def _not_found(flow: str, run_id: str) -> RunNotFound:
    return RunNotFound(
        f"no answer of the run `{run_id}` of flow `{flow}` is or was on its way to a response target",
        flow=flow,
        run_id=run_id,
        hint="see `wistro answers list`; answers that arrived are forgotten after the namespace's retention",
    )
