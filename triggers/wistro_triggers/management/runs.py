"""Runs: list them, show one, read its log."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query

from wistro.runs import RunDetail, RunPage
from wistro.stores.journal import JournalEntry, JournalFilter, Level
from wistro_triggers.management.site import ERRORS, FlowPath, RunPath, Site, View

ListedStatus = Literal["running", "completed", "failed", "cancelled", "timed_out", "held"]


class Logs(View):
    """What a run did and logged, in order."""

    entries: list[JournalEntry]
    next_after: int | None = None
    """Give it as `after` for what follows; `null` when that was all, so far."""


def runs_router(site: Site) -> APIRouter:
    """`/runs` and below."""
    router = APIRouter(prefix="/runs", tags=["runs"], responses=ERRORS)
    engine = site.engine

    @router.get("", summary="List runs, newest first")
    async def list_runs(
        flow: Annotated[str | None, Query(description="Only of this flow.")] = None,
        status: Annotated[
            ListedStatus | None, Query(description="`held`: those that wait for an operator.")
        ] = None,
        trigger: Annotated[
            str | None,
            Query(description="A kind such as `api`, or one trigger: `api:create_order`."),
        ] = None,
        since: Annotated[datetime | None, Query(description="Started at or after.")] = None,
        until: Annotated[datetime | None, Query(description="Started before.")] = None,
        text: Annotated[str | None, Query(description="The beginning of the run's id.")] = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
        cursor: Annotated[str | None, Query(description="From the page before.")] = None,
    ) -> RunPage:
        return await engine.list_runs(
            flow=flow,
            status=status,
            trigger=trigger,
            since=since,
            until=until,
            text=text,
            limit=limit,
            cursor=cursor,
        )

    @router.get("/{run_id}", summary="Find a run by its id alone")
    async def find_run(run_id: RunPath) -> RunDetail:
        return await engine.show(run_id)

    @router.get("/{flow}/{run_id}", summary="Show a run with every delivery")
    async def show_run(flow: FlowPath, run_id: RunPath) -> RunDetail:
        return await engine.show(run_id, flow)

    @router.get("/{flow}/{run_id}/logs", summary="What a run did and logged")
    async def run_logs(
        flow: FlowPath,
        run_id: RunPath,
        step: Annotated[str | None, Query(description="Only of this step.")] = None,
        kind: Annotated[list[str] | None, Query(description="Only these kinds, as `log`.")] = None,
        level: Annotated[Level | None, Query(description="This level and more severe.")] = None,
        after: Annotated[int, Query(ge=0, description="Only beyond this place.")] = 0,
        limit: Annotated[int, Query(ge=1, le=5000)] = 500,
    ) -> Logs:
        wanted = JournalFilter(flow=flow, run_id=run_id, step=step, kinds=kind or (), level=level)
        entries = await site.journal.read(wanted, after_seq=after, limit=limit)
        return Logs(entries=entries, next_after=entries[-1].seq if len(entries) == limit else None)

    return router
