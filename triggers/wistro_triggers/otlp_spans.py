"""Spans as exporters send them, read into ours: bounded, and without those that make no sense."""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import cast

from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1 import trace_pb2

from wistro.stores.spans import Span, SpanEvent, SpanKind, SpanLink, SpanStatus

MAX_TEXT = 4_000
"""Characters of a value that are kept; of a stack, more."""
MAX_STACK = 16_000
MAX_SPAN = 64_000
"""Characters of all that a span says; attributes beyond them are left out."""
MAX_NAME = 300
MAX_ATTRIBUTES, MAX_EVENTS, MAX_LINKS = 128, 64, 64
_DEPTH = 4
_LAST = 2**63 - 1

_KINDS: Mapping[int, SpanKind] = {2: "server", 3: "client", 4: "producer", 5: "consumer"}
_STATUSES: Mapping[int, SpanStatus] = {1: "ok", 2: "error"}


@dataclass
class Found:
    """What was in a request."""

    spans: list[Span] = field(default_factory=list[Span])
    refused: int = 0
    """How many spans have no valid ids, name or times."""


def parse_protobuf(raw: bytes) -> ExportTraceServiceRequest:
    """Read a binary request.

    Raises:
        DecodeError: it is none.
    """
    return ExportTraceServiceRequest.FromString(raw)


def parse_json(raw: bytes) -> ExportTraceServiceRequest:
    """Read a request in OTLP's JSON, which is that of protobuf but for ids: they are hexadecimal.

    Raises:
        ValueError: it is none.
        ParseError: it is none.
    """
    body: object = json.loads(raw)
    if not isinstance(body, dict):
        raise ValueError("an object was expected")  # noqa: TRY004 - it is what was sent that is wrong
    sent = cast("dict[str, object]", body)
    _ids_as_base64(sent)
    message = ExportTraceServiceRequest()
    json_format.ParseDict(sent, message, ignore_unknown_fields=True)
    return message


def spans_of(request: ExportTraceServiceRequest) -> Found:
    """The spans of a request."""
    found = Found()
    for resource_spans in request.resource_spans:
        resource = _Budget().attributes(resource_spans.resource.attributes)
        for scope_spans in resource_spans.scope_spans:
            scope = scope_spans.scope.name[:MAX_NAME]
            for sent in scope_spans.spans:
                span = _span(sent, scope, resource)
                if span is None:
                    found.refused += 1
                else:
                    found.spans.append(span)
    return found


def _span(sent: trace_pb2.Span, scope: str, resource: Mapping[str, object]) -> Span | None:
    trace_id, span_id = _id(sent.trace_id, 16), _id(sent.span_id, 8)
    start = sent.start_time_unix_nano
    if trace_id is None or span_id is None or not sent.name or not 0 < start <= _LAST:
        return None
    budget = _Budget()
    attributes = budget.attributes(sent.attributes)
    events = tuple(budget.event(event) for event in sent.events[:MAX_EVENTS])
    links = tuple(link for each in sent.links[:MAX_LINKS] if (link := budget.link(each)))
    left_out = len(sent.events) - len(events) + len(sent.links) - len(links)
    return Span(
        trace_id=trace_id,
        span_id=span_id,
        parent_id=_id(sent.parent_span_id, 8),
        name=sent.name[:MAX_NAME],
        kind=_KINDS.get(sent.kind, "internal"),
        start=start,
        end=min(max(sent.end_time_unix_nano, start), _LAST),
        status=_STATUSES.get(sent.status.code, "unset"),
        message=sent.status.message[:MAX_TEXT],
        scope=scope,
        attributes=attributes,
        resource=resource,
        events=events,
        links=links,
        dropped=budget.dropped
        + left_out
        + sent.dropped_attributes_count
        + sent.dropped_events_count
        + sent.dropped_links_count,
    )


class _Budget:
    """Reads values until there is as much text as one span may have."""

    def __init__(self) -> None:
        self.dropped = 0
        self._left = MAX_SPAN

    def attributes(self, sent: Iterable[KeyValue]) -> dict[str, object]:
        found: dict[str, object] = {}
        for pair in sent:
            value = self._value(
                pair.value, MAX_STACK if pair.key == "exception.stacktrace" else MAX_TEXT
            )
            self._left -= len(pair.key) + 8
            if len(found) >= MAX_ATTRIBUTES or self._left < 0:
                self.dropped += 1
            else:
                found[pair.key[:MAX_NAME]] = value
        return found

    def event(self, sent: trace_pb2.Span.Event) -> SpanEvent:
        at = min(sent.time_unix_nano, _LAST)
        return SpanEvent(
            at=at, name=sent.name[:MAX_NAME], attributes=self.attributes(sent.attributes)
        )

    def link(self, sent: trace_pb2.Span.Link) -> SpanLink | None:
        trace_id, span_id = _id(sent.trace_id, 16), _id(sent.span_id, 8)
        if trace_id is None or span_id is None:
            return None
        return SpanLink(
            trace_id=trace_id, span_id=span_id, attributes=self.attributes(sent.attributes)
        )

    def _value(self, sent: AnyValue, most: int, depth: int = _DEPTH) -> object:
        match sent.WhichOneof("value"):
            case "string_value":
                return self._text(sent.string_value, most)
            case "bytes_value":
                return self._text(base64.b64encode(sent.bytes_value[:most]).decode(), most)
            case "array_value" | "kvlist_value" if depth == 0:
                return "…"
            case "array_value":
                values = sent.array_value.values[:MAX_ATTRIBUTES]
                return [self._value(each, most, depth - 1) for each in values]
            case "kvlist_value":
                pairs = sent.kvlist_value.values[:MAX_ATTRIBUTES]
                return {
                    pair.key[:MAX_NAME]: self._value(pair.value, most, depth - 1) for pair in pairs
                }
            case None:
                return None
            case plain:
                self._left -= 8
                value: bool | int | float = getattr(sent, plain)
                # JSON has no infinities, and no NaN: https://www.rfc-editor.org/rfc/rfc8259#section-6
                return value if math.isfinite(value) else str(value)

    def _text(self, text: str, most: int) -> str:
        kept = text if len(text) <= most else f"{text[:most]}… ({len(text):,} characters)"
        self._left -= len(kept)
        return kept if self._left >= 0 else "…"


def _id(raw: bytes, length: int) -> str | None:
    return raw.hex() if len(raw) == length and any(raw) else None


def _ids_as_base64(body: Mapping[str, object]) -> None:
    for span in _each(body, "resourceSpans", "scopeSpans", "spans"):
        for item in (span, *_each(span, "links")):
            for name in ("traceId", "spanId", "parentSpanId"):
                value = item.get(name)
                if isinstance(value, str):
                    item[name] = _base64(value)


def _base64(hexadecimal: str) -> str:
    try:
        return base64.b64encode(binascii.unhexlify(hexadecimal)).decode()
    except ValueError:
        return ""  # no id: the span is refused, and the others are kept


def _each(parent: Mapping[str, object], *names: str) -> Iterable[dict[str, object]]:
    first, *rest = names
    items = parent.get(first)
    for item in cast("list[object]", items) if isinstance(items, list) else ():
        if isinstance(item, dict):
            found = cast("dict[str, object]", item)
            yield from _each(found, *rest) if rest else (found,)
