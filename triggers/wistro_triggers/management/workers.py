"""The workers: who asks for work, in which language, and how much waits for them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from fastapi import APIRouter

from wistro.project.descriptor import Language
from wistro.temporal.host.queues import QueueState, Work, describe_queues
from wistro_triggers.management.recent import Recent
from wistro_triggers.management.site import ERRORS, Site, View

SILENT = timedelta(seconds=90)
"""A worker asks at least once a minute, unless it is as busy as it may be."""


class QueueView(View):
    """A task queue: what waits for workers, and how many of them ask for it."""

    name: str
    work: Work
    """`runs` have something to decide; `steps` are deliveries."""
    language: Language
    steps: list[str]
    """The steps whose deliveries it holds."""
    own: bool
    """Whether it is that of one step, which limits its rate or concurrency."""
    workers: int
    """How many processes have asked for work lately."""
    backlog: int
    """About how many wait, by Temporal's estimate."""
    backlog_seconds: float
    """How long the oldest of them has waited."""
    added_per_second: float
    done_per_second: float


class WorkerView(View):
    """A process that works."""

    identity: str
    """Its name in Temporal: usually process and host."""
    languages: list[Language]
    """Of the steps that it takes."""
    runs: bool
    """Whether it hosts runs."""
    queues: list[str]
    build: str | None = None
    """The version of the project that it has, where it says so."""
    last_seen: datetime
    """When it last asked for work."""
    silent: bool
    """Whether that is long ago: it is gone, or as busy as it may be."""


class Workers(View):
    """Who works on what."""

    queues: list[QueueView]
    workers: list[WorkerView]


def workers_router(site: Site) -> APIRouter:
    """`/workers`."""
    router = APIRouter(tags=["overview"], responses=ERRORS)

    async def look() -> list[QueueState]:
        return await describe_queues(site.engine.client, site.lock)

    recent = Recent(look, seconds=2)

    @router.get("/workers", summary="Show who works on what, and what waits")
    async def show_workers() -> Workers:
        found, now = await recent.get(), datetime.now(UTC)
        return Workers(queues=[_queue(each, now) for each in found], workers=_workers(found, now))

    return router


def _queue(found: QueueState, now: datetime) -> QueueView:
    return QueueView(
        name=found.name,
        work=found.work,
        language=found.language,
        steps=list(found.steps),
        own=found.own,
        workers=len({each.identity for each in found.pollers if now - each.last_seen < SILENT}),
        backlog=found.backlog,
        backlog_seconds=found.backlog_age.total_seconds(),
        added_per_second=round(found.added, 3),
        done_per_second=round(found.dispatched, 3),
    )


def _workers(found: list[QueueState], now: datetime) -> list[WorkerView]:
    """One of each process, however many queues it asks."""
    identities = dict.fromkeys(each.identity for queue in found for each in queue.pollers)
    workers = [_worker(identity, found, now) for identity in sorted(identities)]
    return sorted(workers, key=lambda worker: worker.silent)


def _worker(identity: str, found: list[QueueState], now: datetime) -> WorkerView:
    asked = [
        (queue, each) for queue in found for each in queue.pollers if each.identity == identity
    ]
    last_seen = max(each.last_seen for _, each in asked)
    return WorkerView(
        identity=identity,
        languages=sorted({queue.language for queue, _ in asked if queue.work == "steps"}),
        runs=any(queue.work == "runs" for queue, _ in asked),
        queues=list(dict.fromkeys(queue.name for queue, _ in asked)),
        build=next((each.build for _, each in asked if each.build), None),
        last_seen=last_seen,
        silent=now - last_seen >= SILENT,
    )
