"""The audit: who was refused what."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from wistro.stores.audit import MAX_READ, AuditEntry, AuditFilter
from wistro_triggers.management.site import ERRORS, Site, View


class Refused(View):
    """Something that was refused."""

    at: datetime
    identity: str
    """Who asked, as far as it was proved: `anonymous`, `key:shop-frontend`, `user:anna`."""
    action: str
    """What was asked for: `call`, `fetch`, `inbox`, …"""
    flow: str | None
    reason: str
    """A word for programs: `unauthenticated`, `scope_missing`, `not_allowed`, …"""
    correlation_id: str
    """That of the request, as its answer and the logs have it."""
    remote: str | None
    """The address of whoever sent the request."""


class Refusals(View):
    """Refusals, the newest first."""

    items: list[Refused]
    next: str | None = None
    """Ask for the older ones with it, as `before`; nothing when there are none."""
    dropped: int
    """How many were not noted since the start, because there were too many at once."""


def audit_router(site: Site) -> APIRouter:
    """`/audit`."""
    router = APIRouter(tags=["audit"], responses=ERRORS)

    @router.get("/audit", summary="List who was refused what")
    async def list_refusals(
        flow: Annotated[str | None, Query(description="Only about this flow.")] = None,
        since: Annotated[AwareDatetime | None, Query(description="Not before this moment.")] = None,
        before: Annotated[
            int | None, Query(ge=1, lt=2**63, description="The `next` of the page before.")
        ] = None,
        limit: Annotated[int, Query(ge=1, le=MAX_READ)] = 100,
    ) -> Refusals:
        wanted = AuditFilter(flow=flow, since=since.timestamp() if since else None)
        found = await site.audit.audit.read(wanted, before=before, limit=limit + 1)
        more = len(found) > limit
        return Refusals(
            items=[_shown(entry) for entry in found[:limit]],
            next=str(found[limit - 1].seq) if more else None,
            dropped=site.audit.dropped,
        )

    return router


def _shown(entry: AuditEntry) -> Refused:
    return Refused(
        at=datetime.fromtimestamp(entry.at, UTC),
        identity=f"{entry.kind}:{entry.id}" if entry.id else entry.kind,
        action=entry.action,
        flow=entry.flow,
        reason=entry.reason,
        correlation_id=entry.correlation_id,
        remote=entry.remote,
    )
