"""What discovery tells of a project's step files: the same document from every language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from wistro.policies import (
    Approval,
    Await,
    CallFlow,
    Deadline,
    Emit,
    Join,
    Policy,
    Schedule,
    Signature,
    Subscribe,
    Virtual,
)
from wistro.steps import QueryParam

DISCOVERY_VERSION = 1
"""The version of the document; a cache of another one is not read."""

Kind = Literal["api", "event", "cron", "call", "noop"]
Language = Literal["python", "node", "go"]
"""What a step is written in; `node` is TypeScript and JavaScript."""
LANGUAGES: tuple[Language, ...] = get_args(Language)


class Record(BaseModel):
    """Compiled data: immutable, and strict about what it holds."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True
    )


class ApiDescriptor(Record):
    """The request that triggers a step, and how it is answered."""

    method: str
    path: str
    """With parameters in braces: `/orders/{id}`."""
    mode: Literal["wait", "async"] = "wait"
    body: Mapping[str, object] | None = None
    """JSON Schema of the request's body."""
    query_params: tuple[QueryParam, ...] = ()
    responses: Mapping[int, Mapping[str, object]] = Field(
        default_factory=dict[int, Mapping[str, object]]
    )
    """JSON Schema of the body, by status; an empty one says nothing."""
    signature: Signature | None = None


class CronDescriptor(Record):
    """When the clock triggers a step."""

    expression: str
    schedule: Schedule = Schedule()


class TaskDescriptor(Record):
    """Who answers a step of people, and until when. What they answer is the step's `input`."""

    anyone: bool = False
    """Whether everybody may: nobody is named. Said, because the lock leaves out what is empty."""
    assignees: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    approval: Approval | None = None
    deadline: Deadline | None = None
    notify: str | None = None


class Descriptor(Record):
    """One step, as its file describes it. Schemas are JSON Schemas."""

    id: str
    path: str
    """Relative to the project, with `/`."""
    app: str | None = None
    """The app that it belongs to."""
    language: Language = "python"
    kind: Kind
    name: str
    description: str | None = None
    flows: tuple[str, ...] = ()
    subscribes: tuple[Subscribe, ...] = ()
    join: Join | None = None
    emits: tuple[Emit, ...] = ()
    virtual_subscribes: tuple[Virtual, ...] = ()
    virtual_emits: tuple[Virtual, ...] = ()
    input: Mapping[str, object] | None = None
    output: Mapping[str, object] | None = None
    api: ApiDescriptor | None = None
    cron: CronDescriptor | None = None
    task: TaskDescriptor | None = None
    """Of a step without a handler that people answer."""
    awaits: Await | None = None
    """Of one that waits for a message from outside."""
    calls: CallFlow | None = None
    """Of one that calls a flow."""
    policy: Policy = Policy()
    responds: bool | Literal["conditional"] = False
    """Whether it answers those who call its flow."""
    fifo: bool = False
    """Whether its file asks for messages of one group to wait for each other."""
    hash: str
    """Of the file, the project's modules that it imports, and the files it includes."""

    @property
    def runs(self) -> bool:
        """Whether messages are delivered to it: of noops, to those that something outside answers."""
        return self.kind != "noop" or bool(self.task or self.awaits or self.calls)


class StreamDescriptor(Record):
    """One stream, as its file describes it."""

    name: str
    path: str
    """Relative to the project, with `/`."""
    language: Language = "python"
    item: Mapping[str, object] | None = None
    """JSON Schema of its items."""
    access: Literal["public", "token"] | None = None
    """Who may subscribe; unsaid, everybody in development and holders of a token otherwise."""
    has_access: bool = False
    """Whether its file has a function that decides who may subscribe."""
    hash: str
    """Of the file and the project's modules that it imports."""


class LoadError(Record):
    """A file that is left out, and why."""

    path: str
    error: str
    hint: str | None = None
    line: int | None = None
    field: str | None = None
    """The field of its config, when that is what is wrong."""


class Discovered(Record):
    """The step and stream files of a project: those that load, and those that do not."""

    version: Literal[1] = DISCOVERY_VERSION
    language: Language = "python"
    steps: tuple[Descriptor, ...] = ()
    streams: tuple[StreamDescriptor, ...] = ()
    errors: tuple[LoadError, ...] = ()
