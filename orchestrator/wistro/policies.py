"""Policies: how steps are attempted, joined, limited, scheduled and trusted.

All are frozen and keyword-only; durations are `timedelta`. The same models read `wistro.yml`, where
durations may also be seconds or text such as `30s`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Literal, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, PlainValidator, Tag, WithJsonSchema, model_validator

from wistro.options import PLAIN_OR_TABLE, Duration, Options, matching
from wistro.schemas import SchemaSource

Topic = Annotated[str, *matching(r"\S{1,200}", "a topic of up to 200 letters without spaces")]
"""The name of a topic: text without spaces, such as `order.placed`."""

VirtualTopic = Annotated[str, *matching(r".{1,200}", "a name of up to 200 letters")]
"""What an edge that is drawn only leads to or comes from: text for people."""


def _error_name(error: object) -> str:
    if isinstance(error, type) and issubclass(error, BaseException):
        return error.__name__
    if isinstance(error, str) and error:
        return error
    raise ValueError(f"expected an exception class or its name, found `{error!r}`")


ErrorName = Annotated[
    str | type[BaseException], PlainValidator(_error_name), WithJsonSchema({"type": "string"})
]
"""An exception class; kept as its name."""


class Subscribe(Options):
    """A subscription that says more than its topic."""

    topic: Topic
    where: str | None = None
    """A CEL expression over `message` that must hold, such as `message.total > 100`."""
    label: str | None = None
    """What people read on the edge of the graph."""


class Emit(Options):
    """An emission that says more than its topic."""

    topic: Topic
    label: str | None = None
    """What people read on the edge of the graph."""
    conditional: bool = False
    """Drawn dashed: the step emits it only sometimes."""
    message: SchemaSource | None = None
    """The schema of the message: a pydantic model, another type, or a JSON Schema."""
    alternative: bool = False
    """Of all the emissions of a step that say so, exactly one happens."""
    where: str | None = None
    """Of a step without a handler: a CEL expression over `message`, what would be emitted. It is
    emitted where that holds: `message.outcome == "approved"`."""


class Virtual(Options):
    """An edge that is drawn only: what happens outside of Wistro."""

    topic: VirtualTopic
    label: str | None = None
    """What people read on the edge of the graph."""
    conditional: bool = False
    """Drawn dashed: it happens only sometimes."""


class Retry(Options):
    """When a failed delivery is attempted again."""

    attempts: int = Field(default=3, ge=1, le=10_000)
    """How many attempts a delivery gets, the first included."""
    first_delay: Duration = timedelta(seconds=1)
    """The wait before the second attempt."""
    factor: float = Field(default=2.0, ge=1.0, le=100.0)
    """How much longer each next wait is."""
    max_delay: Duration = timedelta(minutes=5)
    """No wait is longer."""
    terminal: Sequence[ErrorName] = ()
    """Errors that are never retried: exception classes or their names."""


class Join(Options):
    """Makes a step wait for several messages; it is delivered to once per run and key."""

    key: str | None = None
    """A CEL expression over `message`; messages with the same value belong together."""
    quorum: Annotated[int, Field(ge=1)] | str | None = None
    """How many messages complete it: a number, or a CEL expression over `message`.
    Without one: the first message of each subscribed topic."""
    timeout: Duration | None = None
    """How long it waits from its first message on; without one, as long as the run."""
    on_timeout: Literal["fail", "deliver"] = "fail"
    """Fail the delivery, or deliver what arrived."""


class Approval(Options):
    """Has several people decide a task; without it, the first answer counts."""

    needed: int = Field(default=1, ge=1)
    """How many approvals it takes."""
    of: int | None = Field(default=None, ge=1)
    """How many people may answer; without it, as many as the task is assigned to. Once too few are
    left to approve, it is refused."""
    veto: bool = False
    """Whether a single refusal decides it."""
    where: str = "message.approved"
    """A CEL expression over `message`, an answer, that holds when it approves."""

    @model_validator(mode="after")
    def _enough(self) -> Approval:
        if self.of is not None and self.of < self.needed:
            raise ValueError(f"`of` is {self.of}, expected at least `needed`, {self.needed}")
        return self


class Deadline(Options):
    """Until when people have to answer a task. Times run from its opening."""

    after: Duration
    """How long they have."""
    remind: Annotated[Sequence[Duration], Field(max_length=20)] = ()
    """When they are reminded, with a message on `reminder`."""
    reminder: Topic | None = None
    """The topic that tells of a task that is due."""
    escalation: Topic | None = None
    """The topic that tells of a task that is overdue."""
    close: bool = False
    """Close the task then: nobody can answer it any more, and the run goes on with `escalation`, or
    with what `on_failure` says."""

    @model_validator(mode="after")
    def _told(self) -> Deadline:
        if self.remind and self.reminder is None:
            raise ValueError("`remind` needs a topic to tell it on: give `reminder`")
        if self.reminder is not None and not self.remind:
            raise ValueError("`reminder` needs to know when: give `remind`, such as [`1d`]")
        late = [each for each in self.remind if each >= self.after]
        if late:
            raise ValueError(f"`remind` has {late[0]}, expected less than `after`, {self.after}")
        return self


class Await(Options):
    """A message from outside that a step without a handler waits for."""

    topic: Topic
    """The topic that it comes on."""
    where: str | None = None
    """A CEL expression over `message`, what comes, and `request`, the message that opened the wait:
    `message.order_id == request.order_id`. Written like this, one of many waits is found at once."""
    timeout: Duration | None = None
    """How long it is waited for; then `on_failure` decides."""


class CallFlow(Options):
    """A flow that a step without a handler calls with its message."""

    flow: str
    """The flow: one with a call step."""
    timeout: Duration | None = None
    """How long its answer is waited for; then `on_failure` decides, and the call is cancelled."""
    detached: bool = False
    """Let the call go on when the run that made it ends."""


class Rate(Options):
    """At most `count` starts in any `per`."""

    count: int = Field(ge=1)
    """How many deliveries may start."""
    per: Duration = timedelta(seconds=1)
    """The length of the window."""


OnFailure: TypeAlias = Annotated[
    Annotated[Literal["fail", "hold", "ignore"], Tag("<plain>")] | Annotated[Emit, Tag("<table>")],
    PLAIN_OR_TABLE,
]
"""What a delivery whose attempts are exhausted does: `fail` the run, `hold` for an operator,
`ignore`, or emit an error topic (`Emit(topic=…)`) and go on."""

Placement: TypeAlias = Literal["worker", "inline"]
"""`worker`: an activity of its own. `inline`: next to the workflow, several times cheaper per hop,
but re-run with its neighbours when the worker dies within the same workflow task."""


class Policy(Options):
    """How one step's deliveries are attempted; what is not given comes from the defaults."""

    retry: Retry | None = None
    """When a failed delivery is attempted again."""
    on_failure: OnFailure | None = None
    """What happens when the attempts are exhausted."""
    timeout: Duration | None = None
    """How long one attempt may take."""
    heartbeat: Duration | None = None
    """An attempt without a sign of life for this long counts as lost."""
    delay: Duration | None = None
    """How long a delivery waits before its first attempt."""
    concurrency: Annotated[int, Field(ge=1)] | None = None
    """How many attempts may run at the same time in each worker process."""
    rate: Rate | None = None
    """How many attempts may start in a span of time, over all workers."""
    placement: Placement | None = None
    """Where the step runs."""

    def over(self, defaults: Policy) -> Policy:
        """This policy, with `defaults` where it says nothing."""
        return defaults.model_copy(update={k: v for k, v in self if v is not None})


BUILT_IN = Policy(
    retry=Retry(),
    on_failure="fail",
    timeout=timedelta(minutes=15),
    heartbeat=timedelta(seconds=30),
    delay=timedelta(),
    placement="worker",
)
"""What applies where neither the step nor `wistro.yml` says anything."""


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(
            f"`{name}` is not a time zone, expected one such as `Europe/Paris`"
        ) from error
    return name


TimeZone: TypeAlias = Annotated[str, AfterValidator(_time_zone)]
"""The IANA name of a time zone."""


Overlap: TypeAlias = Literal[
    "skip", "buffer_one", "buffer_all", "cancel_other", "terminate_other", "allow_all"
]
"""What happens when the run of the last tick is still going."""


class Schedule(Options):
    """How the ticks of a cron step are kept."""

    time_zone: TimeZone = "UTC"
    """The IANA name of the zone that the expression is read in."""
    overlap: Overlap = "skip"
    """What happens when the run of the last tick is still going."""
    catch_up: Duration = timedelta(minutes=1)
    """Ticks missed for longer than this (the server was away) are skipped."""
    jitter: Duration = timedelta()
    """Each tick starts a random part of this later, so that many do not start at once."""
    paused: bool = False
    """Created paused: it ticks once an operator says so."""


class GitHubSignature(Options):
    """The signature of GitHub's webhooks: `X-Hub-Signature-256` over the raw body."""

    scheme: Literal["github"] = "github"
    secret: str
    """The name of the secret (an environment variable), never the secret itself."""


class HmacSignature(Options):
    """An HMAC of the raw body in a header, as most webhook senders do it."""

    scheme: Literal["hmac"] = "hmac"
    secret: str
    """The name of the secret (an environment variable), never the secret itself."""
    header: str
    """The header that carries the signature."""
    algorithm: Literal["sha1", "sha256", "sha512"] = "sha256"
    """The hash function."""
    prefix: str = ""
    """What stands before the signature in the header, such as `sha256=`."""
    encoding: Literal["hex", "base64"] = "hex"
    """How the signature is written."""
    timestamp_header: str | None = None
    """The header with the seconds since the epoch at which the sender signed `<timestamp>.<body>`;
    without one, the body alone is signed."""
    tolerance: Duration = timedelta(minutes=5)
    """How far that moment may be from now: what is older may be a replay."""
    id_header: str | None = None
    """The header with the sender's delivery id: a repeated one gets the first one's run."""


Signature: TypeAlias = Annotated[GitHubSignature | HmacSignature, Field(discriminator="scheme")]
"""How the sender of a webhook proves who it is."""
