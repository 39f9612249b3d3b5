"""Step configs: what stands beside a handler in a step file.

The same models read plain dicts, in snake_case or camelCase, so the configs of Motia's step files
are valid as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, TypeAlias, cast

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StringConstraints,
    Tag,
    ValidationError,
    model_validator,
)

from wistro.errors import SetupError
from wistro.issues import did_you_mean, issues_of
from wistro.options import PLAIN_OR_TABLE, Duration, Options, matching
from wistro.policies import (
    Approval,
    Await,
    CallFlow,
    Deadline,
    Emit,
    Join,
    OnFailure,
    Placement,
    Policy,
    Rate,
    Retry,
    Schedule,
    Signature,
    Subscribe,
    Topic,
    Virtual,
    VirtualTopic,
)
from wistro.schemas import SchemaSource

StepId = Annotated[
    str,
    *matching(
        r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", "an id of up to 100 letters, digits, `.`, `_` and `-`"
    ),
]
"""Letters, digits, `.`, `_` and `-`."""
FlowId = Annotated[
    str, *matching(r"[^/\x00-\x1f]{1,100}", "a flow of up to 100 letters, none of them a `/`")
]
"""Any text without `/`, which separates a flow from its runs in Temporal's ids."""

Responds: TypeAlias = Annotated[
    bool | Literal["conditional"],
    BeforeValidator(lambda value: True if value == "always" else value),
]
"""Whether a step answers: `True` (or `always`), or sometimes."""

_LONGEST_DELAY = timedelta(seconds=900)
_Name = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]


def _no_single_text(value: object) -> object:
    if isinstance(value, str):
        raise ValueError(f"expected a list such as [{value!r}], found the text {value!r}")  # noqa: TRY004 - pydantic reads it
    return value


_Many = BeforeValidator(_no_single_text)

Subscriptions = Annotated[
    Sequence[
        Annotated[
            Annotated[Topic, Tag("<plain>")] | Annotated[Subscribe, Tag("<table>")], PLAIN_OR_TABLE
        ]
    ],
    _Many,
]
Virtuals = Annotated[
    Sequence[
        Annotated[
            Annotated[VirtualTopic, Tag("<plain>")] | Annotated[Virtual, Tag("<table>")],
            PLAIN_OR_TABLE,
        ]
    ],
    _Many,
]
Emissions = Annotated[
    Annotated[
        Sequence[
            Annotated[
                Annotated[Topic, Tag("<plain>")] | Annotated[Emit, Tag("<table>")], PLAIN_OR_TABLE
            ]
        ],
        Tag("<plain>"),
    ]
    | Annotated[Mapping[Topic, SchemaSource | None], Tag("<table>")],
    PLAIN_OR_TABLE,
    _Many,
]
"""A list of topics, or a table of topics and the schemas of their messages."""


class StepBase(Options):
    """What every kind of step has."""

    id: StepId | None = None
    """The step's id; without one, the stem of its file."""
    name: _Name
    """Its name, for people who do not program."""
    description: str | None = None
    """What it does and why, for the same people."""
    flows: Annotated[Sequence[FlowId], _Many] = ()
    """The flows it belongs to; without one, the flow `default`."""
    emits: Emissions = ()
    """The topics that it may emit; a noop's, that an answer from outside emits."""
    virtual_emits: Virtuals = ()
    """Edges to topics that are drawn only."""
    virtual_subscribes: Virtuals = ()
    """Edges from topics that are drawn only."""

    @property
    def subscriptions(self) -> tuple[Subscribe, ...]:
        """What it subscribes to, in full."""
        return ()

    @property
    def emissions(self) -> tuple[Emit, ...]:
        """What it may emit, in full."""
        if isinstance(self.emits, Mapping):
            return tuple(Emit(topic=topic, message=schema) for topic, schema in self.emits.items())
        return tuple(emit if isinstance(emit, Emit) else Emit(topic=emit) for emit in self.emits)

    @property
    def virtual_subscriptions(self) -> tuple[Virtual, ...]:
        """The virtual edges to it, in full."""
        return _virtuals(self.virtual_subscribes)

    @property
    def virtual_emissions(self) -> tuple[Virtual, ...]:
        """The virtual edges from it, in full."""
        return _virtuals(self.virtual_emits)

    @property
    def policy(self) -> Policy:
        """What it says about its attempts."""
        return Policy()


class HandlerStep(StepBase):
    """A step with a handler."""

    retry: Retry | None = None
    """When a failed delivery is attempted again."""
    on_failure: OnFailure | None = None
    """What happens when the attempts are exhausted."""
    timeout: Duration | None = None
    """How long one attempt may take."""
    heartbeat: Duration | None = None
    """An attempt without a sign of life for this long counts as lost."""
    placement: Placement | None = None
    """Where the step runs: in an activity of its own, or inline, next to the workflow."""
    concurrency: Annotated[int, Field(ge=1)] | None = None
    """How many attempts may run at the same time in each worker process."""
    rate: Rate | None = None
    """How many attempts may start in a span of time, over all workers."""
    responds: Responds = False
    """Whether it gives the flow's callers their answer, with `ctx.respond`: always, or `conditional`,
    when it answers and emits nothing, or goes on without an answer. `wistro check` follows the paths."""
    include_files: Annotated[Sequence[str], _Many] = ()
    """Files that the handler reads, as patterns relative to its own: a change makes a new build."""

    @property
    def policy(self) -> Policy:
        """What it says about its attempts."""
        return Policy(
            retry=self.retry,
            on_failure=self.on_failure,
            timeout=self.timeout,
            heartbeat=self.heartbeat,
            concurrency=self.concurrency,
            rate=self.rate,
            placement=self.placement,
        )


class QueryParam(Options):
    """A query parameter of an API step, for its documentation."""

    name: str
    """As it stands in the query."""
    description: str = ""
    """What it does."""


def _check_path(path: str) -> str:
    if not path.startswith("/"):
        raise ValueError(f"expected a path that starts with `/`, found `{path}`")
    if re.search(r"[\s?#]", path):
        raise ValueError(f"expected a path without spaces, `?` and `#`, found `{path}`")
    return path


class ApiStep(HandlerStep):
    """A step that an HTTP request triggers; its handler's return value is the response."""

    type: Literal["api"] = "api"
    path: Annotated[str, AfterValidator(_check_path)]
    """The route, with parameters as `/orders/{id}` or `/orders/:id`."""
    method: Annotated[
        Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"],
        BeforeValidator(lambda value: value.upper() if isinstance(value, str) else value),
    ]
    """The HTTP method."""
    body_schema: SchemaSource | None = None
    """What the request's JSON body must be."""
    query_params: Sequence[QueryParam] = ()
    """The query parameters, for the documentation."""
    response_schema: Mapping[int, SchemaSource | None] = Field(default_factory=dict[int, None])
    """What the body of each status is."""
    middleware: Annotated[Sequence[Callable[..., object]], Field(exclude=True)] = ()
    """Functions `(request, context, next)` around the handler, the first one outermost."""
    mode: Literal["wait", "async"] = "wait"
    """`wait` answers with what the handler returns; `async` answers 202 with the run's id."""
    signature: Signature | None = None
    """The signature that a request must carry."""

    @property
    def route(self) -> str:
        """The path with its parameters in braces."""
        return re.sub(r":([A-Za-z_]\w*)", r"{\1}", self.path)


class HandlerResources(Options):
    """What a handler gets, in Motia's words."""

    ram: float | None = None
    """Megabytes of memory; informative."""
    cpu: float | None = None
    """Processors; informative."""
    timeout: Duration | None = None
    """How long one attempt may take."""


def _check_delay(delay: timedelta) -> timedelta:
    if delay > _LONGEST_DELAY:
        raise ValueError(f"expected 0 to 900 seconds, found {delay.total_seconds():g}")
    return delay


class QueueOptions(Options):
    """How messages wait for a step, in Motia's words."""

    type: Literal["fifo", "standard"] = "standard"
    """Whether messages of one group wait for each other."""
    max_retries: int | None = Field(default=None, ge=0)
    """How many attempts a delivery gets: Motia counts the first one as well."""
    visibility_timeout: Duration | None = None
    """How long one attempt may take, when the handler has no timeout of its own."""
    delay_seconds: Annotated[Duration, AfterValidator(_check_delay)] | None = None
    """How long a delivery waits before its first attempt."""
    concurrency: Annotated[int, Field(ge=1)] | None = None
    """How many attempts may run at the same time in each worker process."""


class Infrastructure(Options):
    """Motia's spelling of an event step's policy."""

    handler: HandlerResources = HandlerResources()
    """What the handler gets."""
    queue: QueueOptions = QueueOptions()
    """How messages wait."""

    @property
    def policy(self) -> Policy:
        """The same, in our words."""
        retries = self.queue.max_retries
        return Policy(
            retry=None if retries is None else Retry(attempts=max(1, retries)),
            timeout=self.handler.timeout or self.queue.visibility_timeout,
            delay=self.queue.delay_seconds,
            concurrency=self.queue.concurrency,
        )


class EventStep(HandlerStep):
    """A step that messages on topics are delivered to."""

    type: Literal["event"] = "event"
    subscribes: Subscriptions
    """The topics it listens to."""
    join: Join | None = None
    """Waits for several messages instead of running for each."""
    input: SchemaSource | None = None
    """The schema of its messages; without one, the type that the handler's argument names."""
    delay: Duration | None = None
    """How long a delivery waits before its first attempt."""
    infrastructure: Infrastructure | None = None
    """Motia's spelling of the policy; our own fields win over it."""

    @property
    def subscriptions(self) -> tuple[Subscribe, ...]:
        """What it subscribes to, in full."""
        return _subscriptions(self.subscribes)

    @property
    def policy(self) -> Policy:
        """What it says about its attempts."""
        own = super().policy.model_copy(update={"delay": self.delay})
        return own.over(self.infrastructure.policy) if self.infrastructure else own

    @property
    def fifo(self) -> bool:
        """Whether messages of one group are to wait for each other, in Motia's words."""
        return self.infrastructure is not None and self.infrastructure.queue.type == "fifo"


class CronStep(HandlerStep):
    """A step that the clock triggers."""

    type: Literal["cron"] = "cron"
    cron: str
    """Minute, hour, day of the month, month, day of the week: `0 3 * * 1`."""
    schedule: Schedule = Schedule()
    """Time zone, overlap, catch-up, jitter."""


class CallStep(HandlerStep):
    """A step that callers trigger, as one calls a function."""

    type: Literal["call"] = "call"
    input: SchemaSource | None = None
    """What callers give."""
    output: SchemaSource | None = None
    """What they get back."""


class NoopStep(StepBase):
    """A step without a handler: it stands for something that happens outside.

    With an `input`, people answer it in the inbox; with `awaits`, a message does; with `calls`, another
    flow. The run waits meanwhile, without a worker, and then the step's topics are emitted with
    `{"request", "answer", …}`: the message that it was delivered, and what came from outside.
    """

    type: Literal["noop"] = "noop"
    subscribes: Subscriptions = ()
    """The topics that people or systems outside wait for."""
    input: SchemaSource | None = None
    """What the answer of a person looks like: it makes a form."""
    assignees: Annotated[Sequence[_Name], _Many] = ()
    """The people who may answer, as they sign in; without them and `roles`, everybody."""
    roles: Annotated[Sequence[_Name], _Many] = ()
    """The roles of those who may answer."""
    approval: Approval | None = None
    """Has several people decide."""
    deadline: Deadline | None = None
    """Until when they have to."""
    notify: Topic | None = None
    """The topic that tells that people have to answer, with links for those who have no account."""
    awaits: Await | None = Field(default=None, alias="await")
    """The message from outside that is waited for; `await` in files that are not Python."""
    calls: (
        Annotated[
            Annotated[FlowId, Tag("<plain>")] | Annotated[CallFlow, Tag("<table>")], PLAIN_OR_TABLE
        ]
        | None
    ) = None
    """The flow that is called with the message."""
    on_failure: OnFailure | None = None
    """What happens when nothing comes in time, or the call fails."""

    @model_validator(mode="after")
    def _one_thing(self) -> NoopStep:
        given = {"input": self.input, "await": self.awaits, "calls": self.calls}
        found = [f"`{name}`" for name, value in given.items() if value is not None]
        if len(found) > 1:
            raise ValueError(f"expected one of {', '.join(found)}: a step waits for one thing")
        people = ("assignees", "roles", "approval", "deadline", "notify")
        asked = next((name for name in people if getattr(self, name)), None)
        if asked and self.input is None:
            raise ValueError(f"`{asked}` needs `input`: the schema of what people answer")
        return self

    @property
    def executable(self) -> bool:
        """Whether a run waits for it."""
        return self.input is not None or self.awaits is not None or self.calls is not None

    @property
    def call(self) -> CallFlow | None:
        """What it calls, in full."""
        return CallFlow(flow=self.calls) if isinstance(self.calls, str) else self.calls

    @property
    def emissions(self) -> tuple[Emit, ...]:
        """What it may emit, in full: also what tells people of it."""
        notices = (Emit(topic=topic, conditional=True) for topic in self.notices)
        return (*super().emissions, *notices)

    @property
    def notices(self) -> tuple[str, ...]:
        """The topics that tell people of it, before anybody has answered."""
        told = [self.notify]
        if self.deadline is not None:
            told += [self.deadline.reminder, self.deadline.escalation]
        return tuple(topic for topic in told if topic is not None)

    @property
    def policy(self) -> Policy:
        """What it says about failing: what nobody did is not tried again by itself."""
        if not self.executable:
            return Policy()
        return Policy(on_failure=self.on_failure, retry=Retry(attempts=1))

    @property
    def subscriptions(self) -> tuple[Subscribe, ...]:
        """What it subscribes to, in full."""
        return _subscriptions(self.subscribes)


StepConfig: TypeAlias = ApiStep | EventStep | CronStep | CallStep | NoopStep
"""The config of a step, of any kind."""

STEP_KINDS: Mapping[str, type[StepConfig]] = {
    "api": ApiStep,
    "event": EventStep,
    "cron": CronStep,
    "call": CallStep,
    "noop": NoopStep,
}


def parse_config(config: object, *, file: str | Path | None = None) -> StepConfig:
    """Reads a step file's `config`: one of our models, or a dict with a `type`.

    Raises:
        SetupError: it names `file` and, in its issues, each field that is wrong.
    """
    if isinstance(config, ApiStep | EventStep | CronStep | CallStep | NoopStep):
        return config
    if not isinstance(config, Mapping):
        raise SetupError(
            f"`config` is a `{type(config).__name__}`, expected a step config or a dict",
            code="bad_config",
            hint="write `config = EventStep(name=…, subscribes=[…])`",
            file=file,
        )
    table = dict(cast("Mapping[str, object]", config))
    kind = table.get("type")
    model = STEP_KINDS.get(kind) if isinstance(kind, str) else None
    if model is None:
        raise SetupError(
            f"`config` has the type {kind!r}, expected one of {', '.join(STEP_KINDS)}",
            code="bad_config",
            hint=did_you_mean(str(kind), tuple(STEP_KINDS)),
            file=file,
        )
    try:
        return model.model_validate(table)
    except ValidationError as error:
        raise config_error(error, model, value=table, file=file) from error


def config_error(
    error: ValidationError,
    model: type[StepConfig],
    *,
    value: object = None,
    file: str | Path | None = None,
    line: int | None = None,
) -> SetupError:
    """The error of a config that its model refuses."""
    issues = issues_of(error, model, value)
    kind = model.model_fields["type"].default
    return SetupError(
        f"`config` is not a valid {kind} step: {'; '.join(issue.message for issue in issues)}",
        code="bad_config",
        hint=next((issue.hint for issue in issues if issue.hint), None),
        file=file,
        line=line,
        issues=issues,
    )


def _subscriptions(given: Subscriptions) -> tuple[Subscribe, ...]:
    return tuple(s if isinstance(s, Subscribe) else Subscribe(topic=s) for s in given)


def _virtuals(given: Virtuals) -> tuple[Virtual, ...]:
    return tuple(edge if isinstance(edge, Virtual) else Virtual(topic=edge) for edge in given)
