"""Traces: list them, show one, show what belongs to a run."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Literal
from urllib.parse import urlsplit

from fastapi import APIRouter, Path, Query

from wistro.stores.spans import (
    Span,
    SpanEvent,
    SpanKind,
    SpanLink,
    SpanStatus,
    TraceFilter,
    TraceSummary,
    of_run,
)
from wistro.temporal.host.tracing import is_receiver, traces_endpoint
from wistro_triggers.management.site import ERRORS, FlowPath, RunPath, Site, View, at_level
from wistro_triggers.problems import Problem

_RUN_TRACES = 20
"""A run is in one trace, unless some of its processes export elsewhere; no more than these are read."""


class Tracing(View):
    """Where what the processes of the project trace goes."""

    goes: Literal["here", "elsewhere", "nowhere"]
    """`elsewhere`: to the OpenTelemetry endpoint that the environment names."""
    endpoint: str | None = None
    """The one elsewhere."""


class Service(View):
    """Something that made spans."""

    name: str
    language: str
    """`python`, `nodejs`, `go`, or what else its SDK says; empty when it says nothing."""


class TracedRun(View):
    """A run that a trace has spans of."""

    flow: str
    run_id: str


class TraceItem(View):
    """A trace at a glance."""

    trace_id: str
    started_at: datetime
    """When its first span began."""
    seconds: float
    """From the beginning of its first span to the last end."""
    name: str
    """That of the span that all others are below, or of the first one that came."""
    service: Service
    """Who made that span."""
    services: list[Service]
    runs: list[TracedRun]
    """The first of them."""
    spans: int
    errors: int
    """How many spans went wrong."""


class TraceList(View):
    """Traces, the newest first."""

    items: list[TraceItem]
    next: str | None = None
    """Ask for the older ones with it, as `before`; nothing when there are none."""
    tracing: Tracing


class SpanEventView(View):
    """Something that happened at a moment of a span, such as an exception."""

    at: float
    """Milliseconds since the epoch."""
    name: str
    attributes: Mapping[str, object]


class SpanLinkView(View):
    """Another span that has to do with this one."""

    trace_id: str
    span_id: str
    attributes: Mapping[str, object]


class SpanView(View):
    """A piece of work, as OpenTelemetry has it. What is in it comes from handlers and libraries."""

    span_id: str
    parent_id: str | None
    """The span that it is part of, which need not be among these."""
    name: str
    kind: SpanKind
    start: float
    """Milliseconds since the epoch, with as many decimals as there are."""
    end: float
    status: SpanStatus
    message: str
    """What went wrong."""
    scope: str
    """The library, or the part of a program, that made it."""
    source: int
    """Who made it: the place in `sources`."""
    flow: str | None
    run_id: str | None
    step: str | None
    delivery_id: str | None
    attempt: int | None
    attributes: Mapping[str, object]
    events: list[SpanEventView]
    links: list[SpanLinkView]
    dropped: int
    """How many attributes, events and links were left out."""


class SpanSource(View):
    """A process that made spans."""

    service: Service
    attributes: Mapping[str, object]
    """What it says about itself."""


class TraceDetail(View):
    """The spans of a trace, as they began."""

    trace_id: str
    sources: list[SpanSource]
    spans: list[SpanView]


class RunSpans(View):
    """The spans of a run, and of all that it led to."""

    traces: list[TraceDetail]
    """One, most of the time; none when nothing was traced, or it is no longer kept."""
    tracing: Tracing


TraceId = Annotated[str, Path(pattern="^[0-9a-f]{32}$", description="32 hexadecimal digits.")]


def traces_router(site: Site) -> APIRouter:
    """`/traces` and below, and the spans of a run."""
    router = APIRouter(tags=["traces"], responses=ERRORS)
    store = site.spans

    @router.get("/traces", summary="List traces, newest first")
    async def list_traces(
        flow: Annotated[str | None, Query(description="With a run of this flow.")] = None,
        run_id: Annotated[str | None, Query(description="With this run.")] = None,
        service: Annotated[str | None, Query(description="With a span of this service.")] = None,
        name: Annotated[str | None, Query(description="Part of the name of a span.")] = None,
        failed: Annotated[bool, Query(description="Only where some span went wrong.")] = False,
        min_seconds: Annotated[float, Query(ge=0, le=1e9, description="At least so long.")] = 0.0,
        before: Annotated[str | None, Query(description="The `next` of the page before.")] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> TraceList:
        if store is None:
            return TraceList(items=[], tracing=_tracing(kept=False))
        wanted = TraceFilter(
            flow=flow,
            run_id=run_id,
            service=service,
            name=name,
            failed=failed,
            min_seconds=min_seconds,
        )
        page = await store.traces(wanted, before=before, limit=limit)
        items = [_item(trace) for trace in page.items]
        return TraceList(items=items, next=page.next, tracing=_tracing(kept=True))

    @router.get("/traces/{trace_id}", summary="Show the spans of a trace")
    @at_level("read")
    async def show_trace(trace_id: TraceId) -> TraceDetail:
        spans = [] if store is None else await store.trace(trace_id)
        if not spans:
            raise Problem(
                404,
                "trace_not_found",
                f"There is no trace `{trace_id}`. hint: traces are kept for a while only, see `traces`"
                " in `wistro.yml`.",
            )
        return _detail(trace_id, spans)

    @router.get("/runs/{flow}/{run_id}/spans", summary="Show what a run traced")
    @at_level("read")
    async def show_run_spans(flow: FlowPath, run_id: RunPath) -> RunSpans:
        if store is None:
            return RunSpans(traces=[], tracing=_tracing(kept=False))
        page = await store.traces(TraceFilter(flow=flow, run_id=run_id), limit=_RUN_TRACES)
        details = [
            _detail(trace.trace_id, of_run(await store.trace(trace.trace_id), flow, run_id))
            for trace in page.items
        ]
        return RunSpans(traces=details, tracing=_tracing(kept=True))

    return router


def _tracing(*, kept: bool) -> Tracing:
    """As this process has it: those of a project are set up alike."""
    endpoint = traces_endpoint(os.environ)
    if endpoint is not None and not is_receiver(endpoint):
        # Addresses may hold credentials.
        parts = urlsplit(endpoint)
        shown = f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}"
        return Tracing(goes="elsewhere", endpoint=shown)
    return Tracing(goes="here" if kept and endpoint is not None else "nowhere")


def _item(trace: TraceSummary) -> TraceItem:
    return TraceItem(
        trace_id=trace.trace_id,
        started_at=datetime.fromtimestamp(trace.start / 1e9, UTC),
        seconds=(trace.end - trace.start) / 1e9,
        name=trace.root.name,
        service=Service(name=trace.root.service, language=trace.root.language),
        services=[Service(name=name, language=language) for name, language in trace.services],
        runs=[TracedRun(flow=flow, run_id=run_id) for flow, run_id in trace.runs],
        spans=trace.spans,
        errors=trace.errors,
    )


def _detail(trace_id: str, spans: Sequence[Span]) -> TraceDetail:
    sources: list[SpanSource] = []
    places: dict[str, int] = {}
    shown: list[SpanView] = []
    for span in spans:
        # Processes repeat what they say about themselves with every span.
        said = repr(sorted(span.resource.items()))
        if said not in places:
            places[said] = len(sources)
            service = Service(name=span.service, language=span.language)
            sources.append(SpanSource(service=service, attributes=span.resource))
        shown.append(_span(span, places[said]))
    return TraceDetail(trace_id=trace_id, sources=sources, spans=shown)


def _span(span: Span, source: int) -> SpanView:
    attempt = span.attributes.get("wistro.attempt")
    return SpanView(
        span_id=span.span_id,
        parent_id=span.parent_id,
        name=span.name,
        kind=span.kind,
        start=span.start / 1e6,
        end=span.end / 1e6,
        status=span.status,
        message=span.message,
        scope=span.scope,
        source=source,
        flow=span.flow,
        run_id=span.run_id,
        step=_text(span, "wistro.step"),
        delivery_id=_text(span, "wistro.delivery_id"),
        attempt=attempt if isinstance(attempt, int) else None,
        attributes=span.attributes,
        events=[_event(event) for event in span.events],
        links=[_link(link) for link in span.links],
        dropped=span.dropped,
    )


def _event(event: SpanEvent) -> SpanEventView:
    return SpanEventView(at=event.at / 1e6, name=event.name, attributes=event.attributes)


def _link(link: SpanLink) -> SpanLinkView:
    return SpanLinkView(trace_id=link.trace_id, span_id=link.span_id, attributes=link.attributes)


def _text(span: Span, name: str) -> str | None:
    value = span.attributes.get(name)
    return value if isinstance(value, str) else None
