"""Spans: what the processes of a project traced, by trace. They may hold what users sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal, Protocol, TypeAlias

MAX_SPANS = 100_000
"""How many spans are kept unless the project says otherwise; the oldest traces go first."""
MAX_TRACE_SPANS = 20_000
"""The most spans of one trace that are kept: whoever looks at a trace loads all of it."""
MAX_TRACES = 500
"""The most traces that one page may be asked for."""
RUNS_SHOWN = 10
"""How many of the runs in it a trace shows at a glance."""

SpanKind: TypeAlias = Literal["internal", "server", "client", "producer", "consumer"]
SpanStatus: TypeAlias = Literal["unset", "ok", "error"]


@dataclass(frozen=True, kw_only=True)
class SpanEvent:
    """Something that happened at a moment of a span; an exception, most of the time."""

    at: int
    """Nanoseconds since the epoch."""
    name: str
    attributes: Mapping[str, object] = field(default_factory=dict[str, object])


@dataclass(frozen=True, kw_only=True)
class SpanLink:
    """Another span, of this trace or another, that has to do with this one."""

    trace_id: str
    span_id: str
    attributes: Mapping[str, object] = field(default_factory=dict[str, object])


@dataclass(frozen=True, kw_only=True)
class Span:
    """A piece of work: https://opentelemetry.io/docs/specs/otel/trace/api/#span."""

    trace_id: str
    """32 hexadecimal digits."""
    span_id: str
    """16 hexadecimal digits."""
    parent_id: str | None = None
    """The span that it is part of, which may be unknown here: the caller's, or one yet to come."""
    name: str
    kind: SpanKind = "internal"
    start: int
    """Nanoseconds since the epoch."""
    end: int
    """Nanoseconds since the epoch."""
    status: SpanStatus = "unset"
    message: str = ""
    """What went wrong."""
    scope: str = ""
    """The library, or the part of a program, that made the span."""
    attributes: Mapping[str, object] = field(default_factory=dict[str, object])
    resource: Mapping[str, object] = field(default_factory=dict[str, object])
    """What the process says about itself: `service.name`, `telemetry.sdk.language`, …"""
    events: Sequence[SpanEvent] = ()
    links: Sequence[SpanLink] = ()
    dropped: int = 0
    """How many attributes, events and links were left out, there or here."""

    @property
    def service(self) -> str:
        """The name of the service that made it."""
        return _text(self.resource.get("service.name"))

    @property
    def language(self) -> str:
        """The programming language of that service, such as `python`, `nodejs` or `go`."""
        return _text(self.resource.get("telemetry.sdk.language"))

    @property
    def flow(self) -> str | None:
        """The flow of the run or delivery that it is the span of."""
        return _text(self.attributes.get("wistro.flow")) or None

    @property
    def run_id(self) -> str | None:
        """The run that it is the span of, or of one of its deliveries."""
        return _text(self.attributes.get("wistro.run_id")) or None


@dataclass(frozen=True, kw_only=True)
class TraceFilter:
    """Which traces are wanted; what is not given is not asked for."""

    flow: str | None = None
    run_id: str | None = None
    """With `flow`: that of a run of this flow."""
    service: str | None = None
    name: str | None = None
    """Part of the name of a span, in upper or lower case; with `service`: of a span of that service."""
    failed: bool = False
    """Whether some span went wrong."""
    min_seconds: float = 0.0
    """How long they took at least."""


ALL_TRACES = TraceFilter()
"""Accepts every trace."""


@dataclass(frozen=True, kw_only=True)
class TraceSummary:
    """A trace at a glance."""

    trace_id: str
    start: int
    """Of its first span, in nanoseconds since the epoch."""
    end: int
    """Of the span that ended last."""
    spans: int
    errors: int
    """How many of them went wrong."""
    root: Span
    """The span without a parent here; of several, the one that began first."""
    services: Sequence[tuple[str, str]]
    """Names of services with their languages."""
    runs: Sequence[tuple[str, str]]
    """Flows and ids of the first runs in it."""


@dataclass(frozen=True, kw_only=True)
class TracePage:
    """Traces, the newest first."""

    items: Sequence[TraceSummary]
    next: str | None = None
    """Ask for the older ones with it, as `before`."""


class SpanStore(Protocol):
    """A bounded collection of spans, by trace."""

    async def append(self, spans: Sequence[Span], /) -> int:
        """Keep spans; one that is there already stays as it is.

        Returns:
            How many were left out because their trace has `MAX_TRACE_SPANS`.

        Raises:
            StoreError: `store_unavailable`; then none of them is kept.
        """
        ...

    async def trace(self, trace_id: str, /) -> list[Span]:
        """The spans of a trace as they began; none when it is not known."""
        ...

    async def traces(
        self, wanted: TraceFilter = ALL_TRACES, *, before: str | None = None, limit: int = 50
    ) -> TracePage:
        """Wanted traces, the newest first.

        Args:
            wanted: Which.
            before: The `next` of the page before.
            limit: How many, up to `MAX_TRACES`.

        Raises:
            StoreError: `page_invalid`.
        """
        ...

    async def prune(self, older_than: timedelta) -> int:
        """Remove traces whose last span came longer ago than this; says how many spans they had."""
        ...

    async def close(self) -> None:
        """Let go of files; the store is not used again."""
        ...


def of_run(spans: Sequence[Span], flow: str, run_id: str) -> list[Span]:
    """Those of a trace that belong to a run: its own, and all below them."""
    children: dict[str | None, list[Span]] = {}
    for span in spans:
        children.setdefault(span.parent_id, []).append(span)
    found: dict[str, Span] = {}
    ahead = [span for span in spans if span.run_id == run_id and span.flow == flow]
    while ahead:
        span = ahead.pop()
        if span.span_id not in found:
            found[span.span_id] = span
            ahead += children.get(span.span_id, ())
    return [span for span in spans if span.span_id in found]


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
