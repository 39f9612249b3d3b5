"""Streams for workers: the worker API seen as `StreamItems`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, cast

import httpx

from wistro.errors import InvalidMessage, Issue, StoreError
from wistro.stores import encoding
from wistro.stores.atomic_stream import check_place, event_text, item_text
from wistro.stores.state import DEFAULT_PAGE, Page
from wistro.stores.stream import Place, StreamItem
from wistro.stores.worker_client import Token, WorkerApiClient, encode_body


class RemoteStreams:
    """`StreamItems` over HTTP, for the handlers of one run.

    While the API is away, every operation waits and tries again for as long as `patience`; one that
    would do harm if done twice only as long as it certainly was not done.
    """

    def __init__(
        self,
        base_url: str,
        token: Token,
        client: httpx.AsyncClient,
        *,
        timeout: timedelta = timedelta(seconds=10),
        patience: timedelta = timedelta(seconds=20),
    ) -> None:
        """Take where the triggers are, the run's token and a client that stays the caller's."""
        self._api = WorkerApiClient(base_url, client, timeout=timeout)
        self._token = token
        self._patience = patience

    async def get(self, stream: str, group: str, id: str) -> StreamItem | None:
        """See `StreamItems.get`."""
        return _item((await self._call("get", _body(stream, group, id)))["item"])

    async def set(
        self,
        stream: str,
        group: str,
        id: str,
        data: Mapping[str, object],
        *,
        if_version: int | None = None,
        if_absent: bool = False,
    ) -> StreamItem:
        """See `StreamItems.set`."""
        encoding.check_names(stream=stream, group=group, id=id)
        text = item_text(Place(stream, group, id), data, sys.maxsize)
        conditions = {"if_version": if_version, "if_absent": if_absent}
        # Repeated, a conditional write would find its own first attempt and call it a conflict.
        repeatable = if_version is None and not if_absent
        body = _body(stream, group, id, conditions, data=text)
        item = _item((await self._call("set", body, repeatable=repeatable))["item"])
        assert item, "what was set is there"
        return item

    async def delete(self, stream: str, group: str, id: str) -> StreamItem | None:
        """See `StreamItems.delete`. After an answer was lost, returns `None` for what it did remove."""
        return _item((await self._call("delete", _body(stream, group, id)))["item"])

    async def list(
        self, stream: str, group: str, *, after: str | None = None, limit: int = DEFAULT_PAGE
    ) -> Page[StreamItem]:
        """See `StreamItems.list`."""
        encoding.check_names(stream=stream, group=group)
        wanted = {"stream": stream, "group": group, "after": after, "limit": limit}
        found = await self._call("list", encode_body(wanted))
        items = cast("list[dict[str, Any]]", found["items"])
        return Page(
            items=tuple(StreamItem(**item) for item in items),
            next=cast("str | None", found["next"]),
        )

    async def send(self, place: Place, type: str, data: object) -> int:
        """See `StreamItems.send`."""
        check_place(place)
        event_text(place, type, data)
        body = encode_body({**place._asdict(), "type": type, "data": data})
        return cast("int", (await self._call("send", body, repeatable=False))["seq"])

    async def close(self) -> None:
        """See `StreamItems.close`. The HTTP client stays open."""

    async def _call(
        self, operation: str, body: bytes, *, repeatable: bool = True
    ) -> Mapping[str, object]:
        try:
            return await self._api.call(
                f"/streams/{operation}",
                body,
                token=self._token,
                repeatable=repeatable,
                patience=self._patience,
            )
        except StoreError as error:
            if error.code == "validation_failed":
                raise _invalid(error) from None
            if error.code != "body_too_large":
                raise
            raise StoreError(
                f"The item takes {len(body):,} bytes to send: {error.message}",
                code="value_too_large",
                retryable=False,
                hint="split it up, or store the content elsewhere and its address here",
            ) from None


def _invalid(error: StoreError) -> InvalidMessage:
    """What the schema of the stream refuses is the handler's mistake, not the store's."""
    issues = [Issue(field=name, message=str(text)) for name, text in error.details.items()]
    return InvalidMessage(error.message, issues=issues, hint=error.hint)


def _body(
    stream: str,
    group: str,
    id: str,
    plain: Mapping[str, object] | None = None,
    **texts: str,
) -> bytes:
    encoding.check_names(stream=stream, group=group, id=id)
    return encode_body({"stream": stream, "group": group, "id": id, **(plain or {})}, **texts)


def _item(found: object) -> StreamItem | None:
    return None if found is None else StreamItem(**cast("dict[str, Any]", found))
