"""The worker API of streams: items, events and tokens for the handlers of any language."""

from __future__ import annotations

import abc
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, ClassVar

from fastapi import APIRouter, Request, Response
from pydantic import Field

from wistro.issues import did_you_mean
from wistro.stores.state import DEFAULT_PAGE
from wistro.stores.stream import Place, StreamItem, StreamStore
from wistro.streams import ItemSchema, ItemSchemas, item_schemas
from wistro_codec import CodecError, Keys, mint_stream_token
from wistro_triggers.problems import Problem
from wistro_triggers.worker_http import (
    Body,
    ErrorRoute,
    Verify,
    answer,
    bearer,
    claims_of,
    read,
)

if TYPE_CHECKING:
    from wistro.project.lock import Lock

MAX_BODY = 4 * 1024 * 1024
_DAY = 86_400


class Served:
    """The streams of the lock in use, and where their items are."""

    def __init__(self, store: StreamStore, lock: Callable[[], Lock], keys: Keys) -> None:
        """Take the store, the lock, which may be another one later, and the keys that sign tokens."""
        self.store = store
        self.keys = keys
        self._lock = lock
        self._schemas: ItemSchemas = {}
        self._build = ""

    def schema(self, stream: str) -> ItemSchema:
        """What items of the stream look like; a 404 `Problem` when there is no such stream."""
        lock = self._lock()
        if self._build != lock.build:
            self._schemas = item_schemas(lock)
            self._build = lock.build
        if stream not in self._schemas:
            names = sorted(self._schemas)
            raise Problem(
                404,
                "unknown_stream",
                f"There is no stream `{stream}`. hint: "
                + (did_you_mean(stream, names) if names else "the project has none"),
            )
        return self._schemas[stream]

    def token(
        self, stream: str, group: str | None, id: str | None, *, seconds: float, context: object
    ) -> dict[str, object]:
        """A token and when it expires; a 422 `Problem` when its context is too large."""
        self.schema(stream)
        expires_at = time.time() + seconds
        try:
            token = mint_stream_token(
                self.keys,
                stream=stream,
                group=group,
                id=id,
                context=context,
                expires_at=expires_at,
            )
        except CodecError as error:
            raise Problem(422, error.code, f"{error.message} hint: {error.hint}") from None
        return {"token": token, "expires_at": expires_at}


class _Operation(Body, abc.ABC):
    """A request about a stream."""

    stream: str

    @abc.abstractmethod
    async def serve(self, served: Served) -> dict[str, object]:
        """Do it, and return the answer's body."""


class _Get(_Operation):
    group: str
    id: str

    async def serve(self, served: Served) -> dict[str, object]:
        return {"item": _plain(await served.store.get(self.stream, self.group, self.id))}


class _Set(_Operation):
    group: str
    id: str
    data: dict[str, object]
    if_version: int | None = None
    if_absent: bool = False

    async def serve(self, served: Served) -> dict[str, object]:
        place = Place(self.stream, self.group, self.id)
        served.schema(self.stream).check(place, self.data)
        item = await served.store.set(
            self.stream,
            self.group,
            self.id,
            self.data,
            if_version=self.if_version,
            if_absent=self.if_absent,
        )
        return {"item": _plain(item)}


class _Delete(_Operation):
    group: str
    id: str

    async def serve(self, served: Served) -> dict[str, object]:
        return {"item": _plain(await served.store.delete(self.stream, self.group, self.id))}


class _List(_Operation):
    group: str
    after: str | None = None
    limit: int = DEFAULT_PAGE

    async def serve(self, served: Served) -> dict[str, object]:
        page = await served.store.list(self.stream, self.group, after=self.after, limit=self.limit)
        return {"items": [_plain(item) for item in page.items], "next": page.next}


class _Send(_Operation):
    group: str
    id: str | None = None
    type: str
    data: object = None

    async def serve(self, served: Served) -> dict[str, object]:
        place = Place(self.stream, self.group, self.id)
        return {"seq": await served.store.send(place, self.type, self.data)}


class _Token(_Operation):
    most: ClassVar[float] = 30 * _DAY

    group: str | None = None
    id: str | None = None
    seconds: float = Field(default=3600, gt=0, le=most)
    context: object = None

    async def serve(self, served: Served) -> dict[str, object]:
        return served.token(
            self.stream, self.group, self.id, seconds=self.seconds, context=self.context
        )


_OPERATIONS: Mapping[str, type[_Operation]] = {
    "get": _Get,
    "set": _Set,
    "delete": _Delete,
    "list": _List,
    "send": _Send,
    "token": _Token,
}


def streams_worker_api(*, served: Served, verify: Verify, max_body: int = MAX_BODY) -> APIRouter:
    """The routes below `/streams` of the worker API.

    Args:
        served: The streams.
        verify: Reads run tokens.
        max_body: The bound on one request; above twice the bound on an item.
    """
    router = APIRouter(route_class=ErrorRoute, include_in_schema=False)

    @router.post("/streams/{operation}")
    async def operate_on_streams(operation: str, request: Request) -> Response:
        """Serve an operation on a stream, for any run of the project."""
        claims_of(verify, bearer(request))
        shape = _OPERATIONS.get(operation)
        if shape is None:
            raise Problem(
                404,
                "unknown_operation",
                f"There is no operation `{operation}` on streams. hint: expected one of"
                f" {', '.join(f'`{name}`' for name in _OPERATIONS)}.",
            )
        body = await read(request, shape, max_body)
        served.schema(body.stream)
        return answer(await body.serve(served))

    return router


def _plain(item: StreamItem | None) -> dict[str, object] | None:
    return None if item is None else asdict(item)
