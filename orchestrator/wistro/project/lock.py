"""`wistro.yml.lock`: the compiled project, as a value and as a file that people review."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Literal, cast

import yaml
from pydantic import Field, ValidationError

from wistro.access import Access, AccessRules
from wistro.errors import SetupError
from wistro.issues import issues_of
from wistro.policies import BUILT_IN, Policy
from wistro.project.answer_settings import AnswerSettings
from wistro.project.auth_settings import AuthSettings
from wistro.project.descriptor import Descriptor, Record, StreamDescriptor
from wistro.project.schematable import extract_schemas, resolve_schemas
from wistro.project.settings import (
    Compatibility,
    EncryptionSettings,
    EndpointSettings,
    FlowLimits,
    ProjectLimits,
    StateSettings,
    StorageSettings,
    WorkerSettings,
)
from wistro.project.source import read_source
from wistro.project.trace_settings import TraceSettings
from wistro.project.workbench_settings import WorkbenchSettings

LOCK_FILE = "wistro.yml.lock"
LOCK_VERSION = 1

_HEADER = "# Written by `wistro lock`. Review it, commit it, do not edit it.\n"


class CallableLock(Record):
    """How a flow is called."""

    step: str
    """Its call step."""
    description: str | None = None
    input: Mapping[str, object] | None = None
    """JSON Schema of what callers give."""
    output: Mapping[str, object] | None = None
    """JSON Schema of what they get back."""
    timeout: timedelta
    """How long a caller waits for the answer."""
    access: Access | None = None
    """Who may call it."""
    allow: AccessRules | None = None
    """Who may call it, rule by rule."""
    internal: bool = False
    """Whether it is kept from the public listener."""
    responses: Literal["one", "many"] = "one"
    """How often a run answers."""


class AppLock(Record):
    """An app that is installed in the project."""

    name: str
    description: str | None = None
    version: str | None = None
    owner: str | None = None
    path: str
    """Its folder, relative to the project, with `/`."""
    flows: tuple[str, ...] = ()
    callable: str | None = None
    """The flow that is meant when the app is called by its name."""


class FlowLock(Record):
    """A flow: its face, its steps, and what starts it."""

    name: str
    app: str | None = None
    """The app that it belongs to."""
    description: str | None = None
    owner: str | None = None
    triggers: tuple[str, ...] = ()
    """The api, cron and call steps that start runs."""
    entry_topics: tuple[str, ...] = ()
    """The topics whose messages start runs: from other flows, or from outside."""
    steps: tuple[str, ...] = ()
    limits: FlowLimits | None = None
    """The bounds of its runs, where they differ from the project's."""
    callable: CallableLock | None = None
    """How it is called, when it can be."""


class TopicLock(Record):
    """A topic, and who is at its ends."""

    description: str | None = None
    shared: bool = False
    external: bool = False
    emitters: tuple[str, ...] = ()
    subscribers: tuple[str, ...] = ()
    awaited_by: tuple[str, ...] = ()
    """The steps by which runs wait for its messages."""
    keep: timedelta | None = None
    """How long a message that came before anybody awaited it is kept, where one is awaited."""
    message: Mapping[str, object] | None = None
    """The JSON Schema of its messages: as `wistro.yml` gives it, or as all emitters agree."""


class Runtime(Record):
    """What processes need to know to run the project."""

    state: StateSettings = StateSettings()
    storage: StorageSettings = StorageSettings()
    encryption: EncryptionSettings = EncryptionSettings()
    endpoints: EndpointSettings = EndpointSettings()
    auth: AuthSettings = AuthSettings()
    workers: WorkerSettings = WorkerSettings()
    answers: AnswerSettings = AnswerSettings()
    traces: TraceSettings | None = None
    workbench: WorkbenchSettings = WorkbenchSettings()


class Lock(Record):
    """The compiled project. Deterministic: the same sources give the same lock, byte for byte."""

    version: Literal[1] = LOCK_VERSION
    project: str
    build: str = ""
    """The hash of everything else."""
    compatibility: Compatibility | None = None
    """`motia`: its runs, requests and messages follow Motia's rules."""
    apps: Mapping[str, AppLock] = Field(default_factory=dict[str, AppLock])
    """The apps that are installed, by their names."""
    flows: Mapping[str, FlowLock] = Field(default_factory=dict[str, FlowLock])
    routes: Mapping[str, str] = Field(default_factory=dict[str, str])
    """The step of each route: `POST /orders/{id}`."""
    schedules: Mapping[str, str] = Field(default_factory=dict[str, str])
    """When each cron step runs, in words of its expression and time zone."""
    topics: Mapping[str, TopicLock] = Field(default_factory=dict[str, TopicLock])
    steps: Mapping[str, Descriptor] = Field(default_factory=dict[str, Descriptor])
    streams: Mapping[str, StreamDescriptor] = Field(default_factory=dict[str, StreamDescriptor])
    defaults: Policy = BUILT_IN
    """The policy of steps that do not say."""
    limits: ProjectLimits = ProjectLimits()
    runtime: Runtime = Runtime()

    @property
    def motia(self) -> bool:
        """Whether Motia's rules apply."""
        return self.compatibility == "motia"

    def policy(self, step: str) -> Policy:
        """The complete policy of a step: only its limits of concurrency and rate may be missing."""
        return self.steps[step].policy.over(self.defaults)

    def sealed(self) -> Lock:
        """The same lock with its build id."""
        return self.model_copy(update={"build": _build(_document(self))})


class LockDocument(Lock):
    """The lock as it is written: every schema once, referred to as `#/schemas/<name>`."""

    schemas: Mapping[str, Mapping[str, object]] = Field(
        default_factory=dict[str, Mapping[str, object]]
    )


def dump_lock(lock: Lock) -> str:
    """The text of the lock file."""
    text = yaml.dump(
        _document(lock),
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=100,
        default_flow_style=False,
    )
    return _HEADER + text


def load_lock(path: Path) -> Lock:
    """Read a lock file.

    Raises:
        SetupError: it is missing, of another version, damaged, or was edited by hand.
    """
    name = path.name
    if not path.is_file():
        raise SetupError(
            f"there is no `{name}` in `{path.parent.name}`",
            code="no_lock",
            hint="run `wistro lock`, and commit what it writes",
            file=name,
        )
    source = read_source(path)
    table = cast("dict[str, object]", source.value if isinstance(source.value, dict) else {})
    if table.get("version") != LOCK_VERSION:
        raise SetupError(
            f"`{name}` has the version {table.get('version')!r}, expected {LOCK_VERSION}",
            code="lock_version",
            hint="run `wistro lock` with this release of Wistro",
            file=name,
        )
    try:
        LockDocument.model_validate(table)
        build = _build(table)
        lock = Lock.model_validate(resolve_schemas(table))
    except (ValidationError, KeyError) as error:
        issues = (
            issues_of(error, LockDocument, table, line_of=source.line_of)
            if isinstance(error, ValidationError)
            else ()
        )
        problem = issues[0].message if issues else f"the schema {error} is missing"
        raise SetupError(
            f"`{name}` is damaged: {problem}",
            code="bad_lock",
            hint="run `wistro lock` to write it again",
            file=name,
            line=issues[0].line if issues else None,
            issues=issues,
        ) from error
    if lock.build != build:
        raise SetupError(
            f"`{name}` was edited: its content has the build id {build}, it says {lock.build}",
            code="bad_lock",
            hint="run `wistro lock` to write it again, and make changes in the project's own files",
            file=name,
        )
    return lock


def changes(old: Lock, new: Lock) -> tuple[str, ...]:
    """What differs between two locks, a line for each change, for people."""
    before, after = _plain(old), _plain(new)
    for document in (before, after):
        document.pop("build", None)
    return tuple(_differences(before, after, ""))


def _document(lock: Lock) -> dict[str, object]:
    """The lock as it is written: without what is empty, with each schema once."""
    document = lock.model_dump(mode="json")
    schemas = extract_schemas(document)
    runtime = lock.runtime.model_dump(mode="json", exclude_defaults=True)
    defaults, limits = document.pop("defaults"), document.pop("limits")
    document.pop("runtime")
    document = cast("dict[str, object]", _without_empty(document))
    tail = {"defaults": _without_none(defaults), "limits": _without_none(limits)}
    tail |= {"runtime": runtime} if runtime else {}
    return document | ({"schemas": schemas} if schemas else {}) | tail


def _plain(lock: Lock) -> dict[str, object]:
    return cast("dict[str, object]", _without_empty(lock.model_dump(mode="json")))


def _build(document: Mapping[str, object]) -> str:
    content = {key: value for key, value in document.items() if key != "build"}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _without_empty(value: object) -> object:
    """Leaves out what is the default of every field here: nothing, false, and empty tables."""
    if isinstance(value, dict):
        table = cast("dict[str, object]", value)
        kept = {key: _without_empty(entry) for key, entry in table.items()}
        return {key: entry for key, entry in kept.items() if entry or _is_number(entry)}
    if isinstance(value, list):
        return [_without_empty(entry) for entry in cast("list[object]", value)]
    return value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _without_none(value: object) -> object:
    if isinstance(value, dict):
        table = cast("dict[str, object]", value)
        return {key: _without_none(entry) for key, entry in table.items() if entry is not None}
    return value


_NOUNS = {
    "apps": "app",
    "flows": "flow",
    "topics": "topic",
    "steps": "step",
    "streams": "stream",
    "routes": "route",
}


def _differences(old: object, new: object, path: str) -> list[str]:
    if old == new:
        return []
    before, after = _table(old), _table(new)
    if before is None or after is None:
        if path.endswith("`: hash"):
            return [f"~ {path.removesuffix(': hash')}: its code changed"]
        return [f"~ {path}: {_show(old)} → {_show(new)}"]
    lines: list[str] = []
    for key in sorted(before.keys() | after.keys()):
        inner = _join(path, key)
        if key not in before and path in _NOUNS:
            lines.append(f"+ {inner}")
        elif key not in after and path in _NOUNS:
            lines.append(f"- {inner}")
        else:
            lines.extend(_differences(before.get(key), after.get(key), inner))
    return lines


def _table(value: object) -> dict[str, object] | None:
    return cast("dict[str, object]", value) if isinstance(value, dict) else None


def _join(path: str, key: str) -> str:
    if path in _NOUNS:
        return f"{_NOUNS[path]} `{key}`"
    separator = ": " if path.endswith("`") else "."
    return f"{path}{separator}{key}" if path else key


def _show(value: object) -> str:
    text = "nothing" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:77]}…"


class _Dumper(yaml.CSafeDumper):
    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002
        """Never `&id001`: the file is read by people."""
        return True
