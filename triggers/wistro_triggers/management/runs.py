"""Runs: list, show, follow, start, cancel, retry, skip and fork."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime, Field

from wistro.contract import Trigger
from wistro.options import Duration
from wistro.runs import RunDetail, RunPage
from wistro.stores.journal import JournalEntry, JournalFilter, Level
from wistro.temporal.host.engine import UNCHANGED
from wistro_triggers import metrics
from wistro_triggers.answers import Accepted
from wistro_triggers.management.site import ERRORS, OPERATOR, Request, Site, View
from wistro_triggers.problems import Problem
from wistro_triggers.tracing import current_traceparent

ListedStatus = Literal["running", "completed", "failed", "cancelled", "timed_out", "held"]
Flow = Annotated[str, Path(description="The flow of the run.")]
RunId = Annotated[str, Path(description="The run.")]
DeliveryId = Annotated[str, Path(description="The delivery, as the run shows it.")]


class StartRequest(Request):
    """Starts a run as an operator: at a step, or with a message on a topic."""

    flow: str
    step: str | None = None
    """The api, cron or call step that gets `data`."""
    topic: str | None = None
    """The topic whose subscribers in the flow get `data`."""
    data: object = None
    after: Duration | None = None
    """Start that much later."""
    at: AwareDatetime | None = None
    """Start at that moment."""
    idempotency_key: str | None = Field(default=None, min_length=1, max_length=255)
    client_context: object = None
    """What handlers see as `ctx.client_context`."""


class RepairRequest(Request):
    """Retries or forks, with other data when `data` is given (`null` is data)."""

    data: object = None

    def chosen(self) -> object:
        """The data to go on with."""
        return self.data if "data" in self.model_fields_set else UNCHANGED


class ForkRequest(RepairRequest):
    """Starts a run that goes on from where an ended one failed."""

    delivery_id: str | None = None
    """The delivery that `data` is for."""


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
            str | None, Query(description="A kind such as `api`, or one trigger: `api:create_order`.")
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

    @router.post("", status_code=202, summary="Start a run")
    async def start_run(wanted: StartRequest) -> Accepted:
        if (wanted.step is None) == (wanted.topic is None):
            raise Problem(
                422,
                "validation_failed",
                "A run starts at a `step` or with a message on a `topic`: give one of the two. hint: "
                "`/_wistro/api/flows` shows both.",
            )
        started = await engine.start(
            wanted.flow,
            Trigger(
                kind="operator",
                step=wanted.step,
                topic=wanted.topic,
                by=OPERATOR,
                client_context=wanted.client_context,
                traceparent=current_traceparent(),
            ),
            wanted.data,
            idempotency_key=wanted.idempotency_key,
            after=wanted.after,
            at=wanted.at,
        )
        metrics.count_run(wanted.flow, "operator")
        return Accepted(flow=started.flow, run_id=started.run_id, existed=started.existed)

    @router.get("/{run_id}", summary="Find a run by its id alone")
    async def find_run(run_id: RunId) -> RunDetail:
        return await engine.show(run_id)

    @router.get("/{flow}/{run_id}", summary="Show a run with every delivery")
    async def show_run(flow: Flow, run_id: RunId) -> RunDetail:
        return await engine.show(run_id, flow)

    @router.get("/{flow}/{run_id}/logs", summary="What a run did and logged")
    async def run_logs(
        flow: Flow,
        run_id: RunId,
        step: Annotated[str | None, Query(description="Only of this step.")] = None,
        kind: Annotated[list[str] | None, Query(description="Only these kinds, as `log`.")] = None,
        level: Annotated[Level | None, Query(description="This level and more severe.")] = None,
        after: Annotated[int, Query(ge=0, description="Only beyond this place.")] = 0,
        limit: Annotated[int, Query(ge=1, le=5000)] = 500,
    ) -> Logs:
        wanted = JournalFilter(flow=flow, run_id=run_id, step=step, kinds=kind or (), level=level)
        entries = await site.journal.read(wanted, after_seq=after, limit=limit)
        return Logs(entries=entries, next_after=entries[-1].seq if len(entries) == limit else None)

    @router.post("/{flow}/{run_id}/cancel", status_code=202, summary="Ask a run to end")
    async def cancel_run(flow: Flow, run_id: RunId) -> Accepted:
        await engine.cancel(flow, run_id)
        return Accepted(flow=flow, run_id=run_id, existed=True)

    @router.post("/{flow}/{run_id}/fork", status_code=202, summary="Go on from where a run failed")
    async def fork_run(flow: Flow, run_id: RunId, wanted: ForkRequest | None = None) -> Accepted:
        wanted = wanted or ForkRequest()
        started = await engine.fork(
            flow, run_id, delivery_id=wanted.delivery_id, data=wanted.chosen(), by=OPERATOR
        )
        return Accepted(flow=started.flow, run_id=started.run_id)

    @router.post(
        "/{flow}/{run_id}/deliveries/{delivery_id}/retry",
        status_code=202,
        summary="Make a held or failed delivery again",
    )
    async def retry_delivery(
        flow: Flow, run_id: RunId, delivery_id: DeliveryId, wanted: RepairRequest | None = None
    ) -> Accepted:
        data = UNCHANGED if wanted is None else wanted.chosen()
        run = await engine.retry(flow, run_id, delivery_id, data=data, by=OPERATOR)
        return Accepted(flow=run.flow, run_id=run.run_id, existed=run.existed)

    @router.post(
        "/{flow}/{run_id}/deliveries/{delivery_id}/skip",
        status_code=202,
        summary="Go on without a held delivery",
    )
    async def skip_delivery(flow: Flow, run_id: RunId, delivery_id: DeliveryId) -> Accepted:
        await engine.skip(flow, run_id, delivery_id, by=OPERATOR)
        return Accepted(flow=flow, run_id=run_id, existed=True)

    return router
