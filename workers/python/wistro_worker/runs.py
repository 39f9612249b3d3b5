"""What a process that hosts runs tells about them: to the journal, in metrics and in a trace."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.trace import StatusCode
from prometheus_client import Counter, Histogram

from wistro.context import Level
from wistro.stores.journal import JournalEntry
from wistro.temporal.workflows.progress import Progress, listen
from wistro_worker.tracing import context_of, given_ids

_BUCKETS = (0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 300, 3600, 86400)
_LEVELS: dict[str, Level] = {
    "run.failed": "error",
    "run.timed_out": "error",
    "run.cancelled": "warn",
    "delivery.held": "warn",
}

_runs = Counter("wistro_runs", "Runs that started or ended, by how.", ["flow", "event"])
_seconds = Histogram(
    "wistro_run_seconds", "Time from a run's start to its end.", ["flow"], buckets=_BUCKETS
)


@contextmanager
def telling_about_runs(
    project: str, append: Callable[[JournalEntry], None]
) -> Generator[None, None, None]:
    """Notes the progress of every run hosted by this process to `append`."""

    def note(progress: Progress) -> None:
        entry = JournalEntry(
            kind=progress.kind,
            project=project,
            at=progress.at,
            flow=progress.flow,
            run_id=progress.run_id,
            delivery_id=progress.delivery_id,
            step=progress.step,
            level=_LEVELS.get(progress.kind, "info"),
            message=progress.message,
            fields=_fields(progress),
        )
        append(entry)
        if progress.kind.startswith("run."):
            _runs.labels(progress.flow, progress.kind.removeprefix("run.")).inc()
        if progress.seconds is not None:
            _seconds.labels(progress.flow).observe(progress.seconds)
            _span(progress, progress.seconds)

    stop = listen(note)
    try:
        yield
    finally:
        stop()


def _fields(progress: Progress) -> dict[str, object]:
    if progress.kind == "run.started":
        return {"version": progress.version}
    fields: dict[str, object] = {}
    if progress.seconds is not None:
        fields["seconds"] = round(progress.seconds, 6)
    if progress.emitted:
        fields["emitted"] = list(progress.emitted)
    if progress.told:
        fields["told"] = progress.told
    return fields


def _span(progress: Progress, seconds: float) -> None:
    """The span of a run that ended, below what triggered it; its attempts are below it."""
    started = int((progress.at - seconds) * 1e9)
    with given_ids(progress.traceparent):
        span = trace.get_tracer("wistro").start_span(
            f"run {progress.flow}",
            context=context_of(progress.caller),
            start_time=started,
            attributes={"wistro.flow": progress.flow, "wistro.run_id": progress.run_id},
        )
    if progress.kind != "run.completed":
        span.set_status(StatusCode.ERROR, progress.kind.removeprefix("run."))
    span.end(int(progress.at * 1e9))
