"""Golden messages of the worker API's streams."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel

from tests.worker.golden.making import Answer, Invalid, Json, Valid, answered, asked, bad_request
from wistro_triggers import streams_worker_api

STREAM = "chat"
"""The stream that every request is about."""
SCHEMA: Json = {
    "type": "object",
    "properties": {"text": {"type": "string"}},
    "required": ["text"],
}
"""Of its items."""


class StreamItem(Answer):
    """One item of a stream, as it was at one moment."""

    stream: str
    group: str
    id: str
    data: dict[str, object]
    """What was set; it always has the `id`."""
    version: int
    """Grows with every change of any stream, and is never used again."""
    updated_at: float
    """Seconds since the epoch."""


class StreamsGetAnswer(Answer):
    """The item, or null when there is none."""

    item: StreamItem | None


class StreamsSetAnswer(Answer):
    """The item as it is now."""

    item: StreamItem


class StreamsDeleteAnswer(Answer):
    """The item that was removed, or null when there was none."""

    item: StreamItem | None


class StreamsListAnswer(Answer):
    """A page of items, in the order of their creation."""

    items: tuple[StreamItem, ...]
    next: str | None
    """What to give as `after` for the next page; null on the last."""


class StreamsSendAnswer(Answer):
    """The place of the event in the log of all streams."""

    seq: int


class StreamsTokenAnswer(Answer):
    """A token that lets a client follow."""

    token: str
    expires_at: float
    """Seconds since the epoch."""


ANSWERS: tuple[type[BaseModel], ...] = (
    StreamsGetAnswer,
    StreamsSetAnswer,
    StreamsDeleteAnswer,
    StreamsListAnswer,
    StreamsSendAnswer,
    StreamsTokenAnswer,
)


def requests() -> dict[str, type[BaseModel]]:
    """The shape of each request, by its path: the very ones that the API reads."""
    operations = streams_worker_api._OPERATIONS.items()
    return {f"streams/{name}": shape for name, shape in operations}


_ITEM = StreamItem(
    stream=STREAM,
    group="größe/🍏",
    id="7",
    data={"id": "7", "text": "zwölf Äpfel 🍏", "read": None},
    version=12,
    updated_at=1_800_000_000.25,
)


def _valid(operation: str, **body: object) -> Valid:
    return asked(f"streams/{operation}", stream=STREAM, **body)


VALID: Mapping[str, Valid] = {
    "streams_get": _valid("get", group="room", id="7"),
    "streams_set": _valid("set", group="größe/🍏", id="7", data={"text": "zwölf Äpfel 🍏"}),
    "streams_set_if_absent": _valid(
        "set", group="room", id="8", data={"text": ""}, if_version=None, if_absent=True
    ),
    "streams_delete": _valid("delete", group="room", id="7"),
    "streams_list": _valid("list", group="room"),
    "streams_list_page": _valid("list", group="room", after=None, limit=10),
    "streams_send": _valid("send", group="room", type="typing"),
    "streams_send_to_item": _valid("send", group="room", id="7", type="seen", data={"by": "ada"}),
    "streams_token": _valid("token"),
    "streams_token_for_item": _valid(
        "token", group="room", id="7", seconds=60, context={"user": "ada"}
    ),
    "streams_get_answer": answered(StreamsGetAnswer(item=_ITEM)),
    "streams_get_answer_nothing": answered(StreamsGetAnswer(item=None)),
    "streams_set_answer": answered(StreamsSetAnswer(item=_ITEM)),
    "streams_delete_answer": answered(StreamsDeleteAnswer(item=None)),
    "streams_list_answer": answered(StreamsListAnswer(items=(_ITEM,), next="12")),
    "streams_send_answer": answered(StreamsSendAnswer(seq=13)),
    "streams_token_answer": answered(StreamsTokenAnswer(token="ws1.…", expires_at=1_800_000_060.0)),
}
INVALID: Mapping[str, Invalid] = {
    "streams_get_without_stream": bad_request(
        "streams/get", "stream", "it is missing", group="room", id="7"
    ),
    "streams_set_data_text": bad_request(
        "streams/set", "data", "it is no object", stream=STREAM, group="room", id="7", data="hi"
    ),
    "streams_send_without_type": bad_request(
        "streams/send", "type", "it is missing", stream=STREAM, group="room"
    ),
    "streams_token_for_ever": bad_request(
        "streams/token", "seconds", "it is over 30 days", stream=STREAM, seconds=1e9
    ),
}
