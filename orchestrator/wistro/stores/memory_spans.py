"""Spans in memory, for tests."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from datetime import timedelta

from wistro.stores.span_encoding import cursor_of, in_order, read_cursor
from wistro.stores.spans import (
    ALL_TRACES,
    MAX_SPANS,
    MAX_TRACE_SPANS,
    RUNS_SHOWN,
    Span,
    TraceFilter,
    TracePage,
    TraceSummary,
)


class MemorySpans:
    """A `SpanStore` that ends with its process."""

    def __init__(self, *, keep: int = MAX_SPANS, trace_spans: int = MAX_TRACE_SPANS) -> None:
        """Keep about `keep` spans, and `trace_spans` of one trace."""
        self._keep = keep
        self._trace_spans = trace_spans
        self._traces: dict[str, dict[str, Span]] = {}
        self._heard: dict[str, float] = {}

    async def append(self, spans: Sequence[Span], /) -> int:
        """See `SpanStore.append`."""
        left_out = 0
        for span in spans:
            trace = self._traces.setdefault(span.trace_id, {})
            if span.span_id in trace:
                continue
            if len(trace) >= self._trace_spans:
                left_out += 1
                continue
            trace[span.span_id] = span
            self._heard[span.trace_id] = time.time()
        while sum(map(len, self._traces.values())) > self._keep:
            self._forget(min(self._heard, key=lambda trace: self._heard[trace]))
        return left_out

    async def trace(self, trace_id: str, /) -> list[Span]:
        """See `SpanStore.trace`."""
        return in_order(self._traces.get(trace_id, {}).values())

    async def traces(
        self, wanted: TraceFilter = ALL_TRACES, *, before: str | None = None, limit: int = 50
    ) -> TracePage:
        """See `SpanStore.traces`."""
        end = None if before is None else read_cursor(before)
        found = [
            each
            for id, spans in self._traces.items()
            if _accepts(each := _summary(id, in_order(spans.values())), spans.values(), wanted)
            and (end is None or (each.start, each.trace_id) < end)
        ]
        found.sort(key=lambda trace: (trace.start, trace.trace_id), reverse=True)
        page = found[:limit]
        return TracePage(items=page, next=cursor_of(page[-1]) if len(found) > limit else None)

    async def prune(self, older_than: timedelta) -> int:
        """See `SpanStore.prune`."""
        oldest = time.time() - older_than.total_seconds()
        return sum(self._forget(id) for id, at in list(self._heard.items()) if at < oldest)

    async def close(self) -> None:
        """See `SpanStore.close`."""

    def _forget(self, trace_id: str) -> int:
        del self._heard[trace_id]
        return len(self._traces.pop(trace_id))


def _accepts(trace: TraceSummary, spans: Collection[Span], wanted: TraceFilter) -> bool:
    name = (wanted.name or "").lower()
    return (
        (not wanted.failed or trace.errors > 0)
        and trace.end - trace.start >= wanted.min_seconds * 1e9
        and any(
            wanted.flow in (None, span.flow) and wanted.run_id in (None, span.run_id)
            for span in spans
        )
        and any(
            wanted.service in (None, span.service) and name in span.name.lower() for span in spans
        )
    )


def _summary(trace_id: str, spans: Sequence[Span]) -> TraceSummary:
    """A trace at a glance, from all its spans in order."""
    known = {span.span_id for span in spans}
    roots = [span for span in spans if span.parent_id is None] or [
        span for span in spans if span.parent_id not in known
    ]
    runs = dict.fromkeys((span.flow, span.run_id) for span in spans if span.flow and span.run_id)
    return TraceSummary(
        trace_id=trace_id,
        start=min(span.start for span in spans),
        end=max(span.end for span in spans),
        spans=len(spans),
        errors=sum(span.status == "error" for span in spans),
        root=(roots or spans)[0],
        services=sorted({(span.service, span.language) for span in spans}),
        runs=[(flow, run) for flow, run in runs if flow and run][:RUNS_SHOWN],
    )
