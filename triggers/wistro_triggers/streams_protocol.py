"""What clients of streams and the server say to each other: JSON texts over a WebSocket.

The messages are those of Motia's stream clients, so that these connect as they are; `seq`, `token`,
`resumed` and the codes of errors are ours. `docs/streams.md` describes them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from wistro.stores.stream import Place, StreamChange, StreamItem

ACCESS_DENIED = "STREAM_ACCESS_DENIED"
"""What Motia's clients look for."""

_Name = Annotated[str, Field(min_length=1, max_length=512)]


class _Shape(BaseModel):
    model_config: ClassVar[ConfigDict] = ConfigDict(
        alias_generator=to_camel, frozen=True, strict=True
    )


class Subscription(_Shape):
    """What a client wants to follow: an item, or with no `id` a group."""

    stream_name: _Name
    group_id: _Name
    id: _Name | None = None
    subscription_id: _Name
    """The client's own name for it."""
    seq: int | None = Field(default=None, ge=0, lt=2**63)
    """The last change that the client has seen: send what came after it, if possible."""
    token: Annotated[str, Field(max_length=16_384)] | None = None
    """Shown for this subscription, beside what the connection shows."""

    @property
    def place(self) -> Place:
        """What is followed."""
        return Place(self.stream_name, self.group_id, self.id or None)


class Request(_Shape):
    """What a client sends."""

    type: Literal["join", "leave"]
    data: Subscription


class NotUnderstood(Exception):
    """A message that is none of ours."""


def read_request(text: str | None) -> Request:
    """Read a client's message; `None` stands for a binary one.

    Raises:
        NotUnderstood: it says what is wrong.
    """
    if text is None:
        raise NotUnderstood("A text was expected; found a binary message.")
    try:
        return Request.model_validate_json(text)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in found["loc"])
        where = f"`{field}`: " if field else ""
        raise NotUnderstood(
            f'{where}{found["msg"]}. hint: send `{{"type": "join", "data": {{"streamName", '
            '"groupId", "id", "subscriptionId"}}`.'
        ) from None


class Clock:
    """The timestamps of one connection: milliseconds that grow with each message.

    Motia's clients drop a message whose timestamp is not greater than that of the one before.
    """

    def __init__(self) -> None:
        self._last = 0.0

    def tick(self) -> float:
        """The next timestamp; fractions keep those of one millisecond apart."""
        self._last = round(max(time.time() * 1000, self._last + 0.001), 3)
        return self._last


def change_text(change: StreamChange, timestamp: float) -> str:
    """The message of a change, whose text is sent as it is stored."""
    member = "event" if change.kind == "event" else "data"
    event = f'{{"type":"{change.kind}","{member}":{change.text}}}'
    return _text(change.place, timestamp, event, seq=change.seq)


def sync_text(
    place: Place, timestamp: float, items: Sequence[StreamItem], subscription: str, seq: int
) -> str:
    """The message of how things are: an item or null, or the items of a group."""
    data = [item.data for item in items]
    content = data if place.id is None else (data[0] if data else None)
    event = _json({"type": "sync", "data": content})
    return _text(place, timestamp, event, seq=seq, subscriptionId=subscription)


def resumed_text(place: Place, timestamp: float, subscription: str, seq: int) -> str:
    """The message that everything since the client's `seq` has been sent, up to this one."""
    return _text(place, timestamp, '{"type":"resumed"}', seq=seq, subscriptionId=subscription)


def error_text(
    place: Place | None,
    timestamp: float,
    *,
    code: str,
    message: str,
    reason: str = "",
    subscription: str = "",
) -> str:
    """The message of something that is refused, in Motia's form: an event called `error`."""
    data = {"code": code, "message": message} | ({"reason": reason} if reason else {})
    event = _json({"type": "event", "event": {"type": "error", "data": data}})
    more = {"subscriptionId": subscription} if subscription else {}
    return _text(place or Place("", ""), timestamp, event, **more)


def _text(place: Place, timestamp: float, event: str, **more: object) -> str:
    head: dict[str, object] = {
        "timestamp": timestamp,
        "streamName": place.stream,
        "groupId": place.group,
    }
    if place.id is not None:
        head["id"] = place.id
    return f'{_json(head | more)[:-1]},"event":{event}}}'


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
