"""What the machine wants its driver to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from wistro.contract import Emission
from wistro.machine.state import Delivery, OpenCall, Task

AnnounceKind = Literal[
    "delivery.failed",  # for good: it has no attempts left
    "delivery.held",
    "delivery.ignored",
    "delivery.released",
    "delivery.skipped",
    "delivery.opened",  # it waits for something outside of the run
    "delivery.told",  # people hear of it
    "delivery.settled",  # that has happened
    "task.answered",
    "task.commented",
    "task.attached",
    "task.reassigned",
]


@dataclass(frozen=True, kw_only=True)
class Dispatch:
    """Hand the delivery to its step's worker; answer with completed, failed or cancelled.

    A driver may make up to `attempts_left` attempts by itself (the Temporal server does); it
    reports the number made. One that makes fewer is told to dispatch again.
    """

    delivery: Delivery
    attempts_left: int
    inline: bool = False
    budget: int = 1
    """For an inline delivery: how many deliveries its segment may make, itself included."""


@dataclass(frozen=True, kw_only=True)
class StartRun:
    """Start a linked run in another flow with this message; answer as for `Dispatch`."""

    delivery: Delivery
    flow: str
    run_id: str


@dataclass(frozen=True, kw_only=True)
class CancelDelivery:
    """Ask the delivery's handler to stop."""

    delivery_id: str


@dataclass(frozen=True, kw_only=True)
class SetTimer:
    """Fire the timer `timer` at `at` seconds since the epoch, replacing one of that name."""

    timer: str
    at: float


@dataclass(frozen=True, kw_only=True)
class ClearTimer:
    """The timer is no longer needed."""

    timer: str


@dataclass(frozen=True, kw_only=True)
class Announce:
    """Tell people about a change that no other command shows: nothing else depends on it."""

    kind: AnnounceKind
    delivery: Delivery
    emissions: tuple[Emission, ...] = ()
    """What was emitted for it, by the machine."""
    by: str = ""
    """Who did that to the task."""
    told: int = 0
    """Counts what people are told of tasks, from 1: see `told_id`."""


@dataclass(frozen=True, kw_only=True)
class StartCall:
    """Call a flow with the delivery's data; its answer comes back as `CallAnswered`.

    Answer with `DeliveryFailed` when the call cannot be made.
    """

    delivery: Delivery
    flow: str
    run_id: str


@dataclass(frozen=True, kw_only=True)
class CheckCall:
    """Ask whether a call has ended without telling: somebody may have ended it by force."""

    call: OpenCall


@dataclass(frozen=True, kw_only=True)
class CancelCall:
    """Ask a run that was called to end."""

    call: OpenCall


@dataclass(frozen=True, kw_only=True)
class ShowTask:
    """Show people the task as it is now; without a task, that it is closed."""

    delivery: Delivery
    task: Task | None
    revision: int
    """Grows with each: what is shown late must not hide what was shown since."""
    opened: bool = False
    """Whether it was opened just now: answer with `TaskShown` once people can see it."""


@dataclass(frozen=True, kw_only=True)
class ShowWait:
    """Make known that the delivery waits for a message from outside, or (closed) that it does not."""

    delivery: Delivery
    opening: int = 0
    """Counts how often an operator had the delivery made again: then it is another wait."""
    closed: bool = False


@dataclass(frozen=True, kw_only=True)
class Respond:
    """Give those who called the run the answer that the state has now."""

    number: int
    """Counts the answers of the run, from 1."""
    last: bool
    """Whether no answer follows."""


@dataclass(frozen=True, kw_only=True)
class Finish:
    """The run is over; its state says how it ended."""


Command = (
    Dispatch
    | StartRun
    | CancelDelivery
    | SetTimer
    | ClearTimer
    | Announce
    | StartCall
    | CheckCall
    | CancelCall
    | ShowTask
    | ShowWait
    | Respond
    | Finish
)
