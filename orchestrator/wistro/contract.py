"""What crosses between the engine and the workers: invocations, results and errors.

The JSON form of these dataclasses is the worker contract (`workers/contract`); field names are the
wire names. They are plain standard-library data because deterministic workflow code uses them too.
`object` stands for any JSON value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from wistro.machine.plan import Plan

CONTRACT_VERSION = 1

TriggerKind = Literal["api", "event", "cron", "call", "flow", "operator", "fork"]


@dataclass(frozen=True, kw_only=True)
class RunRef:
    """Names a run, and a delivery in it."""

    flow: str
    run_id: str
    delivery_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Trigger:
    """What started a run, as handlers and operators see it."""

    kind: TriggerKind
    step: str | None = None
    """The api, cron or call step that was triggered."""
    topic: str | None = None
    """The topic of the starting message, when a message started the run."""
    parent: RunRef | None = None
    """The run that this one is linked to (a shared message, a call or a fork)."""
    by: str | None = None
    """Who asked for it: a user, an API key's name, a system."""
    client_context: object = None
    traceparent: str | None = None
    """W3C trace context of the caller."""
    depth: int = 0
    """How many calls of flows lie between this run and the one that nobody's flow called."""


@dataclass(frozen=True, kw_only=True)
class Emission:
    """A message emitted by a handler."""

    topic: str
    data: object = None


@dataclass(frozen=True, kw_only=True)
class ErrorInfo:
    """The portable form of an error."""

    code: str
    """A word for programs: `handler_error`, `validation_failed`, `timeout`, `worker_lost`, …"""
    message: str
    type: str | None = None
    """The class name of the exception."""
    stack: str | None = None
    details: object = None
    retryable: bool = True
    retry_after: float | None = None
    """Seconds to wait before the next attempt, when the error knows."""


CallStatus = Literal[
    "answered", "ended", "response_not_reached", "flow_failed", "timeout", "cancelled"
]
"""`ended` closes the answers of a flow that gives several."""


@dataclass(frozen=True, kw_only=True)
class CallError:
    """Why a call has no answer: only what its caller may know."""

    code: str
    message: str
    http_status: int | None = None
    """What the step meant an HTTP caller to see, if it said so."""


@dataclass(frozen=True, kw_only=True)
class CallAnswer:
    """What the caller of a flow gets: `data` when it was `answered`, else `error`."""

    status: CallStatus
    data: object = None
    error: CallError | None = None
    path: tuple[str, ...] = ()
    """The steps that the run came by, when it ended without an answer."""


@dataclass(frozen=True, kw_only=True)
class Segment:
    """Lets the worker go on with the inline subscribers of what this delivery emits."""

    plan: Plan
    budget: int
    """How many deliveries it may make at most, the first included."""


@dataclass(frozen=True, kw_only=True)
class Invocation:
    """One delivery, as handed to a worker. `attempt` counts the attempts made before this call."""

    project: str
    flow: str
    run_id: str
    build: str
    step: str
    delivery_id: str
    idempotency_key: str
    trigger: Trigger
    topic: str | None = None
    data: object = None
    attempt: int = 0
    released: int = 0
    """How often an operator had it made again: the flows it calls are called again then."""
    segment: Segment | None = None
    version: int = CONTRACT_VERSION


@dataclass(frozen=True, kw_only=True)
class StepResult:
    """What a handler did, recorded with its completion, all or nothing."""

    emissions: tuple[Emission, ...] = ()
    output: object = None
    """What the handler returned (for an api step: `{"status", "headers", "body"}`)."""
    response: object = None
    """What it answered with `respond`."""
    responded: bool = False


@dataclass(frozen=True, kw_only=True)
class Report:
    """How one delivery of a segment ended: exactly one of `result` and `error` is given."""

    delivery_id: str
    step: str
    started_at: float
    """Seconds since the epoch."""
    finished_at: float
    result: StepResult | None = None
    error: ErrorInfo | None = None


@dataclass(frozen=True, kw_only=True)
class SegmentResult:
    """The reports of a segment, the first delivery's first, parents before children."""

    reports: tuple[Report, ...]
