"""What is held across runs, and its release in bulk."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import Field, model_validator

from wistro.repairs import HeldPage, Released, ReleaseEnded
from wistro.stores.audit import MAX_TEXT, AuditEntry
from wistro.temporal.host.held import MAX_RELEASED, Held, HeldFilter
from wistro_triggers.management.site import ERRORS, Request, Site
from wistro_triggers.problems import correlation_id
from wistro_triggers.visitors import Asking, Visitor, at_level, operation

NDJSON = "application/x-ndjson"


class HeldItem(Request):
    """Names a held delivery."""

    flow: str
    run_id: str
    delivery_id: str


class ReleaseRequest(Request):
    """Releases held deliveries: those named, or all that the filter lets through."""

    items: Annotated[list[HeldItem], Field(min_length=1, max_length=MAX_RELEASED)] | None = None
    flow: str | None = None
    step: str | None = None
    error: str | None = None
    """The code of the error."""
    since: datetime | None = None
    """Of runs that started at or after."""
    action: Literal["retry", "skip"] = "retry"
    dry_run: bool = False
    """Only say which it would be."""

    @model_validator(mode="after")
    def _either(self) -> ReleaseRequest:
        if self.items is not None and any((self.flow, self.step, self.error, self.since)):
            raise ValueError("expected `items` or a filter, found both")
        return self

    def wanted(self) -> HeldFilter | list[tuple[str, str, str]]:
        """Which deliveries are meant."""
        if self.items is not None:
            return [(item.flow, item.run_id, item.delivery_id) for item in self.items]
        return HeldFilter(flow=self.flow, step=self.step, error=self.error, since=self.since)


def held_router(site: Site) -> APIRouter:
    """`/held` and below."""
    router = APIRouter(prefix="/held", tags=["held"], responses=ERRORS)
    held = Held(site.engine)

    @router.get("", summary="List held deliveries, grouped by step and error")
    @at_level("read")
    async def list_held(
        flow: Annotated[str | None, Query(description="Only of this flow.")] = None,
        step: Annotated[str | None, Query(description="Only of this step.")] = None,
        error: Annotated[str | None, Query(description="Only with this error code.")] = None,
        since: Annotated[
            datetime | None, Query(description="Of runs that started at or after.")
        ] = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
        cursor: Annotated[str | None, Query(description="From the page before.")] = None,
    ) -> HeldPage:
        wanted = HeldFilter(flow=flow, step=step, error=error, since=since)
        return await held.list(wanted, limit=limit, cursor=cursor)

    @router.post(
        "/release",
        summary="Make held deliveries again, or skip them",
        response_class=StreamingResponse,
        responses={
            200: {
                "description": "A JSON document a line: what became of each delivery as soon as it is "
                "known, and at the end a summary. Whoever stops reading stops it.",
                "content": {NDJSON: {}},
            }
        },
    )
    @operation("held.release")
    async def release_held(wanted: ReleaseRequest, visitor: Asking) -> StreamingResponse:
        visitor.about["subject"] = _subject(wanted)
        return StreamingResponse(_lines(site, held, wanted, visitor), media_type=NDJSON)

    return router


async def _lines(
    site: Site, held: Held, wanted: ReleaseRequest, visitor: Visitor
) -> AsyncIterator[bytes]:
    async def noted(line: Released) -> None:
        await site.audit.did(_entry(line, wanted, visitor))

    results = held.release(
        wanted.wanted(),
        action=wanted.action,
        dry_run=wanted.dry_run,
        by=visitor.name,
        noted=noted,
    )
    async for line in results:
        yield _line(line)


def _line(line: Released | ReleaseEnded) -> bytes:
    return line.model_dump_json().encode() + b"\n"


def _entry(line: Released, wanted: ReleaseRequest, visitor: Visitor) -> AuditEntry:
    """The note of what was done to one run, so that the run's own record has it."""
    return AuditEntry(
        at=time.time(),
        kind=visitor.identity.kind,
        id=visitor.identity.id[:MAX_TEXT],
        action=f"run.{wanted.action}",
        outcome="done" if line.outcome == "done" else "failed",
        flow=line.flow,
        run_id=line.run_id,
        delivery_id=line.delivery_id,
        subject="in bulk",
        reason=line.error_code or "",
        correlation_id=correlation_id.get(),
        remote=None,
    )


def _subject(wanted: ReleaseRequest) -> str:
    if wanted.items is not None:
        return f"{wanted.action} {len(wanted.items)} deliveries"
    given = {"flow": wanted.flow, "step": wanted.step, "error": wanted.error}
    return " ".join([wanted.action, *(f"{name}={value}" for name, value in given.items() if value)])
