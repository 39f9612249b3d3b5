"""The state of a run: a plain serialisable value that only the machine changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from wistro.contract import ErrorInfo

Outcome = Literal["completed", "failed", "cancelled", "timed_out"]
DeliveryStatus = Literal["queued", "running", "waiting", "outside", "held", "failed", "cancelled"]
"""`outside`: a person, a message or another flow has to do something, and no worker is held."""

ROOT = "0" * 16
"""The id of the delivery that a trigger makes to its own step, and the parent of all others."""


@dataclass(kw_only=True)
class Delivery:
    """A message handed to one step, or (with `flow`) a shared message on its way to another flow."""

    id: str
    number: int
    """Counts the deliveries of the run, from 1."""
    step: str
    topic: str | None
    data: object
    parent: str | None = None
    flow: str | None = None
    status: DeliveryStatus = "queued"
    attempts: int = 0
    """Attempts made so far."""
    revision: int = 0
    """Counts the edits of its input."""
    released: int = 0
    """Counts how often an operator had it made again: the flows it calls are called again then."""
    origin: str | None = None
    """The run that it was carried over from by a fork, if any."""
    error: ErrorInfo | None = None


@dataclass(kw_only=True)
class Joining:
    """A join that has not fired yet."""

    step: str
    key: str
    """The join key as JSON text."""
    needed: int | None = None
    received: list[tuple[str, object]] = field(default_factory=list[tuple[str, object]])
    """Topic and message, in order of arrival."""
    parent: str | None = None
    """The delivery that sent the latest message."""
    dormant: bool = False
    """Set by a fork for what another run had received, until the fork itself sends it a message."""


@dataclass(kw_only=True)
class Count:
    """How far the deliveries of one step are."""

    created: int = 0
    completed: int = 0
    failed: int = 0
    ignored: int = 0
    skipped: int = 0


@dataclass(kw_only=True)
class Answer:
    """How the delivery to the triggered step itself ended."""

    output: object = None
    error: ErrorInfo | None = None


@dataclass(kw_only=True)
class Vote:
    """What a person answered to a task."""

    by: str
    at: float
    data: object
    link: str | None = None
    """The id of the one-time link that it came by."""


@dataclass(kw_only=True)
class Remark:
    """What a person said or attached to a task without answering it."""

    by: str
    at: float
    text: str = ""
    attachment: object = None
    """Name, media type, size and id of a file, as `{"id", "name", "media_type", "size"}`."""


@dataclass(kw_only=True)
class Task:
    """A delivery that people answer."""

    opened_at: float
    due_at: float | None = None
    assignees: list[str] = field(default_factory=list[str])
    roles: list[str] = field(default_factory=list[str])
    votes: list[Vote] = field(default_factory=list[Vote])
    remarks: list[Remark] = field(default_factory=list[Remark])
    escalated: bool = False


@dataclass(frozen=True, kw_only=True)
class Settled:
    """A delivery that waited for something outside, and does no more: for those who look at the run."""

    id: str
    number: int
    step: str
    topic: str | None
    parent: str | None
    data: object
    opened_at: float
    closed_at: float
    error: ErrorInfo | None = None
    topics: tuple[str, ...] = ()
    """What was emitted for it."""
    output: object = None
    task: Task | None = None
    """The task as people left it."""


@dataclass(kw_only=True)
class OpenCall:
    """A run of another flow that a delivery of this one called."""

    flow: str
    run_id: str
    delivery_id: str
    detached: bool = False
    """Whether it goes on when this run ends."""


@dataclass(kw_only=True)
class RunState:
    """Everything a run needs to go on; continue-as-new, forks and queries read and write it."""

    run_id: str
    started_at: float = 0.0
    """Seconds since the epoch."""
    created: int = 0
    """Deliveries created, for the bound on deliveries."""
    arrived: int = 0
    """Messages that came from outside while it ran."""
    numbered: int = 0
    """The number of the latest delivery."""
    deliveries: dict[str, Delivery] = field(default_factory=dict[str, Delivery])
    """Those that are not done, by id."""
    queue: list[str] = field(default_factory=list[str])
    """Ids of the deliveries to dispatch, in order."""
    joining: dict[str, Joining] = field(default_factory=dict[str, Joining])
    joined: list[str] = field(default_factory=list[str])
    """Ids of the joins that fired; a join fires once per run and key."""
    timers: dict[str, float] = field(default_factory=dict[str, float])
    """When each timer fires, in seconds since the epoch."""
    counts: dict[str, Count] = field(default_factory=dict[str, Count])
    notes: list[str] = field(default_factory=list[str])
    answer: Answer | None = None
    response: object = None
    responded: bool = False
    responses: list[object] = field(default_factory=list[object])
    """Every answer so far, of a flow that gives several."""
    tasks: dict[str, Task] = field(default_factory=dict[str, Task])
    """The open tasks, by delivery."""
    calls: dict[str, OpenCall] = field(default_factory=dict[str, OpenCall])
    """The calls that are open, by the id of the run that was called."""
    shown: int = 0
    """Counts what people were shown and told of its tasks."""
    opened: dict[str, float] = field(default_factory=dict[str, float])
    """When each delivery that waits for something outside began to."""
    settled: list[Settled] = field(default_factory=list[Settled])
    """The latest of those that no longer wait."""
    early: list[tuple[str, object]] = field(default_factory=list[tuple[str, object]])
    """Messages that a step will wait for, and that came before it did."""
    had: list[str] = field(default_factory=list[str])
    """The ids of the latest published messages: they may be told of twice."""
    ending: Outcome | None = None
    """Set once it is decided how the run ends, while its running deliveries come to rest."""
    outcome: Outcome | None = None
    error: ErrorInfo | None = None
    ended_at: float | None = None
