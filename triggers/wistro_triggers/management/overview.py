"""How the project does: figures over time, and the health of its flows."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from wistro.errors import RunError
from wistro.issues import did_you_mean
from wistro.stores.rollups import Tally
from wistro.temporal.host.census import Census, take_census
from wistro_triggers.management.recent import Recent
from wistro_triggers.management.series import (
    MAX_POINTS,
    Figures,
    Grid,
    Series,
    by_subject,
    figures_of,
    summed,
)
from wistro_triggers.management.site import ERRORS, Site, View

_HOUR = timedelta(hours=1)
_TODAY = timedelta(days=1)
_QUARTER = 900


class Overview(View):
    """Figures over time."""

    at: list[datetime]
    """Where each place of the series begins."""
    width: int
    """Seconds from one place to the next."""
    until: datetime
    """Where the last place ends, which may not be full yet."""
    all: Series
    """Of all flows together; of one flow, its runs."""
    series: list[Series]
    """Of each flow in which something happened, or of each step of the flow: the busiest first."""


class FlowHealth(View):
    """How a flow does."""

    flow: str
    name: str
    figures: Figures
    """Since the moment asked for."""
    running: int
    """Runs that are under way."""
    held: int
    """Those of them that wait for an operator."""
    waiting: int
    """Tasks that wait for people."""
    last_run_at: datetime | None = None
    """When a run last began or ended."""


class Health(View):
    """How the flows do."""

    since: datetime
    flows: list[FlowHealth]


class BuildView(View):
    """A version of the project."""

    id: str
    """The hash of its lock."""
    current: bool
    """Whether runs begin with it now."""
    running: int
    """Runs of it that are under way."""
    first_run_at: datetime | None = None
    last_run_at: datetime | None = None
    """When a run last began with it."""


def overview_router(site: Site) -> APIRouter:
    """`/overview`, `/health` and `/versions`."""
    router = APIRouter(tags=["overview"], responses=ERRORS)
    rollups = site.counter.rollups

    async def census() -> Census:
        builds = [build.id for build in (await rollups.builds())[:_BUILDS]]
        return await take_census(site.engine.client, site.lock, [*builds, site.lock.build])

    recent = Recent(census, seconds=2)

    @router.get("/overview", summary="Show throughput, durations and failures over time")
    async def show_overview(
        since: Annotated[
            AwareDatetime | None, Query(description="From here; without one, the last hour.")
        ] = None,
        until: Annotated[AwareDatetime | None, Query(description="Up to here, or now.")] = None,
        flow: Annotated[
            str | None, Query(description="The steps of this flow; without one, all flows.")
        ] = None,
        width: Annotated[
            int | None,
            Query(ge=60, description="Seconds from one place to the next, at least."),
        ] = None,
    ) -> Overview:
        if flow is not None and flow not in site.lock.flows:
            raise _no_flow(site, flow)
        await site.counter.advance()
        grid = _grid(since, until, width)
        found = await rollups.read(grid.stored, since=grid.since, until=grid.until + 1, flow=flow)
        subjects = by_subject(found)
        if flow is None:
            of_all = summed(list(subjects.values()))
            names = {id: site.lock.flows[id].name for id in site.lock.flows}
            parts = {id: tallies for (id, _), tallies in subjects.items()}
        else:
            of_all = subjects.pop((flow, None), {})
            names = {id: step.name for id, step in site.lock.steps.items()}
            parts = {step or "": tallies for (_, step), tallies in subjects.items()}
        series = [grid.series(id, names.get(id, id), each) for id, each in parts.items()]
        return Overview(
            at=[_moment(at) for at in grid.moments],
            width=grid.width,
            until=_moment(grid.until),
            all=grid.series(flow or "", "" if flow is None else site.lock.flows[flow].name, of_all),
            series=sorted(series, key=_busiest_first),
        )

    @router.get("/health", summary="Show how the flows do")
    async def show_health(
        since: Annotated[
            AwareDatetime | None,
            Query(description="Count from here, as from midnight; without one, the last day."),
        ] = None,
    ) -> Health:
        begin = since or datetime.now(UTC) - _TODAY
        await site.counter.advance()
        now = await recent.get()
        figures = await _figures(site, begin)
        waiting = await site.inbox.count_open()
        last = await rollups.last_runs()
        return Health(
            since=begin,
            flows=[
                FlowHealth(
                    flow=id,
                    name=flow.name,
                    figures=figures.get(id, Figures()),
                    running=now.running.get(id, 0),
                    held=now.held.get(id, 0),
                    waiting=waiting.get(id, 0),
                    last_run_at=_moment(last[id]) if id in last else None,
                )
                for id, flow in site.lock.flows.items()
            ],
        )

    @router.get("/versions", summary="List the versions that runs began with")
    async def list_versions() -> list[BuildView]:
        await site.counter.advance()
        running = (await recent.get()).builds
        known = {build.id: build for build in (await rollups.builds())[:_BUILDS]}
        ids = dict.fromkeys([site.lock.build, *known, *running])
        return [
            BuildView(
                id=id,
                current=id == site.lock.build,
                running=running.get(id, 0),
                first_run_at=_moment(known[id].first_at) if id in known else None,
                last_run_at=_moment(known[id].last_at) if id in known else None,
            )
            for id in ids
        ]

    return router


_BUILDS = 50
"""The versions that are listed: those whose runs are the latest."""


def _grid(since: datetime | None, until: datetime | None, width: int | None) -> Grid:
    now = time.time()
    end = min(until.timestamp(), now) if until is not None else now
    begin = since.timestamp() if since is not None else end - _HOUR.total_seconds()
    if begin >= end:
        raise RunError(
            "`since` is not before `until`, or in the future: expected a stretch of the past",
            code="invalid_filter",
            hint="leave both out for the last hour",
        )
    grid = Grid.fitting(begin, end, now=now, width=width)
    if len(grid.moments) > MAX_POINTS:
        raise RunError(
            f"`width` gives {len(grid.moments):,} places; expected at most {MAX_POINTS:,}",
            code="invalid_filter",
            hint="leave `width` out, or ask for less time",
        )
    return grid


async def _figures(site: Site, since: datetime) -> Mapping[str, Figures]:
    begin, now = since.timestamp(), time.time()
    grid = Grid.fitting(begin, now, now=now, width=_QUARTER)
    found = await site.counter.rollups.read(grid.stored, since=grid.since, until=now + 1)
    flows: dict[str, Tally] = {}
    for slot, tally in found.items():
        flows.setdefault(slot.flow, Tally()).merge(tally)
    return {id: figures_of(tally) for id, tally in flows.items()}


def _busiest_first(series: Series) -> tuple[int, str]:
    total = series.total
    return -(total.started or total.completed + total.failed + total.cancelled), series.id


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _no_flow(site: Site, flow: str) -> RunError:
    return RunError(
        f"The project has no flow `{flow}`.",
        code="flow_not_found",
        hint=did_you_mean(flow, tuple(site.lock.flows)),
    )
