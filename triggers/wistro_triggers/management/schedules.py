"""Schedules: when the clock triggers cron steps, as the lock says and as Temporal has it."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Path

from wistro.errors import RunNotFound
from wistro.temporal.host.connect import engine_errors
from wistro.temporal.host.schedules import schedule_id
from wistro_triggers.management.site import ERRORS, OPERATOR, Site, View
from wistro_triggers.problems import Problem

if TYPE_CHECKING:
    from temporalio.client import ScheduleHandle

Flow = Annotated[str, Path(description="The flow that ticks start runs of.")]
Step = Annotated[str, Path(description="The cron step.")]


class ScheduleView(View):
    """The schedule of a cron step in a flow."""

    flow: str
    step: str
    name: str
    cron: str
    """Minute, hour, day of the month, month, day of the week."""
    time_zone: str
    overlap: str
    """What happens when the run of the last tick is still going."""
    present: bool
    """Whether Temporal has it; schedules are made when the engine starts."""
    paused: bool = False
    note: str | None = None
    next_ticks: Sequence[datetime] = ()
    last_tick: datetime | None = None
    missed: int = 0
    """Ticks that were skipped because the server was away for too long."""
    skipped: int = 0
    """Ticks that were skipped because the run before was still going."""


def schedules_router(site: Site) -> APIRouter:
    """`/schedules` and below."""
    router = APIRouter(prefix="/schedules", tags=["schedules"], responses=ERRORS)

    def handle(flow: str, step: str) -> ScheduleHandle:
        found = site.lock.steps.get(step)
        if found is None or found.cron is None or flow not in found.flows:
            raise _not_found(flow, step)
        return site.engine.client.get_schedule_handle(schedule_id(site.lock.project, flow, step))

    async def view(flow: str, step: str) -> ScheduleView:
        schedule = handle(flow, step)
        found = site.lock.steps[step]
        assert found.cron is not None
        declared = ScheduleView(
            flow=flow,
            step=step,
            name=found.name,
            cron=found.cron.expression,
            time_zone=found.cron.schedule.time_zone,
            overlap=found.cron.schedule.overlap,
            present=False,
        )
        try:
            with engine_errors():
                description = await schedule.describe()
        except RunNotFound:
            return declared
        info, state = description.info, description.schedule.state
        return declared.model_copy(
            update={
                "present": True,
                "paused": state.paused,
                "note": state.note,
                "next_ticks": tuple(info.next_action_times),
                "last_tick": info.recent_actions[-1].scheduled_at if info.recent_actions else None,
                "missed": info.num_actions_missed_catchup_window,
                "skipped": info.num_actions_skipped_overlap,
            }
        )

    @contextmanager
    def acting_on(flow: str, step: str) -> Generator[ScheduleHandle]:
        try:
            with engine_errors():
                yield handle(flow, step)
        except RunNotFound:
            raise _not_found(flow, step) from None

    @router.get("", summary="List the schedules")
    async def list_schedules() -> list[ScheduleView]:
        steps = [step for step in site.lock.steps.values() if step.cron is not None]
        return [await view(flow, step.id) for step in steps for flow in step.flows]

    @router.get("/{flow}/{step}", summary="Show a schedule")
    async def show_schedule(flow: Flow, step: Step) -> ScheduleView:
        return await view(flow, step)

    @router.post("/{flow}/{step}/pause", summary="Stop the ticks until they are resumed")
    async def pause_schedule(flow: Flow, step: Step) -> ScheduleView:
        with acting_on(flow, step) as schedule:
            await schedule.pause(note=f"Paused by {OPERATOR}")
        return await view(flow, step)

    @router.post("/{flow}/{step}/resume", summary="Let a paused schedule tick again")
    async def resume_schedule(flow: Flow, step: Step) -> ScheduleView:
        with acting_on(flow, step) as schedule:
            await schedule.unpause(note=f"Resumed by {OPERATOR}")
        return await view(flow, step)

    @router.post("/{flow}/{step}/trigger", status_code=202, summary="Tick now")
    async def trigger_schedule(flow: Flow, step: Step) -> ScheduleView:
        with acting_on(flow, step) as schedule:
            await schedule.trigger()
        return await view(flow, step)

    return router


def _not_found(flow: str, step: str) -> Problem:
    return Problem(
        404,
        "schedule_not_found",
        f"The flow `{flow}` has no schedule for a step `{step}`. hint: `/_wistro/api/schedules` lists "
        "those there are.",
    )
