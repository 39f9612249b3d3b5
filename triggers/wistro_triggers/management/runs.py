"""Runs: list them, show one, read its log."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Path, Query

from wistro.runs import DeliveryView, RunCounts, RunDetail, RunPage
from wistro.stores.journal import JournalEntry, JournalFilter, Level
from wistro.temporal import wire
from wistro.temporal.host.connect import engine_errors
from wistro.temporal.host.listing import RunFilter
from wistro.temporal.host.listing import list_runs as find_runs
from wistro.temporal.host.run_counts import Counting
from wistro_triggers.management.run_detail import complete, preview
from wistro_triggers.management.run_waits import MOST, RunWaits, waits_of
from wistro_triggers.management.site import (
    ERRORS,
    Asking,
    FlowPath,
    RunPath,
    Site,
    View,
    at_level,
)
from wistro_triggers.problems import Problem
from wistro_triggers.redaction import entry_without_data, run_without_data

ListedStatus = Literal["running", "completed", "failed", "cancelled", "timed_out", "held"]
_MOST_IDS: Final = 1000
"""How many ids a list may be narrowed to: the more there are, the longer Temporal takes."""


def _asked(
    flows: Annotated[
        list[str] | None, Query(alias="flow", description="Only of these flows: `flow=a&flow=b`.")
    ] = None,
    trigger: Annotated[
        str | None, Query(description="A kind such as `api`, or one trigger: `api:create_order`.")
    ] = None,
    version: Annotated[
        str | None, Query(description="The version that the run is pinned to: a build of the lock.")
    ] = None,
    since: Annotated[datetime | None, Query(description="Started at or after.")] = None,
    until: Annotated[datetime | None, Query(description="Started before.")] = None,
    text: Annotated[
        str | None,
        Query(
            max_length=400,
            description="Part of a run id; with `/` in it, part of `flow/run id`. ASCII letters of either case.",
        ),
    ] = None,
) -> RunFilter:
    """What runs are asked for, of any status, by the query of a request."""
    return RunFilter(
        project="",
        flows=tuple(flows or ()),
        trigger=trigger,
        version=version,
        since=since,
        until=until,
        text=text,
    )


Asked = Annotated[RunFilter, Depends(_asked)]
StatusesQuery = Annotated[
    list[ListedStatus] | None,
    Query(alias="status", description="Any of these; `held`: those that wait for an operator."),
]


class Logs(View):
    """What a run did and logged, in order."""

    entries: list[JournalEntry]
    next_after: int | None = None
    """Give it as `after` for what follows; `null` when that was all, so far."""


def runs_router(site: Site) -> APIRouter:
    """`/runs` and below."""
    router = APIRouter(prefix="/runs", tags=["runs"], responses=ERRORS)
    engine = site.engine
    counting = Counting(engine)

    async def here(asked: RunFilter) -> tuple[RunFilter, bool]:
        """What is asked for in this project, and whether more ids have the text than are looked at."""
        wanted = replace(asked, project=site.lock.project, known=tuple(engine.catalogue.plans))
        if not wanted.text:
            return wanted, False
        await site.counter.advance()
        found = await site.counter.rollups.find_runs(
            wanted.text, flows=wanted.flows, limit=_MOST_IDS + 1
        )
        ids = tuple(wire.workflow_id(run.flow, run.run_id) for run in found[:_MOST_IDS])
        return replace(wanted, ids=ids), len(found) > _MOST_IDS

    @router.get("", summary="List runs: those that run first, then the latest that ended")
    async def list_runs(
        asked: Asked,
        statuses: StatusesQuery = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
        cursor: Annotated[str | None, Query(description="From the page before.")] = None,
    ) -> RunPage:
        wanted, partial = await here(asked)
        wanted = replace(wanted, statuses=tuple(statuses or ()))
        with engine_errors():
            page = await find_runs(engine.client, wanted, limit=limit, cursor=cursor)
        return page.model_copy(update={"partial": partial})

    @router.get("/count", summary="Count runs by status, a few seconds late")
    async def count_runs(asked: Asked) -> RunCounts:
        wanted, partial = await here(asked)
        return (await counting.counts(wanted)).model_copy(update={"partial": partial})

    @router.get("/waiting", summary="Ask runs what they wait for")
    @at_level("read")
    async def runs_waiting(
        runs: Annotated[
            list[str],
            Query(alias="run", max_length=MOST, description="As `flow/run id`, once for each."),
        ],
    ) -> RunWaits:
        return await waits_of(engine, [wire.parse_workflow_id(run) for run in runs])

    _one_run(router, site)
    return router


def _one_run(router: APIRouter, site: Site) -> None:
    engine = site.engine

    @router.get("/{run_id}", summary="Find a run by its id alone")
    async def find_run(run_id: RunPath, visitor: Asking) -> RunDetail:
        run = await engine.show(run_id)
        return run if visitor.may("read") else run_without_data(run)

    @router.get("/{flow}/{run_id}", summary="Show a run with every delivery")
    async def show_run(
        flow: FlowPath,
        run_id: RunPath,
        visitor: Asking,
        shorten: Annotated[
            bool, Query(description="Show large values in part; a delivery alone is shown whole.")
        ] = False,
    ) -> RunDetail:
        run = await complete(site, await engine.show(run_id, flow))
        run = run if visitor.may("read") else run_without_data(run)
        return preview(run) if shorten else run

    @router.get("/{flow}/{run_id}/deliveries/{delivery_id}", summary="Show a delivery in full")
    @at_level("read")
    async def show_delivery(
        flow: FlowPath,
        run_id: RunPath,
        delivery_id: Annotated[str, Path(description="The delivery's id.")],
    ) -> DeliveryView:
        run = await complete(site, await engine.show(run_id, flow))
        for delivery in run.deliveries:
            if delivery.delivery_id == delivery_id:
                return delivery
        raise Problem(
            404,
            "delivery_not_found",
            f"The run `{run_id}` has no delivery `{delivery_id}`. hint: `GET /runs/{flow}/{run_id}` "
            "lists them.",
        )

    @router.get("/{flow}/{run_id}/logs", summary="What a run did and logged")
    async def run_logs(
        flow: FlowPath,
        run_id: RunPath,
        visitor: Asking,
        step: Annotated[str | None, Query(description="Only of this step.")] = None,
        kind: Annotated[list[str] | None, Query(description="Only these kinds, as `log`.")] = None,
        level: Annotated[Level | None, Query(description="This level and more severe.")] = None,
        after: Annotated[int, Query(ge=0, description="Only beyond this place.")] = 0,
        limit: Annotated[int, Query(ge=1, le=5000)] = 500,
    ) -> Logs:
        wanted = JournalFilter(flow=flow, run_id=run_id, step=step, kinds=kind or (), level=level)
        entries = await site.journal.read(wanted, after_seq=after, limit=limit)
        if not visitor.may("read"):
            entries = [entry_without_data(entry) for entry in entries]
        return Logs(entries=entries, next_after=entries[-1].seq if len(entries) == limit else None)
