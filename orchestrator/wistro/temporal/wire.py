"""What clients and the run workflow say to each other, and the names they use."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

from temporalio.common import SearchAttributeKey

from wistro.contract import CONTRACT_VERSION, CallAnswer, ErrorInfo, RunRef, Trigger
from wistro.machine.plan import Plan
from wistro.machine.state import Answer, Outcome, RunState

ANSWER_UPDATE = "answer"
RESPONSE_UPDATE = "response"
OPERATE_UPDATE = "operate"
MESSAGE_SIGNAL = "message"
SNAPSHOT_QUERY = "snapshot"
LINK_ACTIVITY = "wistro.start_linked_run"
STREAM_ACCESS = "wistro.stream_access"
"""The workflow and the activity that ask the function of a stream who may follow it."""

TRIGGER_ATTRIBUTE = SearchAttributeKey.for_keyword("WistroTrigger")
VERSION_ATTRIBUTE = SearchAttributeKey.for_keyword("WistroVersion")
STATUS_ATTRIBUTE = SearchAttributeKey.for_keyword("WistroStatus")
"""Set only where Temporal's own status does not say it: `held` and `timed_out`."""


def workflow_id(flow: str, run_id: str) -> str:
    """The Temporal workflow id of a run."""
    return f"{flow}/{run_id}"


def parse_workflow_id(id: str) -> tuple[str, str]:
    """Flow and run id of a workflow id."""
    flow, _, run_id = id.partition("/")
    return flow, run_id


def runs_queue(project: str) -> str:
    """The task queue of a project's runs and of its Python steps."""
    return f"{project}.runs"


def own_trace(run_id: str) -> str:
    """The trace context of a run that no caller's trace leads to: its id is the trace id."""
    hexadecimal = len(run_id) == 32 and all(digit in "0123456789abcdef" for digit in run_id)
    trace = run_id if hexadecimal else sha256(run_id.encode()).hexdigest()[:32]
    return f"00-{trace}-{trace[:16]}-01"


@dataclass(frozen=True, kw_only=True)
class RunInput:
    """The start input of a run; with `state` it goes on from there.

    Without a `run_id`, the id that Temporal's schedule gave the workflow counts.
    """

    run_id: str
    plan: Plan
    trigger: Trigger
    data: object = None
    state: RunState | None = None
    response_meta: object = None
    """What the caller wants back untouched with the answer. No handler sees it."""


@dataclass(frozen=True, kw_only=True)
class CallResponse:
    """The answer to a call, with what its caller wanted back."""

    answer: CallAnswer
    response_meta: object = None


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """What a completed run leaves: the answer to its trigger, and its response."""

    outcome: Outcome
    answer: Answer | None = None
    response: object = None
    responded: bool = False
    deliveries: int = 0
    call: CallResponse | None = None
    """What the caller gets, when the run was called."""


@dataclass(frozen=True, kw_only=True)
class Operation:
    """An operator's repair of a delivery. `edited` says whether `data` replaces its input."""

    action: Literal["retry", "skip"]
    delivery_id: str
    edited: bool = False
    data: object = None
    by: str | None = None


@dataclass(frozen=True, kw_only=True)
class Message:
    """A message from outside for a running run."""

    topic: str
    data: object = None


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A run as its workflow knows it."""

    plan: Plan
    trigger: Trigger
    state: RunState
    waiting_for: str
    why_waiting: str


@dataclass(frozen=True, kw_only=True)
class LinkRequest:
    """Asks for a run of `flow` that starts with a shared message."""

    flow: str
    run_id: str
    topic: str
    data: object
    parent: RunRef
    client_context: object = None
    traceparent: str | None = None


@dataclass(frozen=True, kw_only=True)
class StreamQuestion:
    """Asks the function of a stream whether a client may follow an item, or a group."""

    stream: str
    group: str
    id: str | None = None
    context: object = None
    """What the client's token was made with."""
    version: int = CONTRACT_VERSION


@dataclass(frozen=True, kw_only=True)
class StreamAccessRequest:
    """A question, and the queue of the worker that can answer it."""

    queue: str
    question: StreamQuestion


@dataclass(frozen=True, kw_only=True)
class RunFailure:
    """The details of a failed run's error."""

    error: ErrorInfo
    outcome: Outcome
    answer: Answer | None = None
    call: CallResponse | None = None
