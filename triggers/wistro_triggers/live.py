"""Live updates: the journal as server-sent events.

https://html.spec.whatwg.org/multipage/server-sent-events.html. Each event's id is its place in the
journal, so a client that comes back with `Last-Event-ID` misses nothing that the journal still has.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress
from dataclasses import asdict
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Header, Query
from fastapi.sse import format_sse_event
from pydantic_core import to_json
from starlette.responses import StreamingResponse

from wistro.stores.journal import Journal, JournalEntry, JournalFilter, Level
from wistro_triggers.redaction import entry_without_data
from wistro_triggers.visitors import Asking

KEEP_ALIVE = timedelta(seconds=15)
"""How often a quiet stream sends a comment, so that proxies do not cut it."""
LIFETIME = timedelta(minutes=10)
"""How long a stream lasts: whoever comes back behind its last entry is asked again whether they may."""
_RECONNECT = timedelta(seconds=2)


class LiveStreams:
    """The live streams of this process; closing ends them all."""

    def __init__(
        self,
        journal: Journal,
        *,
        keep_alive: timedelta = KEEP_ALIVE,
        lifetime: timedelta = LIFETIME,
    ) -> None:
        """Stream `journal`, with a comment whenever nothing was sent for `keep_alive`."""
        self._journal = journal
        self._keep_alive = keep_alive.total_seconds()
        self._lifetime = lifetime.total_seconds()
        self._closed = asyncio.Event()

    def close(self) -> None:
        """End every stream; clients come back by themselves, to whoever listens then."""
        self._closed.set()

    async def stream(
        self,
        wanted: JournalFilter,
        after_seq: int | None,
        *,
        data: bool = True,
    ) -> AsyncIterator[bytes]:
        """Entries in the wire form of SSE.

        Args:
            wanted: Which ones.
            after_seq: Those beyond it; from now on when `None`.
            data: Whether to say what entries say in words and fields, or only what happened where.
        """
        # Read before the answer begins: what is noted once the client sees headers is in the stream.
        position = await self._journal.last_seq() if after_seq is None else after_seq
        return self._events(wanted, position, data=data)

    async def _events(
        self, wanted: JournalFilter, position: int, *, data: bool
    ) -> AsyncGenerator[bytes, None]:
        milliseconds = int(_RECONNECT / timedelta(milliseconds=1))
        # Its id is where a client goes on that loses the connection before anything happened.
        hello = to_json({"seq": position}).decode()
        yield _event(event="connected", data=hello, seq=position, retry=milliseconds)
        closing = asyncio.ensure_future(self._ending())
        async with aclosing(self._journal.tail(wanted, after_seq=position)) as entries:
            upcoming = asyncio.ensure_future(anext(entries, None))
            try:
                while True:
                    await asyncio.wait(
                        {upcoming, closing},
                        timeout=self._keep_alive,
                        return_when=asyncio.FIRST_COMPLETED,
                    )
                    if closing.done():
                        return
                    if not upcoming.done():
                        yield _event(comment="keep-alive")
                        continue
                    entry = upcoming.result()
                    if entry is None:
                        return
                    shown = entry if data else entry_without_data(entry)
                    yield _event(data=_json(shown), event=entry.kind, seq=entry.seq)
                    upcoming = asyncio.ensure_future(anext(entries, None))
            finally:
                closing.cancel()
                upcoming.cancel()
                # The generator cannot be closed while its next item is still being waited for.
                await asyncio.gather(upcoming, return_exceptions=True)

    async def _ending(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._closed.wait(), self._lifetime)


def live_router(streams: LiveStreams) -> APIRouter:
    """`GET /live`."""
    router = APIRouter(tags=["live"])

    @router.get(
        "/live",
        summary="Follow what runs do and log, as it happens",
        response_class=StreamingResponse,
        responses={
            200: {
                "description": "Server-sent events: the event's name is the entry's kind, its data a JSON "
                "journal entry, its id the entry's place in the journal. The first event, "
                '`connected`, holds the place from which it goes on: `{"seq": 17}`.',
                "content": {"text/event-stream": {"schema": {"type": "string"}}},
            }
        },
    )
    async def live(
        visitor: Asking,
        flow: Annotated[str | None, Query(description="Only of this flow.")] = None,
        run_id: Annotated[str | None, Query(description="Only of this run.")] = None,
        step: Annotated[str | None, Query(description="Only of this step.")] = None,
        kind: Annotated[
            list[str] | None,
            Query(description="Only these kinds, as in `kind=log&kind=run.failed`."),
        ] = None,
        level: Annotated[
            Level | None, Query(description="This level and more severe ones.")
        ] = None,
        after: Annotated[
            int | None,
            Query(ge=0, description="Begin beyond this place; without one, from now on."),
        ] = None,
        last_event_id: Annotated[
            int | None,
            Header(ge=0, description="Sent by browsers that come back; wins over `after`."),
        ] = None,
    ) -> StreamingResponse:
        wanted = JournalFilter(flow=flow, run_id=run_id, step=step, kinds=kind or (), level=level)
        position = after if last_event_id is None else last_event_id
        return StreamingResponse(
            await streams.stream(wanted, position, data=visitor.may("read")),
            media_type="text/event-stream",
            headers={"cache-control": "no-store", "x-accel-buffering": "no"},
        )

    return router


def _event(
    *,
    data: str | None = None,
    event: str | None = None,
    seq: int | None = None,
    retry: int | None = None,
    comment: str | None = None,
) -> bytes:
    number = None if seq is None else str(seq)
    return format_sse_event(data_str=data, event=event, id=number, retry=retry, comment=comment)


def _json(entry: JournalEntry) -> str:
    return to_json(asdict(entry)).decode()
