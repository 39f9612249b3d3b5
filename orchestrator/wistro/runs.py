"""What a run looks like from outside: the shapes that the management API and the CLI show."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from wistro.contract import Emission, ErrorInfo, RunRef, Trigger

RunStatus = Literal["scheduled", "running", "completed", "failed", "cancelled", "timed_out"]
DeliveryStatus = Literal[
    "queued",
    "running",
    "waiting",
    "retrying",
    "held",
    "completed",
    "failed",
    "cancelled",
    "ignored",
    "skipped",
]
"""`waiting`: a person, a message or another flow has to do something, and no worker is held."""


class _View(BaseModel):
    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


class RunSummary(_View):
    """One line of a list of runs."""

    flow: str
    run_id: str
    status: RunStatus
    started_at: datetime
    closed_at: datetime | None = None
    trigger: str | None = None
    """The kind of trigger and what it was, for example `api:create_order` or `event:order.placed`."""
    version: str | None = None
    waiting_for: str | None = None
    """`operator`, `timer`, … while a running run does not progress by itself."""


class RunPage(_View):
    """Runs, those that run first, then the latest that ended; and the cursor of the next page."""

    runs: list[RunSummary]
    next_cursor: str | None = None
    partial: bool = False
    """Whether more ids have the text than are looked at: the latest 1,000, and those it begins."""


class RunCounts(_View):
    """How many runs there are in each status, some seconds late."""

    running: int = 0
    """The held and the scheduled ones included."""
    completed: int = 0
    failed: int = 0
    cancelled: int = 0
    timed_out: int = 0
    held: int = 0
    """Those of the running ones that wait for an operator."""
    partial: bool = False
    """Whether more ids have the text than are looked at: the latest 1,000, and those it begins."""


class ScheduledCall(_View):
    """A call that is to come: once, or by a cron expression."""

    flow: str
    id: str
    """Of the call; of a cron, what the ids of its calls begin with after `call.`."""
    at: datetime | None = None
    """When it is made next."""
    by: str | None = None
    """Who asked for it."""
    created_at: datetime | None = None
    cron: str | None = None
    """Minute, hour, day of the month, month and day of the week, when it is made again and again."""
    time_zone: str | None = None
    overlap: str | None = None
    paused: bool = False
    note: str | None = None
    """Why it is paused."""
    runs: list[str] = []
    """The ids of its latest calls, oldest first."""


class AttemptView(_View):
    """One attempt of a delivery."""

    number: int
    started_at: datetime | None = None
    finished_at: datetime | None = None
    error: ErrorInfo | None = None
    worker: str | None = None


class DeliveryView(_View):
    """One message handed to one step: input, output, attempts and timing."""

    delivery_id: str
    number: int
    """Counts the deliveries of the run, from 1."""
    step: str
    name: str
    topic: str | None = None
    parent: str | None = None
    """The delivery whose emission this one received."""
    status: DeliveryStatus
    inline: bool = False
    input: object = None
    output: object = None
    emissions: list[Emission] = []
    error: ErrorInfo | None = None
    attempts: list[AttemptView] = []
    queued_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    progress: object = None
    """The latest heartbeat details of a running delivery."""
    retry_at: datetime | None = None
    """When the next attempt begins, of one that is retried."""
    shortened: list[str] = []
    """Which of `input`, `output`, `emissions`, `progress` are shown in part only."""


class WaitView(_View):
    """Something that a running run waits for."""

    kind: Literal["person", "message", "call", "operator", "timer", "join", "deadline"]
    step: str | None = None
    name: str | None = None
    """The step's, for people."""
    delivery_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    """When it is over at the latest, or a timer is due."""
    task: str | None = None
    """The id of the task that a person has to answer."""
    who: list[str] = []
    """The people and roles that may answer."""
    topic: str | None = None
    """Of the message that is waited for."""
    flow: str | None = None
    """The flow whose answer is waited for."""
    received: list[str] = []
    """The topics of the messages that a join has got so far."""
    needed: int | None = None
    """How many messages a join needs."""


Relation = Literal["parent", "caller", "fork_of", "started", "fork"]


class LinkedRun(_View):
    """A run that this one came from, that it started, or that goes on from it."""

    relation: Relation
    """`started`: by a shared message, or by calling its flow. `fork`: it goes on from this one."""
    flow: str
    flow_name: str | None = None
    run_id: str
    delivery_id: str | None = None
    """The delivery that is the link: of the other run if that came first, else of this one."""
    status: RunStatus | None = None
    """Nothing when Temporal does not know the run any more."""
    started_at: datetime | None = None
    closed_at: datetime | None = None


class RunDetail(RunSummary):
    """A run with every delivery, read from its decrypted history."""

    outcome_error: ErrorInfo | None = None
    why_waiting: str | None = None
    """In a sentence, what a running run waits for."""
    origin: Trigger | None = None
    input: object = None
    parent: RunRef | None = None
    links: list[RunRef] = []
    """Runs that this one started in other flows."""
    deliveries: list[DeliveryView] = []
    waits: list[WaitView] = []
    related: list[LinkedRun] = []
    """The runs of `parent` and `links`, with what became of them."""
    notes: list[str] = []
    """What the machine wants people to know: late messages of a join, filters that failed."""
