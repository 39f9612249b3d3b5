"""Reads a run back from Temporal: its histories decrypted, and what is pending right now."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import (
    Client,
    WorkflowExecution,
    WorkflowExecutionDescription,
    WorkflowExecutionStatus,
    WorkflowHandle,
)
from temporalio.service import RPCError, RPCStatusCode

from wistro.credentials import hide_credentials
from wistro.errors import RunNotFound
from wistro.runs import DeliveryView, RunDetail, RunStatus, RunSummary
from wistro.temporal import wire
from wistro.temporal.host.deliveries import Deliveries
from wistro.temporal.host.payloads import Payloads
from wistro.temporal.host.pending import waits_of
from wistro.temporal.workflows.failures import run_failure

_SNAPSHOT = timedelta(seconds=3)
_STATUS: dict[WorkflowExecutionStatus, RunStatus] = {
    WorkflowExecutionStatus.RUNNING: "running",
    WorkflowExecutionStatus.COMPLETED: "completed",
    WorkflowExecutionStatus.FAILED: "failed",
    WorkflowExecutionStatus.CANCELED: "cancelled",
    WorkflowExecutionStatus.TERMINATED: "cancelled",
    WorkflowExecutionStatus.TIMED_OUT: "timed_out",
    WorkflowExecutionStatus.CONTINUED_AS_NEW: "running",
}

Handle = WorkflowHandle[object, wire.RunResult]


@dataclass(frozen=True, kw_only=True)
class History:
    """What Temporal knows of a run."""

    description: WorkflowExecutionDescription
    start: wire.RunInput | None
    snapshot: wire.Snapshot | None
    """The workflow's own view; nothing when no worker answered."""
    failure: BaseException | None
    deliveries: Deliveries


def run_status(status: WorkflowExecutionStatus | None, attribute: str | None) -> RunStatus:
    """The status of a run, from Temporal's and from our own attribute."""
    if attribute == "timed_out":
        return "timed_out"
    return _STATUS[status] if status is not None else "running"


async def find_run(client: Client, flows: list[str], run_id: str) -> Handle:
    """The handle of a run whose flow is not known.

    Raises:
        RunNotFound: when none of the flows has it.
    """
    for flow in flows:
        handle: Handle = client.get_workflow_handle(wire.workflow_id(flow, run_id))
        try:
            await handle.describe()
        except RPCError as error:
            if error.status != RPCStatusCode.NOT_FOUND:
                raise  # Temporal is away: that says nothing about the run
            continue
        return handle
    raise RunNotFound(
        f"there is no run `{run_id}`",
        run_id=run_id,
        hint="see `wistro runs list`; runs are forgotten after the namespace's retention",
    )


async def read_run(client: Client, flows: list[str], run_id: str) -> RunDetail:
    """A run with every delivery.

    Raises:
        RunNotFound: when no flow has it.
    """
    handle = await find_run(client, flows, run_id)
    told = await read_history(client, handle)
    summary, snapshot, start = summarize(told.description), told.snapshot, told.start
    running = summary.status == "running"
    requested = start is not None and start.trigger.kind == "api"
    return RunDetail(
        **summary.model_dump(exclude={"waiting_for"}),
        waiting_for=snapshot.waiting_for if snapshot and running else summary.waiting_for,
        why_waiting=_why(snapshot) if running else None,
        outcome_error=run_failure(told.failure).error if told.failure is not None else None,
        origin=start.trigger if start else None,
        input=hide_credentials(start.data) if start and requested else start and start.data,
        parent=start.trigger.parent if start else None,
        links=told.deliveries.links,
        deliveries=[_shown(view, start) for view in told.deliveries.views()],
        waits=waits_of(snapshot) if snapshot and running else [],
        notes=snapshot.state.notes if snapshot else [],
    )


def _shown(view: DeliveryView, start: wire.RunInput | None) -> DeliveryView:
    step = start.plan.steps.get(view.step) if start else None
    if step is None or step.kind != "api":
        return view
    seen = {"input": hide_credentials(view.input), "output": hide_credentials(view.output)}
    return view.model_copy(update=seen)


async def read_history(client: Client, handle: Handle) -> History:
    """All that the history of a run tells, and its workflow if a worker is there to answer."""
    # Before the history, which then holds at least what the snapshot speaks of.
    snapshot = await _snapshot(handle)
    description = await handle.describe()
    payloads = Payloads(client.data_converter)
    deliveries = Deliveries(payloads)
    start: wire.RunInput | None = None
    failure = None
    async for event in _events(client, handle.id, description):
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
            found = event.workflow_execution_started_event_attributes.input.payloads
            execution = await payloads.one(found, wire.RunInput)
            start = start or execution
            deliveries.begin(execution)
        elif event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED:
            failure = await payloads.failure(
                event.workflow_execution_failed_event_attributes.failure
            )
        else:
            await deliveries.take(event)
    await deliveries.take_pending(description.raw_description.pending_activities)
    if snapshot is not None:
        deliveries.take_state(snapshot.state)
    return History(
        description=description,
        start=start,
        snapshot=snapshot,
        failure=failure,
        deliveries=deliveries,
    )


def summarize(execution: WorkflowExecution) -> RunSummary:
    """One line about a run, from its listing or its description."""
    flow, run_id = wire.parse_workflow_id(execution.id)
    found = execution.typed_search_attributes
    attribute = found.get(wire.STATUS_ATTRIBUTE)
    status = run_status(execution.status, attribute)
    started = execution.execution_time or execution.start_time
    if status == "running" and started > datetime.now(UTC) + timedelta(seconds=1):
        status = "scheduled"
    return RunSummary(
        flow=flow,
        run_id=run_id,
        status=status,
        started_at=started,
        closed_at=execution.close_time,
        trigger=found.get(wire.TRIGGER_ATTRIBUTE),
        version=found.get(wire.VERSION_ATTRIBUTE),
        waiting_for="operator" if attribute == "held" and status == "running" else None,
    )


async def _events(
    client: Client, workflow_id: str, description: WorkflowExecutionDescription
) -> AsyncIterator[HistoryEvent]:
    """The events of a run through all its executions, the first one's first."""
    execution: str | None = description.raw_info.first_run_id or description.run_id
    while execution:
        handle: Handle = client.get_workflow_handle(workflow_id, run_id=execution)
        execution = None
        async for event in handle.fetch_history_events():
            yield event
            if event.HasField("workflow_execution_continued_as_new_event_attributes"):
                attributes = event.workflow_execution_continued_as_new_event_attributes
                execution = attributes.new_execution_run_id


async def _snapshot(handle: Handle) -> wire.Snapshot | None:
    """The workflow's own view, if a worker is there to answer."""
    try:
        return await handle.query(
            wire.SNAPSHOT_QUERY, result_type=wire.Snapshot, rpc_timeout=_SNAPSHOT
        )
    except Exception:  # noqa: BLE001 - without a worker the history alone must do
        return None


def _why(snapshot: wire.Snapshot | None) -> str:
    if snapshot is None:
        return "No worker is there to answer: the run goes on when one is."
    return snapshot.why_waiting
