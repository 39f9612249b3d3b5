"""What clients and the run workflow say to each other, and the names they use."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal

from temporalio.common import SearchAttributeKey

from wistro.contract import CONTRACT_VERSION, CallAnswer, ErrorInfo, RunRef, Trigger
from wistro.machine.plan import Plan
from wistro.machine.state import Answer, OpenCall, Outcome, RunState, Task

ANSWER_UPDATE = "answer"
RESPONSE_UPDATE = "response"
ASK_AGAIN = "ask_again"
"""Why an update that waits is refused: the run goes on in a fresh history, which has the answer."""
OPERATE_UPDATE = "operate"
RESPONSES_UPDATE = "responses"
TASK_UPDATE = "task"
MESSAGE_SIGNAL = "message"
CALLING_SIGNAL = "calling"
"""From a run to the one whose handler called it, before anything else: it is there."""
CALLED_SIGNAL = "called"
"""From a run to the one that called it: the answer."""
SNAPSHOT_QUERY = "snapshot"
BUILT_IN = "wistro."
"""How the names of activities begin that are no steps."""
LINK_ACTIVITY = "wistro.start_linked_run"
CALL_ACTIVITY = "wistro.start_call"
CHECK_CALL_ACTIVITY = "wistro.check_call"
SHOW_TASK_ACTIVITY = "wistro.show_task"
SHOW_WAIT_ACTIVITY = "wistro.show_wait"
ANSWER_WORKFLOW = "wistro.answer"
"""The workflow that brings an answer to its target, however long that takes."""
NEVER_BEGAN = "cancelled before it began"
"""Why a run was ended by force that nobody has seen yet."""
RUN_TARGET = "run"
"""The response target that is another run: told by a signal, without a workflow in between."""
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


_TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-[0-9a-f]{16}-([0-9a-f]{2})(?:-.*)?")
"""https://www.w3.org/TR/trace-context/#traceparent-header"""


def run_trace(run_id: str, caller: str | None) -> str:
    """The trace context of a run's own span: in the caller's trace, or else in one that its id names.

    Everybody can tell it from the run's id, so that attempts of any language are below a span that
    is not there before the run has ended.
    """
    version, trace, span, flags = own_trace(run_id).split("-")
    if caller is not None and (found := _TRACEPARENT.fullmatch(caller)):
        trace, flags = found.groups()
    return f"{version}-{trace}-{span}-{flags}"


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
    respond_to: RespondTo | None = None
    """Who is told the answer, besides those who ask for it."""
    calling: OpenCall | None = None
    """What the run that calls is told of this one, which ends with it unless it is detached."""
    asked_by: str = ""
    """The request that started it: one that is answered by another's run knows by it."""


@dataclass(frozen=True, kw_only=True)
class RespondTo:
    """A response target, and what it needs to know: where, for whom."""

    target: str
    """The name that it is registered by: `webhook`, `topic`, `channel`, `inbox`, `run`, …"""
    address: dict[str, object] = field(default_factory=dict[str, object])
    many: bool = True
    """Whether it takes several answers; otherwise it gets their list in the end."""


@dataclass(frozen=True, kw_only=True)
class AnswerDelivery:
    """An answer on its way to a response target: the input of the workflow that brings it."""

    id: str
    """The same in every attempt: receivers tell repetitions by it."""
    flow: str
    run_id: str
    number: int
    """Counts the answers of the run, from 1."""
    last: bool
    """Whether no answer follows."""
    answer: CallAnswer
    response_meta: object = None
    respond_to: RespondTo
    client_context: object = None
    by: str | None = None
    """Who called."""
    answered_at: float = 0.0
    """Seconds since the epoch."""
    traceparent: str | None = None


@dataclass(frozen=True, kw_only=True)
class Responses:
    """The answers of a run beyond those that the asker has seen."""

    answers: list[object] = field(default_factory=list[object])
    end: CallResponse | None = None
    """How it ended, once no answer follows."""


@dataclass(frozen=True, kw_only=True)
class CallReply:
    """The answer to a call that a run made: what `CALLED_SIGNAL` carries."""

    delivery_id: str
    """The delivery that called."""
    run_id: str
    """The run that was called."""
    answer: CallAnswer


@dataclass(frozen=True, kw_only=True)
class CallRequest:
    """Asks for a run of `flow` that answers a delivery of the run `caller`."""

    flow: str
    run_id: str
    data: object
    caller: RunRef
    depth: int
    """That of the caller."""
    by: str | None = None
    client_context: object = None
    traceparent: str | None = None
    detached: bool = False


@dataclass(frozen=True, kw_only=True)
class TaskShown:
    """What the inbox is told of a task; one that is closed has no `task`."""

    flow: str
    run_id: str
    delivery_id: str
    step: str
    revision: int
    opened: bool = False
    task: Task | None = None
    request: object = None
    """The message that opened it."""


@dataclass(frozen=True, kw_only=True)
class TaskLinks:
    """What the inbox answers to `TaskShown`: links that answer the task, as `{"to", "url"}`."""

    links: list[dict[str, str]] = field(default_factory=list[dict[str, str]])


@dataclass(frozen=True, kw_only=True)
class WaitShown:
    """What is known of a delivery that waits for a message from outside."""

    flow: str
    run_id: str
    delivery_id: str
    step: str
    topic: str
    where: str | None = None
    request: object = None
    opening: int = 0
    """Counts how often an operator had the delivery made again."""
    closed: bool = False


@dataclass(frozen=True, kw_only=True)
class SharedMessage:
    """A message that a run sends to the runs that wait for it."""

    topic: str
    data: object
    key: str
    """A message with the same key is the same message."""
    flow: str | None = None
    """The flow whose runs it is for; any, when not given."""
    sender: RunRef


@dataclass(frozen=True, kw_only=True)
class Reached:
    """The runs that a message reached, and whether it is kept for those that will wait for it."""

    runs: list[RunRef] = field(default_factory=list[RunRef])
    kept: bool = False


@dataclass(frozen=True, kw_only=True)
class TaskAction:
    """What a person does about a task; see `wistro.machine.events.PersonActed`."""

    delivery_id: str
    action: Literal["answer", "comment", "attach", "reassign"]
    by: str
    roles: tuple[str, ...] = ()
    anyone: bool = False
    data: object = None
    text: str = ""
    assignees: tuple[str, ...] | None = None
    to_roles: tuple[str, ...] | None = None
    link: str | None = None


@dataclass(frozen=True, kw_only=True)
class CallResponse:
    """The answer to a call, with what its caller wanted back."""

    answer: CallAnswer
    response_meta: object = None
    asked_by: str = ""
    """The request that started the run."""


@dataclass(frozen=True, kw_only=True)
class Answered:
    """The answer to a trigger."""

    answer: Answer
    asked_by: str
    """The request that started the run."""


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
    id: str | None = None
    """See `wistro.machine.events.MessageArrived`."""


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
