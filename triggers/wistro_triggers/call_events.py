"""The answers of a call as server-sent events, for callers that wait: each as it comes, then the end.

The id of an event is the number of the answer. A caller that comes back with `Last-Event-ID` gets what
follows it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from fastapi.sse import format_sse_event
from pydantic_core import to_json
from starlette.responses import StreamingResponse

from wistro.errors import WistroError
from wistro.temporal.host.following import next_answers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wistro.temporal.host.engine import Engine
    from wistro.temporal.wire import CallResponse, Responses

EVENTS = "text/event-stream"
_KEEP_ALIVE = timedelta(seconds=15)
_RECONNECT_MS = 2000

log = structlog.stdlib.get_logger("wistro.calls")


class CallEvents:
    """Streams the answers of calls until they end, or this process does."""

    def __init__(self, engine: Engine, *, keep_alive: timedelta = _KEEP_ALIVE) -> None:
        self._engine = engine
        self._keep_alive = keep_alive
        self._closed = asyncio.Event()

    def close(self) -> None:
        """End every stream; callers come back by themselves."""
        self._closed.set()

    def stream(
        self, flow: str, run_id: str, *, seen: int, headers: Mapping[str, str]
    ) -> StreamingResponse:
        """The answers of a call beyond the first `seen`."""
        return StreamingResponse(
            self._events(flow, run_id, seen),
            media_type=EVENTS,
            headers={"cache-control": "no-store", "x-accel-buffering": "no", **headers},
        )

    async def _events(self, flow: str, run_id: str, seen: int) -> AsyncGenerator[bytes, None]:
        call = {"flow": flow, "call_id": run_id}
        yield _event("called", call, seen, retry=_RECONNECT_MS)
        closing = asyncio.ensure_future(self._closed.wait())
        try:
            while True:
                asking = asyncio.ensure_future(self._next(flow, run_id, seen))
                await asyncio.wait({asking, closing}, return_when=asyncio.FIRST_COMPLETED)
                if not asking.done():
                    asking.cancel()
                    return
                found = asking.result()
                for data in found.answers:
                    seen += 1
                    yield _event("answer", {**call, "number": seen, "data": data}, seen)
                if found.end is not None:
                    yield _event("end", {**call, "answers": seen, **_end(found.end)}, seen)
                    return
                if not found.answers:
                    yield format_sse_event(comment="keep-alive")
        except WistroError as error:
            # The caller comes back, and is told then if it is for good.
            log.warning("a caller was cut off", flow=flow, run_id=run_id, error=error.message)
        finally:
            closing.cancel()

    async def _next(self, flow: str, run_id: str, seen: int) -> Responses:
        return await next_answers(self._engine, flow, run_id, seen=seen, wait=self._keep_alive)


def _end(end: CallResponse) -> dict[str, object]:
    answer = end.answer
    found: dict[str, object] = {"status": answer.status, "response_meta": end.response_meta}
    if answer.error is not None:
        found["error"] = {"code": answer.error.code, "message": answer.error.message}
    return found


def _event(name: str, data: object, seen: int, *, retry: int | None = None) -> bytes:
    return format_sse_event(event=name, data_str=to_json(data).decode(), id=str(seen), retry=retry)
