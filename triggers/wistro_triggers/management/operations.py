"""Operations on runs: start, cancel, fork, and repair their deliveries."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import AwareDatetime, Field

from wistro.contract import Trigger
from wistro.options import Duration
from wistro.repairs import RepairAction, RepairPreview
from wistro.temporal.host.engine import UNCHANGED
from wistro.temporal.host.repairs import Repairs
from wistro_triggers import metrics
from wistro_triggers.answers import Accepted
from wistro_triggers.management.site import ERRORS, FlowPath, Request, RunPath, Site
from wistro_triggers.messages import unfit
from wistro_triggers.problems import Problem
from wistro_triggers.tracing import current_traceparent
from wistro_triggers.visitors import Asking, By, at_level, operation

DeliveryPath = Annotated[str, Path(description="The delivery, as the run shows it.")]


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
    """Starts a run that makes one delivery of another again, and what follows from it."""

    delivery_id: str | None = None
    """The delivery, whatever became of it. Without one, the run goes on from where the other failed."""


class PreviewRequest(RepairRequest):
    """Asks what a repair will do."""

    action: RepairAction
    delivery_id: str | None = None


def operations_router(site: Site) -> APIRouter:
    """What changes something below `/runs`."""
    router = APIRouter(prefix="/runs", tags=["runs"], responses=ERRORS)
    engine, repairs = site.engine, Repairs(site.engine)

    @router.post("", status_code=202, summary="Start a run")
    @operation("run.start")
    async def start_run(wanted: StartRequest, visitor: Asking) -> Accepted:
        visitor.about |= {"flow": wanted.flow, "subject": wanted.step or wanted.topic}
        if (wanted.step is None) == (wanted.topic is None):
            raise Problem(
                422,
                "validation_failed",
                "A run starts at a `step` or with a message on a `topic`: give one of the two. hint: "
                "`/_wistro/api/flows` shows both.",
            )
        if wanted.topic is not None:
            site.messages.check_topic(wanted.topic, flow=wanted.flow)
            if details := site.messages.errors(wanted.topic, wanted.data, root="data"):
                raise unfit(wanted.topic, details)
        started = await engine.start(
            wanted.flow,
            Trigger(
                kind="operator",
                step=wanted.step,
                topic=wanted.topic,
                by=visitor.name,
                client_context=wanted.client_context,
                traceparent=current_traceparent(),
            ),
            wanted.data,
            idempotency_key=wanted.idempotency_key,
            after=wanted.after,
            at=wanted.at,
        )
        visitor.about["run_id"] = started.run_id
        run = Accepted(flow=started.flow, run_id=started.run_id, existed=started.existed)
        metrics.count_run(run, "operator")
        return run

    _repairing(router, site, repairs)
    return router


def _repairing(router: APIRouter, site: Site, repairs: Repairs) -> None:
    engine = site.engine

    @router.post("/{flow}/{run_id}/preview", summary="Say what a repair will do")
    @at_level("read")
    async def preview_repair(
        flow: FlowPath, run_id: RunPath, wanted: PreviewRequest
    ) -> RepairPreview:
        """Nothing is done. A repair that cannot be done says why, and what is wrong with its input."""
        return await repairs.preview(
            flow, run_id, wanted.action, delivery_id=wanted.delivery_id, data=wanted.chosen()
        )

    @router.post("/{flow}/{run_id}/cancel", status_code=202, summary="Ask a run to end")
    @operation("run.cancel")
    async def cancel_run(flow: FlowPath, run_id: RunPath, who: By) -> Accepted:
        await engine.cancel(flow, run_id, by=who)
        return Accepted(flow=flow, run_id=run_id, existed=True)

    @router.post(
        "/{flow}/{run_id}/fork",
        status_code=202,
        summary="Make a delivery again in a new run, or go on from where a run failed",
    )
    @operation("run.fork")
    async def fork_run(
        flow: FlowPath, run_id: RunPath, visitor: Asking, wanted: ForkRequest | None = None
    ) -> Accepted:
        wanted = wanted or ForkRequest()
        visitor.about["delivery_id"] = wanted.delivery_id
        started = await repairs.fork(
            flow, run_id, delivery_id=wanted.delivery_id, data=wanted.chosen(), by=visitor.name
        )
        visitor.about["subject"] = started.run_id
        return Accepted(flow=started.flow, run_id=started.run_id)

    @router.post(
        "/{flow}/{run_id}/deliveries/{delivery_id}/retry",
        status_code=202,
        summary="Make a held or failed delivery again",
    )
    @operation("run.retry")
    async def retry_delivery(
        flow: FlowPath,
        run_id: RunPath,
        delivery_id: DeliveryPath,
        visitor: Asking,
        wanted: RepairRequest | None = None,
    ) -> Accepted:
        data = UNCHANGED if wanted is None else wanted.chosen()
        run = await repairs.retry(flow, run_id, delivery_id, data=data, by=visitor.name)
        if not run.existed:
            visitor.about["subject"] = run.run_id
        return Accepted(flow=run.flow, run_id=run.run_id, existed=run.existed)

    @router.post(
        "/{flow}/{run_id}/deliveries/{delivery_id}/skip",
        status_code=202,
        summary="Go on without a held delivery",
    )
    @operation("run.skip")
    async def skip_delivery(
        flow: FlowPath, run_id: RunPath, delivery_id: DeliveryPath, who: By
    ) -> Accepted:
        await engine.skip(flow, run_id, delivery_id, by=who)
        return Accepted(flow=flow, run_id=run_id, existed=True)
