"""Ticks of a schedule: those that were, with their runs, those there should have been, and making up for them.

When a schedule ticks, Temporal alone says: it reads cron expressions in its own way, and spreads ticks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from google.protobuf.timestamp_pb2 import Timestamp
from temporalio.api.workflowservice.v1 import ListScheduleMatchingTimesRequest
from temporalio.client import (
    ScheduleBackfill,
    ScheduleDescription,
    ScheduleHandle,
    WorkflowExecutionStatus,
)

from wistro.runs import RunStatus
from wistro.temporal import wire
from wistro.temporal.host.history import run_status
from wistro.temporal.host.schedules import OVERLAP

if TYPE_CHECKING:
    from temporalio.client import Client

    from wistro.temporal.host.engine import Engine

_STAMP = "%Y-%m-%dT%H:%M:%SZ"
_JUST_BEFORE = timedelta(milliseconds=1)
_PAGE = 500


@dataclass(frozen=True, kw_only=True)
class Tick:
    """One tick, and the run that it started."""

    at: datetime
    """When the clock said so; the run may have begun later."""
    run_id: str | None = None
    status: RunStatus | None = None


def recent_ticks(description: ScheduleDescription) -> list[Tick]:
    """The latest ticks, the newest first, and what the schedule last heard of their runs."""
    return [
        Tick(
            at=action.schedule_time.ToDatetime(UTC),
            run_id=_run_id(action.start_workflow_result.workflow_id),
            status=run_status(
                WorkflowExecutionStatus(action.start_workflow_status)
                if action.start_workflow_status
                else None,
                None,
            ),
        )
        for action in reversed(description.raw_description.info.recent_actions)
    ]


async def ticks_between(
    client: Client, id: str, since: datetime, until: datetime, *, limit: int
) -> list[datetime]:
    """The ticks from `since` to `until`, both included, the first `limit` of them."""
    found: list[datetime] = []
    start = since - _JUST_BEFORE
    while len(found) < limit:
        request = ListScheduleMatchingTimesRequest(
            namespace=client.namespace,
            schedule_id=id,
            start_time=_stamp(start),
            end_time=_stamp(until),
        )
        answer = await client.workflow_service.list_schedule_matching_times(request)
        if not answer.start_time:  # it gives so many at once
            break
        found += [at.ToDatetime(UTC) for at in answer.start_time]
        start = found[-1]
    return found[:limit]


async def with_runs(
    engine: Engine, flow: str, step: str, ticks: Sequence[datetime], *, jitter: timedelta
) -> list[Tick]:
    """The ticks, each with the run that it has already."""
    if not ticks:
        return []
    prefix = f"cron.{step}-"
    runs: dict[datetime, tuple[str, RunStatus]] = {}
    cursor: str | None = None
    since = ticks[0] - jitter
    while True:
        page = await engine.list_runs(
            flow=flow, trigger=f"cron:{step}", since=since, limit=_PAGE, cursor=cursor
        )
        for run in page.runs:
            at = _moment(run.run_id.removeprefix(prefix))
            if run.run_id.startswith(prefix) and at is not None:
                # The newest comes first, and is the one that is shown under its id.
                runs.setdefault(at, (run.run_id, run.status))
        cursor = page.next_cursor
        if cursor is None:
            return list(_matched(ticks, runs, jitter))


def _matched(
    ticks: Sequence[datetime], runs: dict[datetime, tuple[str, RunStatus]], jitter: timedelta
) -> Iterable[Tick]:
    """Ids of runs name the moment before a tick was spread: a run is that of the first tick from then on."""
    moments = sorted(runs)
    place = 0
    for tick in ticks:
        found: datetime | None = None
        while place < len(moments) and moments[place] <= tick:
            found = moments[place] if tick - moments[place] <= jitter else None
            place += 1
        if found is None:
            yield Tick(at=tick)
        else:
            run_id, status = runs[found]
            yield Tick(at=tick, run_id=run_id, status=status)


async def make_up(handle: ScheduleHandle, ticks: Sequence[datetime], overlap: str) -> None:
    """Tick for each of these moments as if it were now."""
    wanted = [
        ScheduleBackfill(start_at=at - _JUST_BEFORE, end_at=at, overlap=OVERLAP[overlap])
        for at in ticks
    ]
    if wanted:
        await handle.backfill(*wanted)


def _run_id(workflow_id: str) -> str:
    return wire.parse_workflow_id(workflow_id)[1]


def _stamp(at: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(at.astimezone(UTC))
    return stamp


def _moment(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None
