"""Puts the deliveries of a run together from its history."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import cast

from google.protobuf.timestamp_pb2 import Timestamp
from temporalio.api.enums.v1 import PendingActivityState
from temporalio.api.history.v1 import (
    ActivityTaskScheduledEventAttributes,
    HistoryEvent,
    MarkerRecordedEventAttributes,
    WorkflowExecutionSignaledEventAttributes,
    WorkflowExecutionUpdateAcceptedEventAttributes,
)
from temporalio.api.workflow.v1 import PendingActivityInfo

from wistro.contract import (
    Emission,
    ErrorInfo,
    Invocation,
    Report,
    RunRef,
    SegmentResult,
    StepResult,
)
from wistro.expressions import CelExpressions
from wistro.machine.lineage import Made
from wistro.machine.plan import Plan
from wistro.machine.routing import Child, deliveries_of
from wistro.machine.state import ROOT, OpenCall, RunState, Settled
from wistro.runs import AttemptView, DeliveryStatus, DeliveryView
from wistro.temporal import wire
from wistro.temporal.host.payloads import Payloads
from wistro.temporal.workflows.failures import error_info, was_cancelled

_OF_STATE: dict[str, DeliveryStatus] = {
    "queued": "queued",
    "running": "running",
    "waiting": "retrying",
    "outside": "waiting",
    "held": "held",
    "failed": "failed",
    "cancelled": "cancelled",
}


_NEVER = datetime.max.replace(tzinfo=UTC)


def moment(stamp: Timestamp) -> datetime:
    """A protobuf time as ours."""
    return stamp.ToDatetime(UTC)


class Deliveries:
    """Takes the events of a run one by one; `views` says what came of each delivery."""

    def __init__(self, payloads: Payloads) -> None:
        self.links: list[RunRef] = []
        self._payloads = payloads
        self._views: dict[str, DeliveryView] = {}
        self._scheduled: dict[int, str] = {}
        self._linking: dict[int, RunRef] = {}
        self._started: dict[int, HistoryEvent] = {}
        self._children: dict[str, tuple[str, Child]] = {}
        """Parent and routing of every delivery that an emission made."""
        self._plan: Plan | None = None
        self._inline_input: dict[str, object] = {}
        self._results: dict[str, StepResult] = {}
        self._keys: dict[str, str] = {}
        self._began: dict[str, int] = {}
        self._ended: dict[str, int] = {}
        self._taken = 0
        self._outside: set[str] = set()
        """The deliveries that no worker was given: only the state tells of them."""

    def views(self) -> list[DeliveryView]:
        """The deliveries in the order in which they began."""
        found = [self._with_parent(view) for view in self._views.values()]
        if self._outside:  # the history does not say when those began
            found.sort(key=lambda view: view.queued_at or _NEVER)
            found = [view.model_copy(update={"number": n}) for n, view in enumerate(found, 1)]
        return found

    def made(self) -> dict[str, Made]:
        """The deliveries as a fork needs to know them."""
        return {view.delivery_id: self._made(view) for view in self.views()}

    def _made(self, view: DeliveryView) -> Made:
        id = view.delivery_id
        result = self._results.get(id) or StepResult()
        return Made(
            id=id,
            step=view.step,
            topic=view.topic,
            data=view.input,
            emissions=tuple(view.emissions),
            output=view.output,
            response=result.response,
            responded=result.responded,
            error=view.error if view.status == "failed" else None,
            attempts=len(view.attempts),
            key=self._keys.get(id),
            began=self._began.get(id),
            ended=self._ended.get(id),
        )

    def begin(self, execution: wire.RunInput) -> None:
        """An execution of the run starts."""
        self._plan = execution.plan
        if execution.trigger.step is not None:
            self._inline_input[ROOT] = execution.data
        elif execution.state is None:
            topic = execution.trigger.topic or ""
            self._route(ROOT, (Emission(topic=topic, data=execution.data),))
        if execution.state is not None:
            self.take_state(execution.state)

    async def take(self, event: HistoryEvent) -> None:
        """Takes one event; what does not concern deliveries is passed over."""
        self._taken += 1
        if event.HasField("activity_task_scheduled_event_attributes"):
            await self._schedule(event, event.activity_task_scheduled_event_attributes)
        elif event.HasField("activity_task_started_event_attributes"):
            started = event.activity_task_started_event_attributes
            self._started[started.scheduled_event_id] = event
        elif event.HasField("activity_task_completed_event_attributes"):
            done = event.activity_task_completed_event_attributes
            result = await self._payloads.result(done.result.payloads, StepResult)
            if isinstance(result, StepResult):
                await self._complete(done.scheduled_event_id, event, result)
            elif isinstance(result, ErrorInfo):
                await self._end(done.scheduled_event_id, event, "failed", result)
        elif event.HasField("activity_task_failed_event_attributes"):
            failed = event.activity_task_failed_event_attributes
            error = error_info(await self._payloads.failure(failed.failure))
            await self._end(failed.scheduled_event_id, event, "failed", error)
        elif event.HasField("activity_task_timed_out_event_attributes"):
            late = event.activity_task_timed_out_event_attributes
            error = error_info(await self._payloads.failure(late.failure))
            await self._end(late.scheduled_event_id, event, "failed", error)
        elif event.HasField("activity_task_canceled_event_attributes"):
            cancelled = event.activity_task_canceled_event_attributes
            await self._end(cancelled.scheduled_event_id, event, "cancelled", None)
        elif event.HasField("workflow_execution_signaled_event_attributes"):
            signal = event.workflow_execution_signaled_event_attributes
            await self._signal(signal)
        elif event.HasField("workflow_execution_update_accepted_event_attributes"):
            accepted = event.workflow_execution_update_accepted_event_attributes
            await self._operate(event, accepted)
        elif event.HasField("marker_recorded_event_attributes"):
            await self._mark(event.marker_recorded_event_attributes)

    async def take_pending(self, pending: Iterable[PendingActivityInfo]) -> None:
        """What running deliveries report: attempt, latest error and heartbeat details."""
        for info in pending:
            view = self._views.get(_delivery_id(info.activity_id))
            if view is None:
                continue
            attempts = list(view.attempts)
            if info.HasField("last_failure"):
                error = await self._payloads.failure(info.last_failure)
                attempts.append(
                    AttemptView(number=max(info.attempt - 1, 1), error=error_info(error))
                )
            begun = info.state != PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED
            started = moment(info.last_started_time) if begun else None
            attempts.append(AttemptView(number=info.attempt, started_at=started))
            progress = None
            if info.HasField("heartbeat_details"):
                progress = await self._payloads.value(info.heartbeat_details)
            changes: dict[str, object] = {}
            if not begun:
                changes["status"] = "queued" if info.attempt == 1 else "retrying"
                if info.attempt > 1 and info.HasField("next_attempt_schedule_time"):
                    changes["retry_at"] = moment(info.next_attempt_schedule_time)
            self._update(
                view.delivery_id,
                attempts=attempts,
                started_at=started,
                progress=progress,
                **changes,
            )

    def take_state(self, state: RunState) -> None:
        """Deliveries that the history does not show yet, or not any more: queued, held, cancelled.

        Nor does it show those that waited for something outside of the run.
        """
        for settled in state.settled:
            self._settle(settled)
        for delivery in state.deliveries.values():
            if delivery.flow is not None:
                continue
            status = _OF_STATE[delivery.status]
            known = self._views.get(delivery.id)
            if known is None:
                self._add(
                    delivery.id, delivery.step, delivery.topic, delivery.data, delivery.parent
                )
            elif delivery.id not in self._outside and (
                known.status == "completed" or status in ("queued", "running")
            ):
                continue  # the history is ahead
            self._update(delivery.id, status=status, error=delivery.error)
            if (opened := state.opened.get(delivery.id)) is not None:
                self._outside.add(delivery.id)
                at = datetime.fromtimestamp(opened, UTC)
                self._update(delivery.id, queued_at=at, started_at=at, input=delivery.data)

    def _settle(self, settled: Settled) -> None:
        """What a delivery has come to that waited for something outside."""
        id, output, error = settled.id, settled.output, settled.error
        if id not in self._views:
            self._add(id, settled.step, settled.topic, settled.data, settled.parent)
        self._outside.add(id)
        opened = datetime.fromtimestamp(settled.opened_at, UTC)
        emissions = [Emission(topic=topic, data=output) for topic in settled.topics]
        self._update(
            id,
            status="failed" if error else "skipped" if output is None else "completed",
            input=settled.data,
            output=output,
            error=error,
            emissions=emissions,
            queued_at=opened,
            started_at=opened,
            finished_at=datetime.fromtimestamp(settled.closed_at, UTC),
        )
        self._route(id, emissions)

    async def _signal(self, signal: WorkflowExecutionSignaledEventAttributes) -> None:
        if signal.signal_name == wire.CALLING_SIGNAL:
            call = await self._payloads.one(signal.input.payloads, OpenCall)
            self.links.append(RunRef(flow=call.flow, run_id=call.run_id))

    async def _operate(
        self, event: HistoryEvent, accepted: WorkflowExecutionUpdateAcceptedEventAttributes
    ) -> None:
        """An operator's request: what is skipped leaves no other trace."""
        request = accepted.accepted_request.input
        if request.name != wire.OPERATE_UPDATE:
            return
        operation = await self._payloads.one(request.args.payloads, wire.Operation)
        if operation.action == "skip" and operation.delivery_id in self._views:
            at = moment(event.event_time)
            self._update(operation.delivery_id, status="skipped", finished_at=at)

    async def _mark(self, marker: MarkerRecordedEventAttributes) -> None:
        """The result of a local activity: a segment's reports."""
        if "result" in marker.details:
            found = await self._payloads.result(marker.details["result"].payloads, SegmentResult)
            for report in found.reports if isinstance(found, SegmentResult) else ():
                self._report(report)

    async def _schedule(
        self, event: HistoryEvent, scheduled: ActivityTaskScheduledEventAttributes
    ) -> None:
        name = scheduled.activity_type.name
        if name in (wire.LINK_ACTIVITY, wire.CALL_ACTIVITY):
            shape = wire.LinkRequest if name == wire.LINK_ACTIVITY else wire.CallRequest
            request = await self._payloads.one(scheduled.input.payloads, shape)
            link = self._linking[event.event_id] = RunRef(flow=request.flow, run_id=request.run_id)
            self.links.append(link)
        if name.startswith(wire.BUILT_IN):
            return
        invocation = await self._payloads.one(scheduled.input.payloads, Invocation)
        id = invocation.delivery_id
        self._scheduled[event.event_id] = id
        self._keys[id] = invocation.idempotency_key
        self._began.setdefault(id, self._taken)
        at = moment(event.event_time)
        if id not in self._views:
            self._add(id, invocation.step, invocation.topic, invocation.data, None, at)
        self._update(id, status="running", input=invocation.data, queued_at=at, error=None)

    async def _complete(self, scheduled: int, event: HistoryEvent, result: StepResult) -> None:
        if (link := self._linking.get(scheduled)) is not None:
            self._linked(link, result.output)
        id = self._scheduled.get(scheduled)
        if id is None:
            return
        view = self._views[id]
        self._results[id], self._ended[id] = result, self._taken
        started = self._started.get(scheduled)
        self._update(
            id,
            status="completed",
            output=result.output,
            emissions=list(result.emissions),
            attempts=await self._with_last(view, started, event, None),
            started_at=moment(started.event_time) if started else None,
            finished_at=moment(event.event_time),
        )
        self._route(id, result.emissions)

    def _linked(self, link: RunRef, output: object) -> None:
        """A message to another flow that started no run is linked to those that waited for it."""
        found = cast("dict[str, object]", output) if isinstance(output, dict) else {}
        reached = cast("list[str]", found.get("reached", []))
        if "run_id" not in found and "reached" in found:
            self.links.remove(link)
        self.links += [RunRef(flow=link.flow, run_id=run_id) for run_id in reached]

    async def _end(
        self, scheduled: int, event: HistoryEvent, status: DeliveryStatus, error: ErrorInfo | None
    ) -> None:
        id = self._scheduled.get(scheduled)
        if id is None:
            return
        view = self._views[id]
        started = self._started.get(scheduled)
        self._update(
            id,
            status=status,
            error=error,
            attempts=await self._with_last(view, started, event, error),
            started_at=moment(started.event_time) if started else None,
            finished_at=moment(event.event_time),
        )

    def _report(self, report: Report) -> None:
        id = report.delivery_id
        parent, child = self._children.get(id, (None, None))
        if id not in self._views:
            data = child.data if child else self._inline_input.get(id)
            self._add(id, report.step, child.topic if child else None, data, parent)
        view = self._views[id]
        started = datetime.fromtimestamp(report.started_at, UTC)
        finished = datetime.fromtimestamp(report.finished_at, UTC)
        attempt = AttemptView(
            number=len(view.attempts) + 1,
            started_at=started,
            finished_at=finished,
            error=report.error,
        )
        self._update(
            id,
            status="completed" if report.error is None else "failed",
            inline=True,
            error=report.error,
            output=report.result.output if report.result else None,
            emissions=list(report.result.emissions) if report.result else [],
            attempts=[*view.attempts, attempt],
            queued_at=view.queued_at or started,
            started_at=started,
            finished_at=finished,
        )
        self._began.setdefault(id, self._taken)
        self._ended[id] = self._taken
        if report.result is not None:
            self._results[id] = report.result
            self._route(id, report.result.emissions)

    def _route(self, parent: str, emissions: Iterable[Emission]) -> None:
        if self._plan is None:
            return
        for child in deliveries_of(self._plan, parent, emissions, CelExpressions()):
            self._children[child.delivery_id] = (parent, child)

    async def _with_last(
        self,
        view: DeliveryView,
        started: HistoryEvent | None,
        event: HistoryEvent,
        error: ErrorInfo | None,
    ) -> list[AttemptView]:
        """The attempts with the last one, and with the one before: a history keeps no others."""
        attempts = list(view.attempts)
        if started is not None:
            last = started.activity_task_started_event_attributes
            if last.HasField("last_failure") and last.attempt > 1:
                earlier = await self._payloads.failure(last.last_failure)
                if not was_cancelled(earlier):
                    attempts.append(AttemptView(number=last.attempt - 1, error=error_info(earlier)))
        return [*attempts, self._attempt(started, event, error)]

    def _attempt(
        self, started: HistoryEvent | None, event: HistoryEvent, error: ErrorInfo | None
    ) -> AttemptView:
        attributes = started.activity_task_started_event_attributes if started else None
        return AttemptView(
            number=attributes.attempt if attributes else 1,
            started_at=moment(started.event_time) if started else None,
            finished_at=moment(event.event_time),
            error=error,
            worker=attributes.identity if attributes else None,
        )

    def _add(
        self,
        id: str,
        step: str,
        topic: str | None,
        data: object,
        parent: str | None,
        at: datetime | None = None,
    ) -> None:
        known = self._plan.steps.get(step) if self._plan else None
        routed = self._children.get(id)
        self._views[id] = DeliveryView(
            delivery_id=id,
            number=len(self._views) + 1,
            step=step,
            name=known.name if known else step,
            topic=topic,
            parent=parent or (routed[0] if routed else None),
            status="queued",
            inline=known.inline if known else False,
            input=data,
            queued_at=at,
        )

    def _with_parent(self, view: DeliveryView) -> DeliveryView:
        # What a trigger's message made has the root for a parent, which then is no delivery.
        routed = self._children.get(view.delivery_id)
        parent = view.parent or (routed[0] if routed else None)
        known = parent if parent in self._views else None
        return view if known == view.parent else view.model_copy(update={"parent": known})

    def _update(self, id: str, **changes: object) -> None:
        self._views[id] = self._views[id].model_copy(update=changes)


def _delivery_id(activity_id: str) -> str:
    return activity_id.partition(".")[0]
