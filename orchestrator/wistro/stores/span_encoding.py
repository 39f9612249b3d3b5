"""What providers of spans share: a span as JSON text, the order of spans, the cursor of a page."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from wistro.errors import StoreError
from wistro.stores.spans import Span, SpanEvent, SpanLink, TraceSummary


def body_text(span: Span) -> str:
    """What no query asks for, as JSON text."""
    # Not `asdict`: it copies every value, and takes longer than all else that is done with a span.
    body = {
        "scope": span.scope,
        "attributes": span.attributes,
        "resource": span.resource,
        "events": [vars(event) for event in span.events],
        "links": [vars(link) for link in span.links],
        "dropped": span.dropped,
    }
    kept = {name: value for name, value in body.items() if value}
    return json.dumps(kept, separators=(",", ":"), default=str)


def read_body(text: str) -> dict[str, Any]:
    """The members of a span that `body_text` has written."""
    body: dict[str, Any] = json.loads(text)
    body["events"] = tuple(SpanEvent(**event) for event in body.get("events", ()))
    body["links"] = tuple(SpanLink(**link) for link in body.get("links", ()))
    return body


def cursor_of(trace: TraceSummary) -> str:
    """Leads to the traces that began before this one."""
    return f"{trace.start}-{trace.trace_id}"


def read_cursor(text: str) -> tuple[int, str]:
    """What `cursor_of` has written.

    Raises:
        StoreError: `page_invalid`.
    """
    start, _, trace_id = text.partition("-")
    if not start.isdecimal() or len(start) > 19 or not trace_id:
        raise StoreError(
            f"`{text[:80]}` is no cursor of a page of traces",
            code="page_invalid",
            retryable=False,
            hint="give the `next` of the page before as it was",
        )
    return int(start), trace_id


def in_order(spans: Iterable[Span]) -> list[Span]:
    """Spans as they began; of those that began together, the longest first: parents before children."""
    return sorted(spans, key=lambda span: (span.start, -span.end, span.span_id))
