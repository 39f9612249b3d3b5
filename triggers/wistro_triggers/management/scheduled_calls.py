"""Calls that are to come: at a moment, or by a cron expression."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from wistro.runs import ScheduledCall
from wistro.temporal.host.scheduled_calls import ScheduledCalls
from wistro_triggers.management.site import ERRORS, Site, operation

Id = Annotated[str, Path(description="What the call was answered with.")]
Flow = Annotated[str | None, Query(description="The flow that is called, if it is known.")]


def scheduled_calls_router(site: Site) -> APIRouter:
    """`/scheduled-calls` and below."""
    router = APIRouter(prefix="/scheduled-calls", tags=["calls"], responses=ERRORS)

    @router.get("", summary="List the calls that are to come")
    async def list_scheduled_calls(
        flow: Flow = None, limit: Annotated[int, Query(ge=1, le=1000)] = 100
    ) -> list[ScheduledCall]:
        return await ScheduledCalls(site.engine).list(flow=flow, limit=limit)

    @router.get("/{id}", summary="Show a call that is to come")
    async def show_scheduled_call(id: Id, flow: Flow = None) -> ScheduledCall:
        return await ScheduledCalls(site.engine).show(id, flow=flow)

    @router.delete("/{id}", status_code=204, summary="Take back a call that is to come")
    @operation("call.cancel")
    async def cancel_scheduled_call(id: Id, flow: Flow = None) -> Response:
        await ScheduledCalls(site.engine).cancel(id, flow=flow)
        return Response(status_code=204)

    return router
