"""The state, the streams and the journal of a process that opens them itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import structlog

from wistro.errors import StoreError
from wistro.project.lock import Runtime as RuntimeSettings
from wistro.project.trace_settings import TraceSettings
from wistro.stores.audit import Audit
from wistro.stores.inbox import InboxStore
from wistro.stores.journal import Journal
from wistro.stores.reserved import CHANNELS, INBOX_ANSWERS, prune_reserved
from wistro.stores.rollups import Rollups
from wistro.stores.spans import SpanStore
from wistro.stores.state import StateStore
from wistro.stores.stream import StreamStore
from wistro.stores.waits import WaitStore
from wistro.temporal.host.runtime import Runtime

KEEP_JOURNAL = timedelta(days=7)
"""How long entries are kept; Temporal's histories have a retention of their own."""

KEEP_AUDIT = timedelta(days=90)
"""How long refusals are kept; beyond a number of them, the oldest go sooner."""
KEEP_TASKS = timedelta(days=30)
"""How long tasks are listed once they are closed, and how long their files are kept."""
_PRUNE_EVERY = timedelta(hours=1)
_log = structlog.stdlib.get_logger("wistro.host")


@dataclass(frozen=True, kw_only=True)
class Stores:
    """Where steps keep values and items, and where it is noted what runs do and who was refused.

    The inbox lists what they ask people, the waits which messages they await; the rollups say what all
    of it came to.
    """

    state: StateStore
    streams: StreamStore
    journal: Journal
    audit: Audit
    inbox: InboxStore
    waits: WaitStore
    rollups: Rollups
    spans: SpanStore | None
    """What was traced, where that is kept."""


@asynccontextmanager
async def open_stores(runtime: Runtime, *, traces: bool = False) -> AsyncGenerator[Stores]:
    """The project's stores while the context is open; what grows is kept short meanwhile.

    Args:
        runtime: The project.
        traces: Whether to keep what is traced.

    Raises:
        SetupError: the project names an adapter that there is not.
        StoreError: a store cannot be opened.
    """
    async with AsyncExitStack() as stack:
        state = await runtime.open_state()
        stack.push_async_callback(state.close)
        streams = await runtime.open_streams()
        stack.push_async_callback(streams.close)
        journal = await runtime.open_journal()
        stack.push_async_callback(journal.close)
        audit = await runtime.open_audit()
        stack.push_async_callback(audit.close)
        inbox = await runtime.open_inbox()
        stack.push_async_callback(inbox.close)
        waits = await runtime.open_waits()
        stack.push_async_callback(waits.close)
        rollups = await runtime.open_rollups()
        stack.push_async_callback(rollups.close)
        spans = await runtime.open_spans() if traces else None
        if spans is not None:
            stack.push_async_callback(spans.close)
        opened = Stores(
            state=state,
            streams=streams,
            journal=journal,
            audit=audit,
            inbox=inbox,
            waits=waits,
            rollups=rollups,
            spans=spans,
        )
        pruning = asyncio.create_task(_prune(opened, runtime.lock.runtime))
        stack.callback(pruning.cancel)
        yield opened


async def _prune(stores: Stores, settings: RuntimeSettings) -> None:
    answers, traces = settings.answers, settings.traces or TraceSettings()
    while True:
        try:
            removed = await stores.journal.prune(KEEP_JOURNAL)
            if removed:
                _log.info("journal pruned", entries=removed)
            await stores.audit.prune(KEEP_AUDIT)
            await stores.inbox.prune(KEEP_TASKS)
            await stores.waits.prune(time.time())
            await stores.rollups.prune(time.time())
            if stores.spans is not None:
                await stores.spans.prune(traces.keep)
            await prune_reserved(stores.streams, CHANNELS, answers.channels.keep)
            await prune_reserved(stores.streams, INBOX_ANSWERS, answers.inbox.keep)
        except StoreError as error:
            _log.warning("the stores were not pruned", error=error.message)
        await asyncio.sleep(_PRUNE_EVERY.total_seconds())
