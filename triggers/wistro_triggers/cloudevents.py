"""CloudEvents 1.0 over HTTP: structured, binary and batched.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from urllib.parse import unquote

from cloudevents.core.exceptions import CloudEventValidationError
from cloudevents.core.v1.event import CloudEvent

from wistro_triggers.bodies import parse_body, parse_json
from wistro_triggers.problems import Detail, Problem

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
_PREFIX = "ce-"


@dataclass(frozen=True, kw_only=True)
class Event:
    """What a run needs of a CloudEvent."""

    id: str
    source: str
    type: str
    data: object

    @property
    def idempotency_key(self) -> str:
        """`source` and `id` together are unique per event (section 3.1.1 of the specification)."""
        return f"{self.source} {self.id}"


def read_events(headers: Mapping[str, str], body: bytes) -> list[Event] | None:
    """The events in a request, or `None` when it is not a CloudEvent at all.

    Raises:
        Problem: 400 that names the attributes that are missing or wrong.
    """
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == STRUCTURED:
        return [_structured(parse_json(body), "event")]
    if kind == BATCH:
        return _batch(parse_json(body))
    if f"{_PREFIX}specversion" in headers or f"{_PREFIX}id" in headers:
        return [_binary(headers, body)]
    if kind.startswith("application/cloudevents"):
        raise Problem(
            415,
            "unsupported_event_format",
            f"Events are read in JSON, not as `{kind}`. hint: send `{STRUCTURED}` or `{BATCH}`.",
        )
    return None


def _batch(value: object) -> list[Event]:
    if not isinstance(value, list):
        raise _wrong([Detail(field="body", message="a batch is an array of events")])
    items = cast("list[object]", value)
    return [_structured(item, f"events.{index}") for index, item in enumerate(items)]


def _structured(value: object, field: str) -> Event:
    if not isinstance(value, dict):
        raise _wrong([Detail(field=field, message="an event is an object")])
    attributes: dict[str, object] = dict(cast("Mapping[str, object]", value))
    data = attributes.pop("data", None)
    encoded = attributes.pop("data_base64", None)
    if encoded is not None:
        if data is not None:
            raise _wrong(
                [Detail(field=f"{field}.data_base64", message="cannot stand beside `data`")]
            )
        data = _decoded(encoded, str(attributes.get("datacontenttype", "")), field)
    return _event(attributes, data, field)


def _decoded(encoded: object, content_type: str, field: str) -> object:
    """The value in `data_base64`: parsed when its content type tells how, else base64 as it came."""
    try:
        raw = base64.b64decode(encoded, validate=True) if isinstance(encoded, str) else None
    except binascii.Error:
        raw = None
    if raw is None:
        raise _wrong([Detail(field=f"{field}.data_base64", message="is not base64")])
    parsed = parse_body(raw, content_type) if content_type else None
    return encoded if parsed is None else parsed


def _binary(headers: Mapping[str, str], body: bytes) -> Event:
    attributes: dict[str, object] = {
        name.removeprefix(_PREFIX): unquote(value)
        for name, value in headers.items()
        if name.startswith(_PREFIX)
    }
    content_type = headers.get("content-type")
    if content_type:
        attributes["datacontenttype"] = content_type
    data = parse_body(body, content_type)
    if body and data is None:
        data = base64.b64encode(body).decode()
    return _event(attributes, data, "headers")


def _event(attributes: dict[str, object], data: object, field: str) -> Event:
    # The package makes up an id where none is given; then a repeated event would run twice.
    for name in ("id", "specversion"):
        attributes.setdefault(name, None)
    time = attributes.get("time")
    if isinstance(time, str):
        try:
            attributes["time"] = datetime.fromisoformat(time)
        except ValueError:
            raise _wrong(
                [Detail(field=f"{field}.time", message="is not an RFC 3339 time")]
            ) from None
    try:
        event = CloudEvent(attributes)
    except CloudEventValidationError as error:
        raise _wrong(
            [
                Detail(field=f"{field}.{name}", message=str(reasons[0]))
                for name, reasons in error.errors.items()
                if reasons
            ]
        ) from None
    return Event(id=event.get_id(), source=event.get_source(), type=event.get_type(), data=data)


def _wrong(details: list[Detail]) -> Problem:
    return Problem(
        400,
        "invalid_event",
        "The request is not a CloudEvent 1.0. hint: every event has `specversion` (`1.0`), `id`, "
        "`source` and `type`.",
        details=details,
    )
