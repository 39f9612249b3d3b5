"""The plan: the immutable routing of a flow that a run carries in its start input.

It holds only what routing needs; schemas and descriptions stay in the lock. Everything here is
plain data (numbers are seconds, sizes are bytes), so that it serialises the same everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

PLAN_VERSION = 1

OnFailure = Literal["fail", "hold", "emit", "ignore"]
OnTimeout = Literal["fail", "deliver"]


@dataclass(frozen=True, kw_only=True)
class RetryPlan:
    """When a failed delivery is attempted again. Delays are seconds."""

    attempts: int = 3
    first_delay: float = 1.0
    factor: float = 2.0
    max_delay: float = 300.0
    terminal: tuple[str, ...] = ()
    """Error types that are never retried, by class name."""

    def delay(self, attempt: int) -> float:
        """Seconds to wait after the failure of `attempt` (counted from 1)."""
        return min(self.first_delay * self.factor ** min(attempt - 1, 64), self.max_delay)


@dataclass(frozen=True, kw_only=True)
class SubscriptionPlan:
    """A topic a step listens to, and a CEL filter over `message` that must hold."""

    topic: str
    where: str | None = None


@dataclass(frozen=True, kw_only=True)
class JoinPlan:
    """A step that waits for several messages and is then delivered to once per run and key."""

    key: str | None = None
    """CEL over `message`; messages with the same value belong together."""
    quorum: int | str | None = None
    """How many messages complete the join (a CEL expression over `message` when text).
    Without one: the first message of each subscribed topic."""
    timeout: float | None = None
    on_timeout: OnTimeout = "fail"


@dataclass(frozen=True, kw_only=True)
class OutcomePlan:
    """A topic that is emitted for what happened outside, where CEL over `message` holds."""

    topic: str
    where: str | None = None


@dataclass(frozen=True, kw_only=True)
class ApprovalPlan:
    """When the answers of several people decide a task."""

    needed: int
    """Approvals that decide it."""
    of: int | None = None
    """How many people may answer: once too few of them are left, it is refused."""
    veto: bool = False
    """Whether a single refusal decides it."""
    where: str = "message.approved"
    """CEL over `message`, an answer: whether it approves."""


@dataclass(frozen=True, kw_only=True)
class TaskPlan:
    """What a noop that people answer needs to know. Times are seconds from its opening."""

    assignees: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    approval: ApprovalPlan | None = None
    deadline: float | None = None
    close: bool = False
    """Whether the deadline closes the task; otherwise it only escalates."""
    reminders: tuple[float, ...] = ()
    opened_topic: str | None = None
    """Told when the task is in the inbox, with links that answer it."""
    reminder_topic: str | None = None
    escalation_topic: str | None = None


@dataclass(frozen=True, kw_only=True)
class AwaitPlan:
    """The message from outside that a noop waits for."""

    topic: str
    where: str | None = None
    """CEL over `message`, what has arrived, and `request`, what opened the wait."""
    timeout: float | None = None


@dataclass(frozen=True, kw_only=True)
class CallPlan:
    """The flow that a noop calls with its message."""

    flow: str
    timeout: float | None = None
    detached: bool = False
    """Whether the call goes on when its caller ends."""


@dataclass(frozen=True, kw_only=True)
class StepPlan:
    """What the machine and its drivers need to know of a step."""

    id: str
    name: str
    kind: str
    queue: str
    """The task queue of its worker."""
    inline: bool = False
    subscribes: tuple[SubscriptionPlan, ...] = ()
    join: JoinPlan | None = None
    emits: tuple[str, ...] = ()
    retry: RetryPlan = RetryPlan()
    on_failure: OnFailure = "fail"
    failure_topic: str | None = None
    timeout: float = 900.0
    """Seconds one attempt may take."""
    heartbeat: float = 30.0
    """Seconds without a sign of life after which an attempt counts as lost."""
    delay: float = 0.0
    """Seconds a delivery waits before its first attempt."""
    task: TaskPlan | None = None
    awaits: AwaitPlan | None = None
    calls: CallPlan | None = None
    """At most one of the three: what happens outside of the run instead of a handler."""
    outcomes: tuple[OutcomePlan, ...] = ()
    """What a step of that kind emits when it is through."""

    @property
    def outside(self) -> bool:
        """Whether its deliveries wait for something that happens outside of the run."""
        return self.task is not None or self.awaits is not None or self.calls is not None


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The bounds of one run."""

    deliveries: int = 10_000
    in_flight: int = 200
    timeout: float | None = None
    """Seconds the whole run may take."""
    history_events: int = 4_000
    """Continue as new once the history is this long (events) and nothing is in flight."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The routing of one flow. Compiled from the lock; versioned."""

    project: str
    flow: str
    build: str
    version: int = PLAN_VERSION
    steps: dict[str, StepPlan]
    shared: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """For each shared topic that this flow emits: the other flows that subscribe to it."""
    limits: Limits = Limits()
    responses: Literal["one", "many"] = "one"
    """How often its runs answer those who call it."""

    @cached_property
    def routes(self) -> dict[str, tuple[tuple[StepPlan, SubscriptionPlan], ...]]:
        """Subscribers by topic, in the order of the plan's steps."""
        table: dict[str, list[tuple[StepPlan, SubscriptionPlan]]] = {}
        for step in self.steps.values():
            if step.kind == "noop" and not step.outside:
                continue
            for subscription in step.subscribes:
                table.setdefault(subscription.topic, []).append((step, subscription))
        return {topic: tuple(found) for topic, found in table.items()}

    @cached_property
    def awaiting(self) -> dict[str, tuple[StepPlan, ...]]:
        """The steps that wait for messages from outside, by topic."""
        table: dict[str, list[StepPlan]] = {}
        for step in self.steps.values():
            if step.awaits is not None:
                table.setdefault(step.awaits.topic, []).append(step)
        return {topic: tuple(found) for topic, found in table.items()}
