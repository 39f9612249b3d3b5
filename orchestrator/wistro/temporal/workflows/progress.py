"""Progress of runs, told to the process that hosts the workflows.

Like a log line: written only when a workflow is not replaying, and nothing depends on it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from temporalio import workflow


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Something happened in a run: `kind` is for example `run.completed` or `delivery.held`."""

    at: float
    flow: str
    run_id: str
    kind: str
    delivery_id: str | None = None
    step: str | None = None
    message: str = ""
    emitted: tuple[str, ...] = ()
    """The topics of what was emitted."""
    told: int = 0
    """See `Announce.told`."""
    seconds: float | None = None
    """Of a run that ended: how long it took."""
    version: str = ""
    """The build of the plan that the run follows."""
    traceparent: str | None = None
    """The trace context of the run's span."""
    caller: str | None = None
    """That of what triggered it."""


_listeners: list[Callable[[Progress], None]] = []


def listen(listener: Callable[[Progress], None]) -> Callable[[], None]:
    """Calls `listener` for the progress of every run hosted here; returns how to stop that."""
    _listeners.append(listener)
    return lambda: _listeners.remove(listener)


def publish(progress: Progress) -> None:
    """Tells the listeners, unless the workflow is replaying."""
    if not workflow.unsafe.is_replaying():
        for listener in _listeners:
            listener(progress)
