"""The logs of the whole project: what all runs did and said, the newest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query

from wistro.stores.journal import LOOKED_THROUGH, JournalEntry, JournalFilter, Level
from wistro_triggers.management.site import ERRORS, Site, View, at_level

Before = Annotated[
    int | None, Query(ge=1, lt=2**63, description="The `next` of the page before: older ones.")
]


class OlderLogs(View):
    """Entries of the journal, the newest first."""

    entries: Sequence[JournalEntry]
    next: int | None = None
    """Give it as `before` for older ones; `null` at the beginning of the journal."""


def logs_router(site: Site) -> APIRouter:
    """`/logs`."""
    router = APIRouter(prefix="/logs", tags=["logs"], responses=ERRORS)

    @router.get(
        "",
        summary="Look through what all runs did and logged, the newest first",
        description=f"A page looks through at most {LOOKED_THROUGH:,} entries: it may be empty and have a "
        "`next` all the same. `/live` tells what comes.",
    )
    @at_level("read")
    async def list_logs(
        *,
        flow: Annotated[str | None, Query(description="Only of this flow.")] = None,
        step: Annotated[str | None, Query(description="Only of this step.")] = None,
        run_id: Annotated[str | None, Query(description="Only of this run.")] = None,
        level: Annotated[Level | None, Query(description="This level and more severe.")] = None,
        kind: Annotated[list[str] | None, Query(description="Only these kinds, as `log`.")] = None,
        text: Annotated[
            str, Query(max_length=200, description="Part of the message or of the fields.")
        ] = "",
        before: Before = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    ) -> OlderLogs:
        wanted = JournalFilter(
            flow=flow, step=step, run_id=run_id, level=level, kinds=kind or (), text=text
        )
        page = await site.journal.back(wanted, before_seq=before, limit=limit)
        return OlderLogs(entries=page.entries, next=page.next)

    return router
