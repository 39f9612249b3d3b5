"""The audit: who did what, and who was refused what."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from wistro.stores.audit import MAX_READ, AuditEntry, AuditFilter, Outcome, Sort
from wistro_triggers.management.site import ERRORS, Site, View, at_level


class AuditItem(View):
    """Something that was done, or refused."""

    at: datetime
    outcome: Outcome
    """`done`, `failed`, or `refused`."""
    identity: str
    """Who asked, as far as it was proved: `user:anna`, `key:shop-frontend`, `token:ben` (a holder of the
    management token who says to be Ben), `anonymous`."""
    action: str
    """What was done, or asked for: `run.cancel`, `state.set`, …; `call`, `fetch`, `manage`, `inbox`, …"""
    flow: str | None
    run_id: str | None
    delivery_id: str | None
    subject: str | None
    """What else it was about: the step of a schedule, the group and key of a value, a task, …"""
    reason: str
    """Why it was refused, or failed, in a word for programs: `unauthenticated`, `scope_missing`, …"""
    correlation_id: str
    """That of the request, as its answer and the logs have it."""
    remote: str | None
    """The address of whoever sent the request."""


class AuditPage(View):
    """Entries of the audit, the newest first."""

    items: list[AuditItem]
    next: str | None = None
    """Ask for the older ones with it, as `before`; nothing when there are none."""
    dropped: int
    """How many refusals were not noted since the start, because there were too many at once."""


def audit_router(site: Site) -> APIRouter:
    """`/audit`."""
    router = APIRouter(tags=["audit"], responses=ERRORS)

    @router.get("/audit", summary="List who did what, and who was refused what")
    @at_level("read")
    async def list_audit(
        flow: Annotated[str | None, Query(description="Only about this flow.")] = None,
        run_id: Annotated[str | None, Query(description="Only about this run.")] = None,
        kind: Annotated[
            Sort | None, Query(description="`done`: failures included; or `refused`.")
        ] = None,
        who: Annotated[
            str | None, Query(description="The user, the key's name, … without its kind.")
        ] = None,
        action: Annotated[
            str | None, Query(description="`run.cancel`; `run.` for all that begin so.")
        ] = None,
        since: Annotated[AwareDatetime | None, Query(description="Not before this moment.")] = None,
        before: Annotated[
            int | None, Query(ge=1, lt=2**63, description="The `next` of the page before.")
        ] = None,
        limit: Annotated[int, Query(ge=1, le=MAX_READ)] = 100,
    ) -> AuditPage:
        wanted = AuditFilter(
            sort=kind,
            flow=flow,
            run_id=run_id,
            id=who,
            action=action,
            since=since.timestamp() if since else None,
        )
        found = await site.audit.audit.read(wanted, before=before, limit=limit + 1)
        more = len(found) > limit
        return AuditPage(
            items=[_shown(entry) for entry in found[:limit]],
            next=str(found[limit - 1].seq) if more else None,
            dropped=site.audit.dropped,
        )

    return router


def _shown(entry: AuditEntry) -> AuditItem:
    return AuditItem(
        at=datetime.fromtimestamp(entry.at, UTC),
        outcome=entry.outcome,
        identity=f"{entry.kind}:{entry.id}" if entry.id else entry.kind,
        action=entry.action,
        flow=entry.flow,
        run_id=entry.run_id,
        delivery_id=entry.delivery_id,
        subject=entry.subject,
        reason=entry.reason,
        correlation_id=entry.correlation_id,
        remote=entry.remote,
    )
