"""What a worker of another language is told to serve: it reads no YAML, no lock and no config.

The file holds no secrets: what a process may not write down comes to it in its environment.
`workers/contract` describes the document.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import ConfigDict, Field

from wistro.contract import CONTRACT_VERSION
from wistro.project.callables import answer_schemas
from wistro.project.declared import ForeignLanguage
from wistro.project.descriptor import Descriptor, Kind, Language, Record, StreamDescriptor
from wistro.project.lock import Lock
from wistro.project.plan import queue_of
from wistro.schemas import JsonSchema, json_schema

MANIFESTS = Path(".wistro", "workers")
"""The folder of the manifests, `<language>.json` each."""


class _Part(Record):
    # A worker ignores what it does not know: the engine may tell it more than it needs.
    model_config: ClassVar[ConfigDict] = ConfigDict(extra="ignore", populate_by_name=True)


class ManifestQueue(_Part):
    """A task queue to poll."""

    name: str
    concurrency: int = Field(ge=1)
    """How many attempts may run at the same time in this process."""
    per_second: float | None = Field(default=None, gt=0)
    """How many attempts may start in a second, over all workers."""


class ManifestStep(_Part):
    """A step to serve; its id is the type of its activity."""

    path: str
    """Its file, relative to the project, with `/`."""
    kind: Kind
    name: str
    """For people."""
    flows: tuple[str, ...] = ()
    receives: Mapping[str, JsonSchema | None] = Field(default_factory=dict[str, JsonSchema | None])
    """The topics it subscribes to, with the schema of their messages; null: anything."""
    input: JsonSchema | None = None
    """The schema of what it is called with, when no topic brings it."""
    emits: Mapping[str, JsonSchema | None] = Field(default_factory=dict[str, JsonSchema | None])
    """The topics it declares, with the schema of its messages; null: anything."""
    body: JsonSchema | None = None
    """The schema of the request's body, for an api step."""
    responses: Mapping[str, JsonSchema] = Field(default_factory=dict[str, JsonSchema])
    """The schema of the response's body by status, for an api step; an empty one says nothing."""
    output: JsonSchema | None = None
    """The schema of what a call step returns."""
    terminal: tuple[str, ...] = ()
    """Names of errors that are never retried."""
    timeout: float = Field(ge=0)
    """Seconds that an attempt may take; 0: as long as it wants."""


class ManifestStream(_Part):
    """A stream that handlers may use."""

    path: str
    """Its file, relative to the project, with `/`."""
    language: Language
    """Whose worker evaluates its access rule."""
    item: JsonSchema | None = Field(default=None, alias="schema")
    """The schema of its items; null: anything."""
    has_access: bool = False
    """Whether its file has a function that says who may read it."""


class ManifestStorage(_Part):
    """Where payloads are kept that are too large for Temporal."""

    path: str
    """The folder, absolute."""
    threshold: int = Field(ge=1)
    """Payloads larger than this, once encrypted, go there."""


class Manifest(_Part):
    """Everything that a worker process of one language needs to know about its project."""

    version: Literal[1]
    """The version of the worker contract."""
    language: ForeignLanguage
    project: str
    build: str
    """The id of the build that the manifest was made of."""
    root: str
    """The project's folder, absolute."""
    motia: bool = False
    """Whether its handlers run by Motia's rules: what does not fit is noted and goes on."""
    queues: tuple[ManifestQueue, ...] = Field(min_length=1)
    steps: Mapping[str, ManifestStep] = Field(default_factory=dict[str, ManifestStep])
    streams: Mapping[str, ManifestStream] = Field(default_factory=dict[str, ManifestStream])
    answers: Mapping[str, JsonSchema] = Field(default_factory=dict[str, JsonSchema])
    """The schemas of what its flows answer to those who call them, by flow; without one: anything."""
    message_size: int = Field(ge=1)
    """The largest result, as JSON text, where `storage` takes what Temporal does not."""
    storage: ManifestStorage
    key_file: str
    """The file of the encryption keys, absolute; `WISTRO_KEYS` and `WISTRO_KEYS_FILE` win over it."""
    drain: float = Field(ge=0)
    """Seconds that deliveries get to finish when the worker is stopped."""

    def text(self) -> str:
        """The file's content."""
        return self.model_dump_json(by_alias=True, indent=2) + "\n"


def worker_manifest(lock: Lock, language: ForeignLanguage, *, root: Path) -> Manifest:
    """What the worker of `language` serves of the project at `root`."""
    steps = {
        id: step
        for id, step in lock.steps.items()
        if step.language == language and step.kind != "noop"
    }
    runtime, root = lock.runtime, root.resolve()
    return Manifest(
        version=CONTRACT_VERSION,
        language=language,
        project=lock.project,
        build=lock.build,
        root=str(root),
        motia=lock.motia,
        queues=tuple(_queues(lock, language, steps)),
        steps={id: _step(lock, step) for id, step in steps.items()},
        streams={name: _stream(stream) for name, stream in lock.streams.items()},
        answers=answer_schemas(lock),
        message_size=lock.limits.message_size,
        storage=ManifestStorage(
            path=str(root / runtime.storage.path), threshold=runtime.storage.threshold
        ),
        key_file=str(root / runtime.encryption.key_file),
        drain=runtime.workers.drain.total_seconds(),
    )


def _queues(
    lock: Lock, language: ForeignLanguage, steps: Mapping[str, Descriptor]
) -> Iterator[ManifestQueue]:
    """The queue of the language, and those of its steps that limit their rate or concurrency."""
    shared = f"{lock.project}.steps.{language}"
    concurrency = lock.runtime.workers.concurrency
    yield ManifestQueue(name=shared, concurrency=concurrency)
    for id, step in steps.items():
        name, policy = queue_of(lock, id), step.policy
        if name != shared:
            yield ManifestQueue(
                name=name,
                concurrency=policy.concurrency or concurrency,
                per_second=policy.rate and policy.rate.count / policy.rate.per.total_seconds(),
            )


def _step(lock: Lock, step: Descriptor) -> ManifestStep:
    policy, api = lock.policy(step.id), step.api
    return ManifestStep(
        path=step.path,
        kind=step.kind,
        name=step.name,
        flows=step.flows,
        receives={s.topic: step.input or lock.topics[s.topic].message for s in step.subscribes},
        input=step.input,
        emits={e.topic: _schema(e.message) or lock.topics[e.topic].message for e in step.emits},
        body=api.body if api else None,
        responses={str(status): schema for status, schema in api.responses.items()} if api else {},
        output=step.output,
        terminal=tuple(str(name) for name in policy.retry.terminal) if policy.retry else (),
        timeout=policy.timeout.total_seconds() if policy.timeout else 0,
    )


def _schema(declared: object) -> JsonSchema | None:
    return None if declared is None else json_schema(declared)


def _stream(stream: StreamDescriptor) -> ManifestStream:
    return ManifestStream(
        path=stream.path,
        language=stream.language,
        schema=stream.item,
        has_access=stream.has_access,
    )
