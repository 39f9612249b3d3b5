"""`wistro.yml`: what a project says about itself. Every field has a default, and so has the file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self, TypeAlias, TypeVar, cast

from pydantic import (
    BeforeValidator,
    Field,
    ValidationError,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from wistro.access import Access, AccessRules
from wistro.errors import Issue, SetupError
from wistro.issues import issues_of
from wistro.options import Duration, Options, matching
from wistro.policies import Policy, Topic
from wistro.project.answer_settings import AnswerSettings
from wistro.project.auth_settings import AuthSettings
from wistro.project.motia import looks_like_motia
from wistro.project.source import Source, read_source
from wistro.project.trace_settings import TraceSettings
from wistro.project.workbench_settings import WorkbenchSettings
from wistro.schemas import SchemaSource
from wistro.steps import FlowId

SETTINGS_FILES = ("wistro.yml", "wistro.yaml", "wistro.json")

OptionsT = TypeVar("OptionsT", bound=Options)

_UNITS = {"": 1, "B": 1, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}


def _parse_size(value: object) -> object:
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"(\d+)\s*([KMG]iB|B|)", value.strip())
    if match is None:
        raise ValueError(f"expected bytes such as 262144 or `256 KiB`, found `{value}`")
    return int(match[1]) * _UNITS[match[2]]


Size = Annotated[
    int,
    BeforeValidator(_parse_size),
    Field(ge=1),
    WithJsonSchema(
        {"type": ["integer", "string"], "description": "Bytes, or text such as `256 KiB`."}
    ),
]
"""A number of bytes; files may also say `256 KiB`."""


Compatibility: TypeAlias = Literal["motia"]
"""Whose rules a project is run by, where they are not Wistro's own."""


class FlowLimits(Options):
    """The bounds of one run of a flow."""

    deliveries: int = Field(default=10_000, ge=1)
    """How many deliveries a run may make: what stops a loop that would never end."""
    in_flight: int = Field(default=200, ge=1, le=1_500)
    """How many deliveries run at the same time; Temporal allows 2,000 pending activities."""
    timeout: Duration | None = None
    """How long a run may take, waiting included."""
    history_events: int = Field(default=4_000, ge=50, le=40_000)
    """A run continues as new once its history is this long."""


class ProjectLimits(FlowLimits):
    """The bounds of every run, and of what they carry."""

    message_size: Size = 16 * 1024**2
    """The largest message that is accepted, as JSON text."""


class CallableSettings(Options):
    """How a flow answers those who call it. It is called at its call step."""

    description: str | None = None
    """What a caller gets from it."""
    input: SchemaSource | None = None
    """What callers give; without one, the `input` of its call step."""
    output: SchemaSource | None = None
    """What they get back; without one, the `output` of its call step."""
    timeout: Duration = timedelta(seconds=30)
    """How long a caller waits before it gets a 202 with the call's id; the run goes on."""
    access: Access | None = None
    """Who may call it: anybody, or holders of the management token. When nothing is said, anybody under
    `wistro dev`, and holders of the token under `wistro start`."""
    allow: AccessRules | None = None
    """Who may call it, rule by rule, instead of `access`: `public`, `{key: shop-frontend}`,
    `{role: agent}`, `{user: "anna@shop.example"}`, `{scope: "refunds:write"}`, `{flow: support}`,
    `{app: returns}`. Nobody else may, except holders of the management token."""
    internal: bool = False
    """Not for the public: it is called on the internal listener (`endpoints.internal`), by other
    flows, and by holders of the management token."""
    responses: Literal["one", "many"] = "one"
    """How often a run answers. With `many`, each answer goes to targets that can take several as it
    comes; whoever waits gets the list of them in the end."""
    strict: bool = False
    """Whether a path that answers never or twice is an error of `wistro check`."""

    @model_validator(mode="after")
    def _one_way_to_say_who(self) -> Self:
        if self.access is not None and self.allow is not None:
            raise ValueError(
                f"`access` and `allow` both say who may call it: write `{self.access}` as a rule of "
                "`allow`, and leave `access` out"
            )
        return self


class FlowSettings(Options):
    """A flow, as people see it."""

    name: str | None = None
    """Its name; without one, its id in words."""
    description: str | None = None
    """What it is for."""
    owner: str | None = None
    """Who to ask about it."""
    limits: FlowLimits | None = None
    """The bounds of its runs, where they differ from the project's."""
    callable: CallableSettings | None = None
    """How it answers those who call it; a flow with a call step can be called without this."""


KEEP_MESSAGES = timedelta(hours=1)


class TopicSettings(Options):
    """A topic, as all flows see it."""

    description: str | None = None
    """What a message on it says."""
    message: SchemaSource | None = Field(default=None, alias="schema")
    """The JSON Schema of its messages, for emitters and subscribers that declare none."""
    shared: bool | None = None
    """Other flows may subscribe: a message starts a linked run in each."""
    external: bool = False
    """Messages come from outside: over HTTP, from the command line, from an operator."""
    keep: Duration = KEEP_MESSAGES
    """How long a message that came before anybody awaited it is kept; 0 for not at all."""


class StateSettings(Options):
    """Where state is kept."""

    adapter: str = "sqlite"
    """`sqlite`, `file`, `memory`, or `package.module:function` for one of your own."""
    address: str | None = None
    """A file for `sqlite`, a folder for `file`; without one, a place below `.wistro/`."""
    max_value: Size = 1024**2
    """The largest value, as JSON text."""


class StorageSettings(Options):
    """Where messages are kept that are too large for Temporal."""

    path: str = ".wistro/blobs"
    """The folder; what is in it is encrypted."""
    threshold: Size = 256 * 1024
    """Messages larger than this, once encrypted, go there."""


class EncryptionSettings(Options):
    """How payloads are encrypted."""

    key_file: str = ".wistro/keys.json"
    """The key file, made on first use; `WISTRO_KEYS` and `WISTRO_KEYS_FILE` win over it."""


class InternalListener(Options):
    """A second listener, for those who belong to the project."""

    host: str = "127.0.0.1"
    """The address to listen on."""
    port: int = Field(default=3001, ge=0, le=65_535)
    """The port to listen on; 0 takes a free one."""


class EndpointSettings(Options):
    """The HTTP side."""

    host: str = "127.0.0.1"
    """The address to listen on."""
    port: int = Field(default=3000, ge=0, le=65_535)
    """The port to listen on; 0 takes a free one."""
    public_url: (
        Annotated[str, *matching(r"https?://[^\s?#]+", "an address such as `https://shop.example`")]
        | None
    ) = None
    """Where people reach the project, such as `https://shop.example`: links begin with it. Without it, the
    address that is listened on."""
    cors_origins: tuple[str, ...] = ()
    """Web origins whose pages may call the API steps, such as `https://shop.example`."""
    answer_timeout: Duration = timedelta(seconds=30)
    """How long a caller waits for an API step before it gets a 202 with the run's id."""
    max_body: Size = 4 * 1024**2
    """The largest request body that is read."""
    public_metrics: bool = False
    """Serve the metrics without a token."""
    internal: InternalListener | None = None
    """Serve what is below `/_wistro`, and flows that are `internal`, only on a listener of its own."""


class WorkerSettings(Options):
    """The processes that run handlers."""

    concurrency: int = Field(default=100, ge=1)
    """How many deliveries a worker process runs at the same time."""
    threads: int = Field(default=32, ge=1)
    """How many of them may be `def` handlers, each of which holds a thread."""
    drain: Duration = timedelta(seconds=30)
    """How long a worker that is stopped lets its deliveries finish."""


def _nothing_is_defaults(value: object) -> object:
    # `orders:` with nothing after it is how YAML spells "with the defaults".
    return {} if value is None else value


_Bare = BeforeValidator(_nothing_is_defaults)


Flows: TypeAlias = Mapping[FlowId, Annotated[FlowSettings, _Bare]]
"""What is said about flows, by their ids."""
Topics: TypeAlias = Mapping[Topic, Annotated[TopicSettings, _Bare]]
"""What is said about topics, by their names."""


class Settings(Options):
    """Everything that `wistro.yml` may say."""

    project: Annotated[
        str,
        *matching(
            r"[a-z0-9][a-z0-9-]{0,62}", "up to 63 lower case letters, digits and `-`, no `-` first"
        ),
    ]
    """The project's id: lower case letters, digits and `-`. Task queues are named after it."""
    flows: Flows = Field(default_factory=dict[str, FlowSettings])
    """The flows. Once one is listed, a step that names another is an error. Those of an app are
    `<app>.<flow>`; what is said of one here goes before what the app says."""
    topics: Topics = Field(default_factory=dict[str, TopicSettings])
    """Topics that need saying more about."""
    compatibility: Compatibility | None = None
    """`motia`: run by Motia's rules. A project without this file whose steps are Motia's has it."""
    topics_shared_by_default: bool = False
    """Whether a topic that does not say is shared between flows."""
    defaults: Policy = Policy()
    """The policy of steps that do not say."""
    limits: ProjectLimits = ProjectLimits()
    """The bounds of runs."""
    state: StateSettings = StateSettings()
    """Where state is kept."""
    storage: StorageSettings = StorageSettings()
    """Where large messages are kept."""
    encryption: EncryptionSettings = EncryptionSettings()
    """How payloads are encrypted."""
    endpoints: EndpointSettings = EndpointSettings()
    """The HTTP side."""
    auth: AuthSettings = AuthSettings()
    """How callers show who they are."""
    workers: WorkerSettings = WorkerSettings()
    """The processes that run handlers."""
    answers: AnswerSettings = AnswerSettings()
    """How answers reach those who called."""
    traces: TraceSettings | None = None
    """Keep what the processes trace; `{}` for as long as usual. `wistro dev` does so without being asked."""
    workbench: WorkbenchSettings = WorkbenchSettings()
    """Who may use the workbench."""

    @field_validator("defaults")
    @classmethod
    def _no_queues(cls, value: Policy) -> Policy:
        if value.concurrency is not None or value.rate is not None:
            raise ValueError("`concurrency` and `rate` are limits of single steps, not defaults")
        return value

    def shared(self, topic: str) -> bool:
        """Whether a message on `topic` crosses into the other flows that subscribe to it."""
        said = self.topics.get(topic, TopicSettings()).shared
        return self.motia or self.topics_shared_by_default if said is None else said

    @property
    def motia(self) -> bool:
        """Whether Motia's rules apply."""
        return self.compatibility == "motia"


def find_settings(root: Path) -> Path | None:
    """The settings file of the project at `root`, if it has one."""
    return next((root / name for name in SETTINGS_FILES if (root / name).is_file()), None)


def read_settings(root: Path) -> Settings:
    """The settings of the project at `root`; one without a file is named after its folder.

    Raises:
        SetupError: it names the file and, for each thing that is wrong, the field and the line.
    """
    path = find_settings(root)
    name = path.name if path else SETTINGS_FILES[0]
    source, value = read_table(path, name, "project: shop")
    table = {"project": project_name(root), **value}
    if path is None and looks_like_motia(root):
        table["compatibility"] = "motia"
    return parse_settings(Settings, table, source, name)


def read_table(path: Path | None, name: str, example: str) -> tuple[Source, dict[str, object]]:
    """A settings file as it was read; without one, an empty table.

    Args:
        path: The file.
        name: How errors call it.
        example: What one says.

    Raises:
        SetupError: it cannot be read, or holds something else than a table.
    """
    source = read_source(path, name=name) if path else Source(value={}, lines={})
    value = source.value
    if not isinstance(value, dict):
        raise SetupError(
            f"`{name}` holds a `{type(value).__name__}`, expected a table such as `{example}`",
            code="bad_settings",
            file=name,
            line=1,
        )
    return source, cast("dict[str, object]", value)


def parse_settings(
    model: type[OptionsT], table: Mapping[str, object], source: Source, name: str
) -> OptionsT:
    """Read a table of settings as `model`.

    Raises:
        SetupError: it names the file and, for each thing that is wrong, the field and the line.
    """
    try:
        return model.model_validate(table)
    except ValidationError as error:
        issues = issues_of(error, model, table, line_of=source.line_of)
        raise bad_settings(issues, name) from error


def bad_settings(issues: Sequence[Issue], name: str) -> SetupError:
    """What is wrong with the settings file called `name`."""
    first = issues[0]
    more = f" (and {len(issues) - 1} more)" if len(issues) > 1 else ""
    where = f" on line {first.line}" if first.line else ""
    return SetupError(
        f"`{name}`{where}: {first.message}{more}",
        code="bad_settings",
        hint=first.hint,
        file=name,
        line=first.line,
        issues=issues,
    )


def project_name(root: Path) -> str:
    """A project's id made from the name of its folder."""
    name = re.sub(r"[^a-z0-9]+", "-", root.resolve().name.lower()).strip("-")[:63]
    return name.strip("-") or "project"
