"""The task queues of a project: who works on them, and how much waits."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import PollerInfo, TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest, DescribeTaskQueueResponse
from temporalio.client import Client

from wistro.project.descriptor import Language
from wistro.project.lock import Lock
from wistro.project.plan import language_queue, queue_of
from wistro.temporal import wire
from wistro.temporal.host.connect import engine_errors

Work = Literal["runs", "steps"]
"""What a queue holds: runs that have something to decide, or deliveries."""

_RPC = timedelta(seconds=10)
_IDENTITY = re.compile(r"(?:node|go)@(?P<build>[^:@]+):")
"""What workers of other languages call themselves: `go@<build>:<process>@<host>`."""
_TYPES: Mapping[Work, TaskQueueType.ValueType] = {
    "runs": TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    "steps": TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
}


@dataclass(frozen=True, kw_only=True)
class Poller:
    """A process that asked a queue for work in the last minutes."""

    identity: str
    last_seen: datetime
    """When it last asked. One that is as busy as it may be does not ask."""
    build: str | None = None
    """The version of the project that it has, where it says so."""


@dataclass(frozen=True, kw_only=True)
class QueueState:
    """A task queue as it is now."""

    name: str
    work: Work
    language: Language
    steps: tuple[str, ...]
    """The steps whose deliveries it holds; one with limits has a queue of its own."""
    own: bool
    """Whether it is such a queue."""
    pollers: tuple[Poller, ...]
    backlog: int
    """About how many tasks wait; Temporal estimates it."""
    backlog_age: timedelta
    """How long the oldest of them has waited."""
    added: float
    """About how many tasks came in each of the last seconds."""
    dispatched: float
    """About how many of them workers took."""


async def describe_queues(client: Client, lock: Lock) -> list[QueueState]:
    """The project's task queues: that of the runs, that of each language, and those of single steps.

    Raises:
        EngineUnavailable: when Temporal is away.
    """
    with engine_errors():
        return list(await asyncio.gather(*(_describe(client, queue) for queue in _queues(lock))))


@dataclass(frozen=True, kw_only=True)
class _Queue:
    name: str
    work: Work
    language: Language
    steps: tuple[str, ...] = ()
    own: bool = False


def _queues(lock: Lock) -> Iterable[_Queue]:
    yield _Queue(name=wire.runs_queue(lock.project), work="runs", language="python")
    found: dict[str, list[str]] = {}
    for id, step in lock.steps.items():
        if step.kind != "noop":
            found.setdefault(queue_of(lock, id), []).append(id)
    for name, steps in found.items():
        language = lock.steps[steps[0]].language
        own = name != language_queue(lock.project, language)
        yield _Queue(name=name, work="steps", language=language, steps=tuple(steps), own=own)


async def _describe(client: Client, queue: _Queue) -> QueueState:
    answer = await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=queue.name),
            task_queue_type=_TYPES[queue.work],
            report_stats=True,
        ),
        timeout=_RPC,
    )
    stats = answer.stats
    return QueueState(
        **vars(queue),
        pollers=_pollers(answer, queue.language),
        backlog=stats.approximate_backlog_count,
        backlog_age=stats.approximate_backlog_age.ToTimedelta(),
        added=stats.tasks_add_rate,
        dispatched=stats.tasks_dispatch_rate,
    )


def _pollers(answer: DescribeTaskQueueResponse, language: Language) -> tuple[Poller, ...]:
    return tuple(
        Poller(
            identity=poller.identity,
            last_seen=poller.last_access_time.ToDatetime(UTC),
            build=_build(poller, language),
        )
        for poller in answer.pollers
    )


def _build(poller: PollerInfo, language: Language) -> str | None:
    """The project's version. What SDKs of other languages call a build is their own, or a binary's."""
    if language == "python":
        return poller.worker_version_capabilities.build_id or None
    named = _IDENTITY.match(poller.identity)
    return named["build"] if named else None
