"""Streams: live collections of items, as a handler sees them in `ctx.streams`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, cast

import jsonschema_rs
from typing_extensions import TypedDict

from wistro.errors import InvalidMessage, Issue, Terminal
from wistro.issues import did_you_mean
from wistro.schemas import JsonSchema, wrong_field
from wistro.stores.stream import Place
from wistro.values import NotJson, jsonable

if TYPE_CHECKING:
    from wistro.project.lock import Lock
    from wistro.stores.stream import StreamItem, StreamItems

_PAGE = 1000
_SHOWN = 5
"""Issues that an error message spells out; all of them are in its details."""


class ItemSchema:
    """What the items of a stream look like."""

    def __init__(self, schema: JsonSchema | None) -> None:
        """Compile a JSON Schema; without one, any object fits."""
        self._validator = None if schema is None else jsonschema_rs.validator_for(dict(schema))
        properties = (schema or {}).get("properties")
        self._knows_id = isinstance(properties, Mapping) and "id" in properties

    def check(self, place: Place, data: Mapping[str, object]) -> None:
        """Refuse data that does not fit, with its id or without it.

        Motia's schemas name the `id` or leave it out, and refuse what they do not name.

        Raises:
            InvalidMessage: it names every field that is wrong.
        """
        if self._validator is None:
            return
        full = {**data, "id": place.id}
        bare = {name: value for name, value in data.items() if name != "id"}
        if self._validator.is_valid(full) or self._validator.is_valid(bare):
            return
        issues = [
            Issue(field=_dotted(wrong_field(error)), message=error.message[:300])
            for error in self._validator.iter_errors(full if self._knows_id else bare)
        ]
        shown = "; ".join(f"`{each.field}`: {each.message}" for each in issues[:_SHOWN])
        more = f"; and {len(issues) - _SHOWN} more" if len(issues) > _SHOWN else ""
        raise InvalidMessage(
            f"The item `{place.id}` of the stream `{place.stream}` does not fit its schema:"
            f" {shown}{more}",
            issues=issues,
            hint="change what is set or the schema of the stream so that the two agree",
        )


ItemSchemas: TypeAlias = Mapping[str, ItemSchema]
"""The streams of a project, by name."""


def item_schemas(lock: Lock) -> ItemSchemas:
    """What the items of a project's streams look like; by Motia's rules nobody checks them."""
    return {
        name: ItemSchema(None if lock.motia else stream.item)
        for name, stream in lock.streams.items()
    }


def _dotted(path: tuple[str | int, ...]) -> str:
    parts = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return re.sub(r"^\.", "", parts)


def unknown_stream(name: str, known: Mapping[str, object]) -> Terminal:
    """The error of a stream that the project does not have."""
    hint = "write a file `<name>.stream.py` with a `config` below `steps/` or `src/`"
    return Terminal(
        f"There is no stream `{name}`",
        code="unknown_stream",
        hint=did_you_mean(name, sorted(known)) if known else hint,
        details={"streams": sorted(known)},
    )


# ------------------------------------------------------------------------------------ handlers


class Channel(TypedDict, total=False):
    """Who gets an event: everybody who follows the group, or only those who follow an item too."""

    groupId: str
    group_id: str
    id: str | None


class StreamEvent(TypedDict, total=False):
    """What is sent to those who listen now, and kept nowhere."""

    type: str
    data: object


Mint: TypeAlias = Callable[[Place | str, timedelta, object], str]
"""Makes the token of a subscriber: for a stream or a place in it, for how long, with which context."""


class Stream:
    """Items by group and id; every change reaches the clients that follow the item or its group.

    Items are plain JSON objects with an `id`. What is set may be a Pydantic model or a dataclass too.

    Raises (any operation): `StoreError` when the store is away (retryable) or refuses a value or name;
        `InvalidMessage` when an item does not fit the stream's schema.
    """

    def __init__(
        self, name: str, items: StreamItems, schema: ItemSchema, mint: Mint | None = None
    ) -> None:
        self.name = name
        self._items = items
        self._schema = schema
        self._mint = mint

    async def get(self, group_id: str, id: str) -> dict[str, Any] | None:
        """The item, or `None` when there is none."""
        return _data(await self._items.get(self.name, group_id, id))

    async def item(self, group_id: str, id: str) -> StreamItem | None:
        """The item with its version and the time of its last change."""
        return await self._items.get(self.name, group_id, id)

    async def set(
        self, group_id: str, id: str, data: object, *, if_version: int | None = None
    ) -> dict[str, Any]:
        """Write an item and return it; with `if_version`, only over the one that has this version."""
        place = Place(self.name, group_id, id)
        item = _object(place, data)
        self._schema.check(place, item)
        written = await self._items.set(self.name, group_id, id, item, if_version=if_version)
        return cast("dict[str, Any]", written.data)

    async def delete(self, group_id: str, id: str) -> dict[str, Any] | None:
        """Remove an item and return what it was."""
        return _data(await self._items.delete(self.name, group_id, id))

    async def get_group(self, group_id: str) -> list[dict[str, Any]]:
        """The items of a group, the oldest first."""
        found: list[dict[str, Any]] = []
        after: str | None = None
        while True:
            page = await self._items.list(self.name, group_id, after=after, limit=_PAGE)
            found += [cast("dict[str, Any]", item.data) for item in page.items]
            after = page.next
            if after is None:
                return found

    async def send(self, channel: Channel, event: StreamEvent) -> None:
        """Send an event to those who listen now: `send({"groupId": …}, {"type": …, "data": …})`.

        With an `id` in the channel, those who follow the item get it, and those who follow its group.
        """
        group = channel.get("groupId", channel.get("group_id"))
        type = event.get("type")
        if not isinstance(group, str) or not isinstance(type, str):
            raise Terminal(
                f"`streams.{self.name}.send` expected `{{'groupId': …}}` and `{{'type': …, 'data': …}}`,"
                f" found `{channel!r}` and `{event!r}`",
                code="invalid_event",
                hint='call `send({"groupId": "room"}, {"type": "typing", "data": …})`',
            )
        place = Place(self.name, group, channel.get("id"))
        await self._items.send(place, type, _json(f"The event `{type}`", event.get("data")))

    async def token(
        self,
        group_id: str | None = None,
        id: str | None = None,
        *,
        expires: timedelta = timedelta(hours=1),
        context: object = None,
    ) -> str:
        """Make a token with which a client may subscribe, to hand out to who may read.

        Args:
            group_id: The only group it is good for; without one, all of the stream.
            id: The only item it is good for.
            expires: For how long.
            context: What the stream's `can_access` is told about the client; JSON, readable to the
                client, and small.
        """
        if self._mint is None:
            raise Terminal(
                f"`streams.{self.name}.token` cannot make tokens here", code="not_available"
            )
        where = self.name if group_id is None else Place(self.name, group_id, id)
        return self._mint(where, expires, _json("The context of a token", context))

    getGroup = get_group  # noqa: N815 - as Motia's steps call it


class Streams:
    """The streams of the project: `ctx.streams.chat`, or `ctx.streams["live-chat"]`."""

    def __init__(
        self,
        items: StreamItems | None = None,
        schemas: ItemSchemas | None = None,
        mint: Mint | None = None,
    ) -> None:
        """Take where the items are, and the streams; without these, every name is a stream.

        Args:
            items: Where the items are; `None` for a project without streams.
            schemas: The streams of the project.
            mint: Makes tokens.
        """
        self._items = items
        none: ItemSchemas = {}
        self._schemas = none if items is None else schemas
        self._mint = mint

    def __getitem__(self, name: str) -> Stream:
        schema = _ANYTHING if self._schemas is None else self._schemas.get(name)
        if schema is None or self._items is None:
            raise unknown_stream(name, self._schemas or {})
        return Stream(name, self._items, schema, self._mint)

    def __getattr__(self, name: str) -> Stream:
        if name.startswith("_"):
            raise AttributeError(name)
        return self[name]

    def __contains__(self, name: object) -> bool:
        return self._schemas is None or name in self._schemas

    def __iter__(self) -> Iterator[str]:
        return iter(self._schemas or ())


_ANYTHING = ItemSchema(None)


class SyncStream(Protocol):
    """A stream in a `def` handler: each method of `Stream`, returning its value."""

    def get(self, group_id: str, id: str) -> dict[str, Any] | None:
        """See `Stream.get`."""
        ...

    def item(self, group_id: str, id: str) -> StreamItem | None:
        """See `Stream.item`."""
        ...

    def set(
        self, group_id: str, id: str, data: object, *, if_version: int | None = None
    ) -> dict[str, Any]:
        """See `Stream.set`."""
        ...

    def delete(self, group_id: str, id: str) -> dict[str, Any] | None:
        """See `Stream.delete`."""
        ...

    def get_group(self, group_id: str) -> list[dict[str, Any]]:
        """See `Stream.get_group`."""
        ...

    def send(self, channel: Channel, event: StreamEvent) -> None:
        """See `Stream.send`."""
        ...

    def token(
        self,
        group_id: str | None = None,
        id: str | None = None,
        *,
        expires: timedelta = timedelta(hours=1),
        context: object = None,
    ) -> str:
        """See `Stream.token`."""
        ...


class SyncStreams:
    """`ctx.streams` in a `def` handler: the methods of its streams return their values."""

    def __init__(self, streams: Streams, at_once: Callable[[Stream], SyncStream]) -> None:
        """Take the streams, and what makes their methods return values."""
        self._streams = streams
        self._at_once = at_once

    def __getitem__(self, name: str) -> SyncStream:
        return self._at_once(self._streams[name])

    def __getattr__(self, name: str) -> SyncStream:
        return self._at_once(getattr(self._streams, name))

    def __contains__(self, name: object) -> bool:
        return name in self._streams

    def __iter__(self) -> Iterator[str]:
        return iter(self._streams)


def _data(item: StreamItem | None) -> dict[str, Any] | None:
    return None if item is None else cast("dict[str, Any]", item.data)


def _object(place: Place, data: object) -> Mapping[str, object]:
    what = f"The item `{place.id}` of the stream `{place.stream}`"
    item = _json(what, data)
    if not isinstance(item, dict):
        raise Terminal(
            f"{what} was expected to be an object, found a `{type(data).__name__}`",
            code="value_not_json",
            hint="set an object, such as `{'text': …}`",
        )
    return cast("dict[str, object]", item)


def _json(what: str, value: object) -> object:
    try:
        return jsonable(value)
    except NotJson as error:
        raise Terminal(
            f"{what}: {error}",
            code="value_not_json",
            hint="use objects, lists, strings, numbers, booleans, null, or Pydantic models of those",
        ) from None
