"""Calls for later: those of a schedule, and those whose run has not begun.

A call at a moment is a run that Temporal starts then. A call by a cron expression is a schedule of
Temporal's, and each tick is a call of its own, whose id the schedule's leads. Everything that was said in the
call is kept with it, encrypted; only the plan follows the project: that of a schedule is today's.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from temporalio.client import (
    Schedule,
    ScheduleActionExecutionStartWorkflow,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleDescription,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleState,
    ScheduleUpdate,
    ScheduleUpdateInput,
    WorkflowExecutionStatus,
)
from temporalio.converter import WorkflowSerializationContext

from wistro.errors import RunNotFound
from wistro.runs import ScheduledCall
from wistro.temporal import wire
from wistro.temporal.host.connect import engine_errors
from wistro.temporal.host.schedules import OVERLAP

if TYPE_CHECKING:
    from wistro.temporal.host.engine import Engine

_PREFIX = "wistro-call"
_NOTE = "wistro"
_RECENT = 5
_MOST = 1_000
_RPC = timedelta(seconds=10)
_GONE = "the flow cannot be called any more"


@dataclass(frozen=True, kw_only=True)
class CallSchedule:
    """When calls are made, again and again."""

    cron: str
    """Minute, hour, day of the month, month and day of the week."""
    time_zone: str = "UTC"
    overlap: str = "skip"
    """As of cron steps (`wistro.policies.Schedule`)."""


class ScheduledCalls:
    """The calls of a project that are to come."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def create(self, start: wire.RunInput, id: str, schedule: CallSchedule) -> bool:
        """Makes a schedule whose ticks start runs like `start`; says whether it existed already."""
        made = Schedule(
            action=self._action(start, id),
            spec=ScheduleSpec(
                # Temporal keeps no expressions: what follows `#` is kept with what it makes of them.
                cron_expressions=[f"{schedule.cron} # {schedule.cron}"],
                time_zone_name=schedule.time_zone,
            ),
            policy=SchedulePolicy(overlap=OVERLAP[schedule.overlap]),
            state=ScheduleState(note=_note(start.plan.build)),
        )
        try:
            with engine_errors(start.plan.flow, id):
                await self._engine.client.create_schedule(
                    self._id(start.plan.flow, id), made, rpc_timeout=_RPC
                )
        except ScheduleAlreadyRunningError:
            return True
        return False

    async def list(self, *, flow: str | None = None, limit: int = 100) -> list[ScheduledCall]:
        """Those that come next, first."""
        found = [call async for call in self._delayed(flow)]
        found += [call async for call in self._repeated(flow)]
        never = datetime.max.replace(tzinfo=UTC)
        return sorted(found, key=lambda call: (call.at or never, call.id))[:limit]

    async def show(self, id: str, *, flow: str | None = None) -> ScheduledCall:
        """One of them.

        Raises:
            RunNotFound: there is no such call, or it has begun.
        """
        for name in [flow] if flow is not None else self._callable():
            try:
                return await self._show(name, id)
            except RunNotFound:
                continue
        raise RunNotFound(
            f"there is no call `{id}` that is still to come",
            flow=flow,
            run_id=id,
            hint="see `wistro calls list`; a call that has begun is a run: `wistro runs show`",
        )

    async def cancel(self, id: str, *, flow: str | None = None) -> ScheduledCall:
        """Takes one back: its answer is `cancelled`, and a schedule ticks no more.

        Raises:
            RunNotFound: there is no such call, or it has begun.
        """
        call = await self.show(id, flow=flow)
        if call.cron is None:
            await self._engine.cancel(call.flow, call.id)
        else:
            handle = self._engine.client.get_schedule_handle(self._id(call.flow, call.id))
            with engine_errors(call.flow, call.id):
                await handle.delete(rpc_timeout=_RPC)
        return call

    async def sync(self) -> list[str]:
        """Gives every schedule today's plan; pauses those of flows that cannot be called any more.

        Returns:
            The ids of the schedules that were changed.
        """
        changed: list[str] = []
        async for id, flow, note in self._schedules():
            gone = flow not in self._callable()
            wanted = f"{_NOTE}: {_GONE}" if gone else _note(self._engine.lock.build)
            if note != wanted and await self._update(id, flow, wanted, gone=gone):
                changed.append(id)
        return changed

    # Small change

    async def _show(self, flow: str, id: str) -> ScheduledCall:
        with engine_errors(flow, id):
            try:
                return await self._described(flow, id)
            except RunNotFound:
                pass
            description = await self._engine.handle(flow, id).describe(rpc_timeout=_RPC)
            at = description.execution_time
            running = description.status is WorkflowExecutionStatus.RUNNING
            if not running or at is None or at <= datetime.now(UTC):
                raise RunNotFound(f"the call `{id}` has begun", flow=flow, run_id=id)
            by = await description.memo_value("by", None, type_hint=str)
            return ScheduledCall(flow=flow, id=id, at=at, by=by, created_at=description.start_time)

    async def _described(self, flow: str, id: str) -> ScheduledCall:
        handle = self._engine.client.get_schedule_handle(self._id(flow, id))
        with engine_errors(flow, id):
            description = await handle.describe(rpc_timeout=_RPC)
        start = await self._start_of(description)
        schedule, info = description.schedule, description.info
        spec = schedule.spec
        begun = [action.action for action in info.recent_actions[-_RECENT:]]
        note = schedule.state.note or ""
        return ScheduledCall(
            flow=flow,
            id=id,
            at=info.next_action_times[0] if info.next_action_times else None,
            by=start.trigger.by,
            created_at=info.created_at,
            cron=spec.calendars[0].comment if spec.calendars else "",
            time_zone=spec.time_zone_name or "UTC",
            overlap=next(
                name for name, value in OVERLAP.items() if value is schedule.policy.overlap
            ),
            paused=schedule.state.paused,
            note=None if note.startswith(f"{_NOTE} ") else note.removeprefix(f"{_NOTE}: ") or None,
            runs=[
                wire.parse_workflow_id(action.workflow_id)[1]
                for action in begun
                if isinstance(action, ScheduleActionExecutionStartWorkflow)
            ],
        )

    async def _delayed(self, flow: str | None) -> AsyncIterator[ScheduledCall]:
        now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        queue = wire.runs_queue(self._engine.catalogue.project)
        query = (
            f"TaskQueue = '{queue}' AND ExecutionStatus = 'Running' AND ExecutionTime > '{now}'"
            f" AND {wire.TRIGGER_ATTRIBUTE.name} STARTS_WITH 'call:'"
        )
        with engine_errors():
            async for run in self._engine.client.list_workflows(query, limit=_MOST):
                name, id = wire.parse_workflow_id(run.id)
                if flow in (None, name):
                    by = await run.memo_value("by", None, type_hint=str)
                    yield ScheduledCall(
                        flow=name, id=id, at=run.execution_time, by=by, created_at=run.start_time
                    )

    async def _repeated(self, flow: str | None) -> AsyncIterator[ScheduledCall]:
        async for id, name, _ in self._schedules():
            if flow in (None, name):
                try:
                    yield await self._described(name, id)
                except RunNotFound:
                    continue  # it was cancelled just now

    async def _schedules(self) -> AsyncIterator[tuple[str, str, str]]:
        """Id, flow and note of each schedule."""
        prefix = f"{_PREFIX}/{self._engine.catalogue.project}/"
        with engine_errors():
            async for listed in await self._engine.client.list_schedules():
                if listed.id.startswith(prefix):
                    flow, _, id = listed.id.removeprefix(prefix).rpartition("/")
                    yield id, flow, (listed.schedule and listed.schedule.state.note) or ""

    async def _update(self, id: str, flow: str, note: str, *, gone: bool) -> bool:
        engine, changed = self._engine, False

        async def change(current: ScheduleUpdateInput) -> ScheduleUpdate | None:
            nonlocal changed
            schedule = current.description.schedule
            before = schedule.state.note or ""
            changed = before != note
            if not changed:
                return None  # another process was faster
            if gone:
                schedule.state.paused = True
            else:
                start = await self._start_of(current.description)
                trigger = replace(start.trigger, step=engine.entry(flow))
                plan = engine.catalogue.plan(flow)
                schedule.action = self._action(replace(start, plan=plan, trigger=trigger), id)
                if before.endswith(_GONE):
                    schedule.state.paused = False
            schedule.state.note = note
            return ScheduleUpdate(schedule)

        with engine_errors(flow, id):
            await engine.client.get_schedule_handle(self._id(flow, id)).update(change)
        return changed

    async def _start_of(self, description: ScheduleDescription) -> wire.RunInput:
        action = description.schedule.action
        assert isinstance(action, ScheduleActionStartWorkflow)
        client = self._engine.client
        converter = client.data_converter.with_context(
            WorkflowSerializationContext(namespace=client.namespace, workflow_id=action.id)
        )
        payloads: list[Any] = list(action.args)
        (start,) = await converter.decode(payloads, [wire.RunInput])
        return start

    def _action(self, start: wire.RunInput, id: str) -> ScheduleActionStartWorkflow:
        flow, options = start.plan.flow, self._engine.options(start)
        return ScheduleActionStartWorkflow(
            flow,
            replace(start, run_id=""),  # each tick has an id of its own, which Temporal makes
            id=wire.workflow_id(flow, f"call.{id}"),
            task_queue=options["task_queue"],
            memo=options["memo"],
            typed_search_attributes=options["search_attributes"],
            static_summary=options["static_summary"],
        )

    def _id(self, flow: str, id: str) -> str:
        return f"{_PREFIX}/{self._engine.catalogue.project}/{flow}/{id}"

    def _callable(self) -> list[str]:
        return [id for id, flow in self._engine.lock.flows.items() if flow.callable is not None]


def _note(build: str) -> str:
    return f"{_NOTE} {build}"
