"""What can happen to a run. `at` is seconds since the epoch: the machine has no clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from wistro.contract import CallAnswer, ErrorInfo, Report, StepResult, Trigger
from wistro.machine.state import OpenCall

KEEP = object()
"""Stands for "the input it has" where an operator may give another."""


@dataclass(frozen=True, kw_only=True)
class RunStarted:
    """The trigger's data goes to its step, or as a message to the subscribers of its topic."""

    at: float
    trigger: Trigger
    data: object


@dataclass(frozen=True, kw_only=True)
class RunResumed:
    """A run goes on from a state: after continue-as-new, or as a fork."""

    at: float


@dataclass(frozen=True, kw_only=True)
class DeliveryCompleted:
    """A worker finished a delivery, or the linked run of a shared message was started."""

    at: float
    delivery_id: str
    result: StepResult


@dataclass(frozen=True, kw_only=True)
class DeliveryFailed:
    """The attempts of a dispatch failed; `attempts` counts all that were made for the delivery."""

    at: float
    delivery_id: str
    error: ErrorInfo
    attempts: int


@dataclass(frozen=True, kw_only=True)
class SegmentCompleted:
    """A segment of inline deliveries ran; each is reported by itself, parents first."""

    at: float
    reports: tuple[Report, ...]


@dataclass(frozen=True, kw_only=True)
class DeliveryCancelled:
    """A delivery came to rest after the machine asked for its cancellation."""

    at: float
    delivery_id: str


@dataclass(frozen=True, kw_only=True)
class OperatorAsked:
    """A person repairs a held or waiting delivery."""

    at: float
    action: Literal["retry", "skip"]
    delivery_id: str
    data: object = KEEP
    by: str | None = None


@dataclass(frozen=True, kw_only=True)
class MessageArrived:
    """A message from outside for this run."""

    at: float
    topic: str
    data: object
    id: str | None = None
    """Of one that was published: what waits for it gets it, once, and no subscriber does."""


@dataclass(frozen=True, kw_only=True)
class PersonActed:
    """A person did something about a task."""

    at: float
    delivery_id: str
    action: Literal["answer", "comment", "attach", "reassign"]
    by: str
    roles: tuple[str, ...] = ()
    anyone: bool = False
    """Whether they may act on every task: by the management token, or a link made for them."""
    data: object = None
    """The answer, or what is attached."""
    text: str = ""
    assignees: tuple[str, ...] | None = None
    to_roles: tuple[str, ...] | None = None
    """Who has to answer from now on."""
    link: str | None = None
    """The id of the one-time link that they used."""


@dataclass(frozen=True, kw_only=True)
class TaskShown:
    """An opened task is in the inbox; `links` answer it: `[{"to", "url"}]`."""

    at: float
    delivery_id: str
    links: object = None


@dataclass(frozen=True, kw_only=True)
class CallOpened:
    """A handler of this run calls a flow."""

    at: float
    call: OpenCall


@dataclass(frozen=True, kw_only=True)
class CallAnswered:
    """A run that a delivery of this one called has an answer, or never will."""

    at: float
    delivery_id: str
    run_id: str
    answer: CallAnswer


@dataclass(frozen=True, kw_only=True)
class TimerFired:
    """A timer that the machine set is due."""

    at: float
    timer: str


@dataclass(frozen=True, kw_only=True)
class CancelAsked:
    """Somebody wants the run to end."""

    at: float
    reason: str = ""


Event = (
    RunStarted
    | RunResumed
    | DeliveryCompleted
    | DeliveryFailed
    | SegmentCompleted
    | DeliveryCancelled
    | OperatorAsked
    | MessageArrived
    | PersonActed
    | TaskShown
    | CallOpened
    | CallAnswered
    | TimerFired
    | CancelAsked
)
