"""What every store of spans must do, as tests: subclass and give the fixtures `spans` and `small`.

`small` keeps about 50 spans, and 20 of one trace.
"""

# ruff: noqa: D102 the names of tests say what they test

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from wistro.errors import StoreError
from wistro.stores.spans import Span, SpanEvent, SpanLink, SpanStore, TraceFilter

SECOND = 1_000_000_000


def trace_id(number: int) -> str:
    """The id of a trace."""
    return f"{number:032x}"


def a_span(trace: int = 1, number: int = 1, **more: object) -> Span:
    """A span that began `trace` seconds, and `number` milliseconds, after the epoch."""
    start = trace * SECOND + number * 1_000_000
    members: dict[str, object] = {
        "trace_id": trace_id(trace),
        "span_id": f"{number:016x}",
        "parent_id": f"{1:016x}" if number > 1 else None,
        "name": f"work {number}",
        "start": start,
        "end": start + 1_000_000,
        "resource": {"service.name": "shop", "telemetry.sdk.language": "go"},
    }
    return Span(**{**members, **more})  # pyright: ignore[reportArgumentType] - names of ours


def of(flow: str, run_id: str) -> dict[str, Any]:
    """What makes a span one of a run."""
    return {"attributes": {"wistro.flow": flow, "wistro.run_id": run_id}}


async def listed(spans: SpanStore, **wanted: object) -> list[str]:
    """The traces that a filter finds, newest first, by their numbers."""
    page = await spans.traces(TraceFilter(**wanted))  # pyright: ignore[reportArgumentType] - names of ours
    return [str(int(trace.trace_id, 16)) for trace in page.items]


@pytest.mark.asyncio
class SpansConformance:
    """What everybody may rely on."""

    async def test_keeps_spans_as_they_are(self, spans: SpanStore) -> None:
        failure = SpanEvent(at=5, name="exception", attributes={"exception.type": "Oh"})
        link = SpanLink(trace_id=trace_id(7), span_id="a" * 16, attributes={"why": [1, None]})
        span = a_span(
            kind="consumer",
            status="error",
            message="Declinéd 🚀",
            scope="wistro",
            attributes={"wistro.flow": "orders", "wistro.run_id": "r", "deep": {"a": [True, 1.5]}},
            events=(failure,),
            links=(link,),
            dropped=3,
        )
        await spans.append([a_span(number=2), span])
        first, second = await spans.trace(trace_id(1))
        assert first == span
        assert second == a_span(number=2)
        assert await spans.trace(trace_id(2)) == []

    async def test_a_span_that_comes_again_changes_nothing(self, spans: SpanStore) -> None:
        first = a_span(status="error")
        assert await spans.append([first, first]) == 0
        assert await spans.append([replace(first, name="other"), a_span(number=2)]) == 0
        assert [span.name for span in await spans.trace(trace_id(1))] == ["work 1", "work 2"]
        (trace,) = (await spans.traces()).items
        assert (trace.spans, trace.errors) == (2, 1)

    async def test_shows_a_trace_at_a_glance(self, spans: SpanStore) -> None:
        late = a_span(number=900, status="error", **of("returns", "r2"))
        node = {"service.name": "web", "telemetry.sdk.language": "nodejs"}
        await spans.append([late, a_span(number=2, resource=node, **of("orders", "r1")), a_span()])
        (trace,) = (await spans.traces()).items
        assert trace.root == a_span()
        assert (trace.start, trace.end) == (a_span().start, late.end)
        assert (trace.spans, trace.errors) == (3, 1)
        assert [tuple(each) for each in trace.services] == [("shop", "go"), ("web", "nodejs")]
        assert [tuple(each) for each in trace.runs] == [("orders", "r1"), ("returns", "r2")]

    async def test_the_root_may_be_unknown(self, spans: SpanStore) -> None:
        orphan = a_span(number=2, parent_id="f" * 16)
        await spans.append([a_span(number=3, parent_id=orphan.span_id), orphan])
        (trace,) = (await spans.traces()).items
        assert trace.root == orphan
        looped = a_span(2, 1, parent_id=f"{1:016x}")
        await spans.append([looped])
        assert (await spans.traces()).items[0].root == looped

    async def test_finds_what_is_wanted(self, spans: SpanStore) -> None:
        web: dict[str, Any] = {"resource": {"service.name": "web"}}
        await spans.append(
            [
                a_span(1, **of("orders", "r1")),
                a_span(1, 2, name="SELECT stock", **web),
                a_span(2, status="error", **of("orders", "r2")),
                a_span(3, end=9 * SECOND, **of("returns", "r1")),
                a_span(4, name="100%_"),
            ]
        )
        assert await listed(spans) == ["4", "3", "2", "1"]
        assert await listed(spans, flow="orders") == ["2", "1"]
        assert await listed(spans, flow="orders", run_id="r1") == ["1"]
        assert await listed(spans, run_id="r1") == ["3", "1"]
        assert await listed(spans, service="web") == ["1"]
        assert await listed(spans, name="select") == ["1"]
        assert await listed(spans, name="%") == ["4"]
        assert await listed(spans, service="shop", name="select") == []
        assert await listed(spans, flow="orders", service="web", name="STOCK") == ["1"]
        assert await listed(spans, failed=True) == ["2"]
        assert await listed(spans, min_seconds=2) == ["3"]
        assert await listed(spans, flow="none") == []

    async def test_pages_hold_each_trace_once(self, spans: SpanStore) -> None:
        await spans.append(
            [a_span(number, start=(number // 3) * SECOND) for number in range(1, 26)]
        )
        found: list[str] = []
        before = None
        while True:
            page = await spans.traces(before=before, limit=4)
            found += [trace.trace_id for trace in page.items]
            before = page.next
            if before is None:
                break
            assert len(page.items) == 4
        assert found == [trace_id(number) for number in range(25, 0, -1)]
        with pytest.raises(StoreError, match="cursor"):
            await spans.traces(before="nonsense")

    async def test_a_trace_does_not_grow_without_end(self, small: SpanStore) -> None:
        assert await small.append([a_span(number=number) for number in range(1, 24)]) == 3
        assert await small.append([a_span(number=1), a_span(number=30)]) == 1
        assert len(await small.trace(trace_id(1))) == 20

    async def test_the_oldest_traces_make_room(self, small: SpanStore) -> None:
        for number in range(20):
            await small.append([a_span(number, each) for each in range(1, 6)])
        kept = await listed(small)
        assert kept == [str(number) for number in range(19, 19 - len(kept), -1)]
        assert 8 <= len(kept) <= 11

    async def test_forgets_what_came_long_ago(self, spans: SpanStore) -> None:
        future = a_span(1, start=2**62, end=2**62)
        await spans.append([future, a_span(1, 2)])
        assert await spans.prune(timedelta(hours=1)) == 0
        assert await listed(spans) == ["1"]
        await asyncio.sleep(0.01)
        assert await spans.prune(timedelta(0)) == 2
        assert await listed(spans) == []
        assert await spans.append([future]) == 0
