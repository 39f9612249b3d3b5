"""What repairs look like from outside: what one will do, what is held, and what a release came to."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

RepairAction = Literal["cancel", "retry", "skip", "fork", "redeliver"]


class _View(BaseModel):
    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


class WrongField(_View):
    """What is wrong with an edited input."""

    field: str
    """A dotted path below `data`."""
    message: str


class StepMention(_View):
    """A step, and how many of its deliveries are meant."""

    step: str
    name: str
    """For people."""
    deliveries: int = 0


class MadeAgain(_View):
    """A delivery that a repair makes again."""

    delivery_id: str
    step: str
    name: str
    edited: bool = False
    """Whether it gets another input."""
    same_key: bool = True
    """Whether services that know its idempotency key do nothing twice."""
    attempts: int
    """How many attempts it gets at most."""
    first_delay: float
    """Seconds between the first two."""
    on_failure: str
    """What happens when none succeeds: `fail`, `hold`, `emit` or `ignore`."""


class RepairPreview(_View):
    """What a repair will do, before it does anything."""

    action: RepairAction
    flow: str
    run_id: str
    delivery_id: str | None = None
    possible: bool = True
    refusal: str | None = None
    """Why it cannot be done."""
    issues: list[WrongField] = []
    """What is wrong with the edited input."""
    sentences: list[str] = []
    """What will happen, for people, the most important first."""
    warnings: list[str] = []
    """What they should think of before they do it."""
    new_run: bool = False
    """Whether it becomes a new run, linked to this one."""
    again: list[MadeAgain] = []
    stays: list[StepMention] = []
    """What is done, and will not be repeated."""
    may_follow: list[StepMention] = []
    """The steps that may come after, and how many of their deliveries this run has made."""
    takes: dict[str, object] | None = None
    """The JSON Schema of the input that can be edited, where one is declared."""
    plan_changed: bool = False
    """Whether the flow looks different today from when the run began."""
    version: str | None = None
    """The build that the run began with."""
    version_used: str | None = None
    """The build whose flow the repair goes by."""


class HeldDelivery(_View):
    """A delivery that waits for an operator."""

    flow: str
    run_id: str
    delivery_id: str
    step: str
    name: str
    """The step's, for people."""
    topic: str | None = None
    error_code: str
    error: str
    """In words."""
    attempts: int
    """How many were made."""
    run_started_at: datetime
    version: str | None = None


class HeldGroup(_View):
    """Held deliveries of one step that failed for the same reason."""

    flow: str
    step: str
    name: str
    error_code: str
    example: str
    """One of the errors, in words."""
    deliveries: int
    runs: int
    oldest: datetime
    """When the oldest of their runs started."""


class SilentRun(_View):
    """A run with something held whose worker does not answer."""

    flow: str
    run_id: str
    version: str | None = None
    reason: str


class HeldPage(_View):
    """What is held, those of the oldest runs first."""

    groups: list[HeldGroup]
    """Of all that was looked at, not only of this page."""
    items: list[HeldDelivery]
    total: int
    next_cursor: str | None = None
    silent: list[SilentRun] = []
    truncated: bool = False
    """Whether there are more runs with something held than were looked at."""


class Released(_View):
    """What became of one delivery that was to be released: a line of the answer."""

    kind: Literal["item"] = "item"
    flow: str
    run_id: str
    delivery_id: str
    step: str | None = None
    outcome: Literal["done", "gone", "failed", "would"]
    """`gone`: it was no longer held; `would`: it is, and nothing was done (a dry run)."""
    error_code: str | None = None
    message: str | None = None
    """Why not."""
    done: int
    """How many have been dealt with, this one included."""
    total: int


class ReleaseEnded(_View):
    """The last line of the answer."""

    kind: Literal["end"] = "end"
    total: int
    done: int
    gone: int
    failed: int
    silent: list[SilentRun] = []
    """Runs that nothing could be done about, as their worker does not answer."""
    sentence: str
