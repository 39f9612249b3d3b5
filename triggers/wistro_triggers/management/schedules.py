"""Schedules: when the clock triggers cron steps, as the lock says and as Temporal has it."""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Path, Response
from pydantic import AwareDatetime, Field

from wistro.errors import RunNotFound
from wistro.policies import Overlap
from wistro.runs import RunStatus
from wistro.temporal.host.connect import engine_errors
from wistro.temporal.host.schedules import noted, said_in, schedule_id
from wistro.temporal.host.ticks import (
    Tick,
    make_up,
    recent_ticks,
    ticks_between,
    with_runs,
)
from wistro_triggers.management.cron_words import cron_words
from wistro_triggers.management.site import ERRORS, By, Request, Site, View, operation
from wistro_triggers.management.words import Fact, detail_facts
from wistro_triggers.problems import Detail, Problem

if TYPE_CHECKING:
    from temporalio.client import ScheduleHandle

Flow = Annotated[str, Path(description="The flow that ticks start runs of.")]
Step = Annotated[str, Path(description="The cron step.")]

MOST_TICKS = 1_000
"""The most ticks that one backfill makes up for."""


class TickView(View):
    """A tick of a schedule, and the run that it started."""

    at: datetime
    run_id: str | None = None
    """`null`: there is none, or it has been forgotten."""
    status: RunStatus | None = None


class ScheduleView(View):
    """The schedule of a cron step in a flow."""

    flow: str
    step: str
    name: str
    cron: str
    """Minute, hour, day of the month, month, day of the week."""
    words: str
    """The same for people: `every day at 03:00 UTC`."""
    facts: Sequence[Fact] = ()
    """How ticks are kept: those that meet, those that were missed."""
    time_zone: str
    overlap: str
    """What happens when the run of the last tick is still going."""
    present: bool
    """Whether Temporal has it; schedules are made when the engine starts."""
    paused: bool = False
    note: str | None = None
    """What was said when it was paused or resumed."""
    next_ticks: Sequence[datetime] = ()
    """The next ten."""
    last_tick: datetime | None = None
    recent: Sequence[TickView] = ()
    """The latest ten, the newest first."""
    going: Sequence[str] = ()
    """The runs of the latest ticks that are still going, by id."""
    missed: int = 0
    """Ticks that were skipped because the server was away for too long."""
    skipped: int = 0
    """Ticks that were skipped because the run before was still going."""


class PauseRequest(Request):
    """Why a schedule is paused or resumed."""

    note: str = Field(default="", max_length=500)


class BackfillRequest(Request):
    """Which ticks are made up for: those between two moments that have no run."""

    since: AwareDatetime
    """The first moment, included."""
    until: AwareDatetime
    """The last moment, included; not in the future."""
    overlap: Overlap = "buffer_all"
    """What happens when the run of the tick before is still going."""
    dry_run: bool = False
    """Only say which ticks there are."""


class Backfill(View):
    """The ticks between two moments."""

    ticks: Sequence[TickView]
    """All of them; those with a run are left as they are."""
    started: int
    """How many are made up for."""


def schedules_router(site: Site) -> APIRouter:
    """`/schedules` and below."""
    router = APIRouter(prefix="/schedules", tags=["schedules"], responses=ERRORS)

    @router.get("", summary="List the schedules")
    async def list_schedules() -> list[ScheduleView]:
        steps = [step for step in site.lock.steps.values() if step.cron is not None]
        # A tick starts a run of the first flow; the others hear of it from there.
        return await asyncio.gather(*(_view(site, step.flows[0], step.id) for step in steps))

    @router.get("/{flow}/{step}", summary="Show a schedule")
    async def show_schedule(flow: Flow, step: Step) -> ScheduleView:
        return await _view(site, flow, step)

    @router.post("/{flow}/{step}/pause", summary="Stop the ticks until they are resumed")
    @operation("schedule.pause")
    async def pause_schedule(
        flow: Flow, step: Step, who: By, wanted: PauseRequest | None = None
    ) -> ScheduleView:
        with _acting_on(site, flow, step) as schedule:
            await schedule.pause(note=await _note(schedule, f"Paused by {who}", wanted))
        return await _view(site, flow, step)

    @router.post("/{flow}/{step}/resume", summary="Let a paused schedule tick again")
    @operation("schedule.resume")
    async def resume_schedule(
        flow: Flow, step: Step, who: By, wanted: PauseRequest | None = None
    ) -> ScheduleView:
        with _acting_on(site, flow, step) as schedule:
            await schedule.unpause(note=await _note(schedule, f"Resumed by {who}", wanted))
        return await _view(site, flow, step)

    @router.post("/{flow}/{step}/trigger", status_code=202, summary="Tick now")
    @operation("schedule.trigger")
    async def trigger_schedule(flow: Flow, step: Step) -> ScheduleView:
        with _acting_on(site, flow, step) as schedule:
            await schedule.trigger()
        return await _view(site, flow, step)

    @router.post(
        "/{flow}/{step}/backfill",
        status_code=202,
        summary="Make up for ticks that have no run",
        description="With `dry_run` it only lists the ticks, and answers 200.",
    )
    @operation("schedule.backfill")
    async def backfill_schedule(
        flow: Flow, step: Step, wanted: BackfillRequest, response: Response
    ) -> Backfill:
        _check_range(wanted)
        with _acting_on(site, flow, step) as schedule:
            ticks = await _ticks(site, flow, step, wanted)
            missing = [tick.at for tick in ticks if tick.run_id is None]
            if wanted.dry_run:
                response.status_code = 200
            else:
                await make_up(schedule, missing, wanted.overlap)
        return Backfill(
            ticks=[_shown(tick) for tick in ticks], started=0 if wanted.dry_run else len(missing)
        )

    return router


def _handle(site: Site, flow: str, step: str) -> ScheduleHandle:
    found = site.lock.steps.get(step)
    if found is None or found.cron is None or flow not in found.flows:
        raise _not_found(flow, step)
    return site.engine.client.get_schedule_handle(schedule_id(site.lock.project, flow, step))


@contextmanager
def _acting_on(site: Site, flow: str, step: str) -> Generator[ScheduleHandle]:
    try:
        with engine_errors():
            yield _handle(site, flow, step)
    except RunNotFound:
        raise _not_found(flow, step) from None


async def _view(site: Site, flow: str, step: str) -> ScheduleView:
    schedule = _handle(site, flow, step)
    found = site.lock.steps[step]
    assert found.cron is not None
    kept = found.cron.schedule
    declared = ScheduleView(
        flow=flow,
        step=step,
        name=found.name,
        cron=found.cron.expression,
        words=cron_words(found.cron.expression, kept.time_zone),
        facts=detail_facts(found),
        time_zone=kept.time_zone,
        overlap=kept.overlap,
        present=False,
    )
    try:
        with engine_errors():
            description = await schedule.describe()
    except RunNotFound:
        return declared
    info, state = description.info, description.schedule.state
    recent = await _up_to_date(site, flow, step, recent_ticks(description))
    return declared.model_copy(
        update={
            "present": True,
            "paused": state.paused,
            "note": said_in(state.note),
            "next_ticks": tuple(info.next_action_times),
            "last_tick": recent[0].at if recent else None,
            "recent": tuple(_shown(tick) for tick in recent),
            "going": tuple(
                tick.run_id for tick in recent if tick.status == "running" and tick.run_id
            ),
            "missed": info.num_actions_missed_catchup_window,
            "skipped": info.num_actions_skipped_overlap,
        }
    )


async def _up_to_date(site: Site, flow: str, step: str, ticks: list[Tick]) -> list[Tick]:
    """The ticks with what became of their runs: a schedule hears of that only when it ticks again."""
    if not any(tick.status == "running" for tick in ticks):
        return ticks
    page = await site.engine.list_runs(flow=flow, trigger=f"cron:{step}", limit=2 * len(ticks))
    status = {run.run_id: run.status for run in page.runs}
    return [replace(tick, status=status.get(tick.run_id or "", tick.status)) for tick in ticks]


async def _note(schedule: ScheduleHandle, did: str, wanted: PauseRequest | None) -> str:
    said = did
    if wanted is not None and wanted.note.strip():
        said += f": {wanted.note.strip()}"
    description = await schedule.describe()
    return noted(description.schedule.state.note, said)


async def _ticks(site: Site, flow: str, step: str, wanted: BackfillRequest) -> list[Tick]:
    found = site.lock.steps[step].cron
    assert found is not None
    id = schedule_id(site.lock.project, flow, step)
    ticks = await ticks_between(
        site.engine.client, id, wanted.since, wanted.until, limit=MOST_TICKS + 1
    )
    if len(ticks) > MOST_TICKS:
        raise _unfit_range(
            "until",
            f"there are more than {MOST_TICKS:,} ticks between the two moments; tick {MOST_TICKS:,} is at "
            f"{ticks[MOST_TICKS - 1].isoformat()}",
        )
    return await with_runs(site.engine, flow, step, ticks, jitter=found.schedule.jitter)


def _check_range(wanted: BackfillRequest) -> None:
    if wanted.since >= wanted.until:
        raise _unfit_range("until", "it is not later than `since`")
    if wanted.until > datetime.now(UTC):
        raise _unfit_range("until", "it is in the future: its ticks are still to come")


def _unfit_range(field: str, problem: str) -> Problem:
    return Problem(
        422,
        "validation_failed",
        f"The ticks cannot be made up for: {problem}. hint: give another `{field}`.",
        details=[Detail(field=field, message=problem)],
    )


def _shown(tick: Tick) -> TickView:
    return TickView(at=tick.at, run_id=tick.run_id, status=tick.status)


def _not_found(flow: str, step: str) -> Problem:
    return Problem(
        404,
        "schedule_not_found",
        f"The flow `{flow}` has no schedule for a step `{step}`. hint: `/_wistro/api/schedules` lists "
        "those there are.",
    )
