"""A Python worker: loads the steps of a project and gives a host what it needs to run them."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import httpx
import structlog

from wistro.calls import FlowCalls
from wistro.contract import Invocation
from wistro.errors import SetupError
from wistro.expressions import CelExpressions
from wistro.project.lock import Lock
from wistro.project.plan import queue_of
from wistro.stores.buffer import JournalBuffer
from wistro.stores.journal import JournalSink
from wistro.stores.remote import RemoteJournal, RemoteState
from wistro.stores.remote_calls import RemoteCalls
from wistro.stores.remote_stream import RemoteStreams
from wistro.stores.state import StateStore
from wistro.stores.stream import StreamItems
from wistro.temporal.host.hosting import StepQueue
from wistro.temporal.wire import runs_queue
from wistro_codec import Keys, mint_run_token
from wistro_worker.activities import Patience, StepActivity, step_activity
from wistro_worker.deliveries import Deliveries
from wistro_worker.executor import Services
from wistro_worker.journal import DeliveryJournal
from wistro_worker.runs import telling_about_runs
from wistro_worker.secrets import EnvironmentSecrets, Mask
from wistro_worker.steps import make_executor
from wistro_worker.stream_access import StreamAccess, stream_access
from wistro_worker.streams import streams_of

_TOKEN_SECONDS = 300.0
"""A token is used for a minute at most, so it need not live longer than that and a request."""

_log = structlog.stdlib.get_logger("wistro.worker")


@dataclass(frozen=True, kw_only=True)
class Backends:
    """Where state and journal are."""

    state: Callable[[Invocation], StateStore]
    """The state, with the rights of the run that an invocation belongs to."""
    journal: JournalSink
    streams: Callable[[Invocation], StreamItems] | None = None
    """The items of streams, with the same rights."""
    keys: Keys | None = None
    """Sign the tokens of those who follow streams."""
    calls: Callable[[Invocation], FlowCalls] | None = None
    """What calls flows for the run that an invocation belongs to."""


@dataclass(frozen=True, kw_only=True)
class PythonWorker:
    """What a host needs to run a project's Python steps."""

    activity: StepActivity
    """The dynamic activity: give it to a Temporal worker on the project's queue of runs."""
    stream_access: StreamAccess
    """The activity that asks the functions of streams: on the same queue."""
    queues: tuple[StepQueue, ...]
    """The queues of steps that limit their rate or concurrency; the same activity serves them."""
    broken: Mapping[str, SetupError]
    """The steps that cannot be run, and why."""


@asynccontextmanager
async def remote_backends(api: str, keys: Keys) -> AsyncGenerator[Backends, None]:
    """State and journal over the worker API of the triggers at `api`, for example `http://host:3000`."""

    @lru_cache(maxsize=4096)
    def minted(flow: str, run_id: str, minute: int) -> str:
        expires_at = minute * 60 + _TOKEN_SECONDS
        return mint_run_token(keys, flow=flow, run_id=run_id, expires_at=expires_at)

    def mint(flow: str, run_id: str) -> str:
        return minted(flow, run_id, int(time.time() // 60))

    # No limit on connections: as many requests as there are deliveries wait for their answers.
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=32)
    async with httpx.AsyncClient(limits=limits) as client:

        def state(invocation: Invocation) -> StateStore:
            token = partial(mint, invocation.flow, invocation.run_id)
            return RemoteState(api, token, client)

        def streams(invocation: Invocation) -> StreamItems:
            return RemoteStreams(api, partial(mint, invocation.flow, invocation.run_id), client)

        def calls(invocation: Invocation) -> FlowCalls:
            return RemoteCalls(api, partial(mint, invocation.flow, invocation.run_id), client)

        journal = RemoteJournal(api, mint, client)
        yield Backends(state=state, journal=journal, streams=streams, keys=keys, calls=calls)


@asynccontextmanager
async def python_worker(
    root: Path, lock: Lock, backends: Backends, *, patience: Patience | None = None
) -> AsyncGenerator[PythonWorker, None]:
    """Load the Python steps of the lock; a step that does not load fails when it is run, and only then.

    Args:
        root: The project's folder.
        lock: The compiled project.
        backends: Where state and journal are.
        patience: How long handlers that were asked to stop may take.
    """
    mask = Mask()
    threads = ThreadPoolExecutor(lock.runtime.workers.threads, thread_name_prefix="wistro-handler")
    try:
        async with JournalBuffer(backends.journal) as buffer:
            journal = DeliveryJournal(buffer.append, mask)
            services = Services(
                state=backends.state,
                streams=streams_of(lock, backends.streams, backends.keys),
                calls=backends.calls,
                secrets=EnvironmentSecrets(mask),
                log=journal.log,
                threads=threads,
            )
            executor = make_executor(root, lock, services)
            for id, error in executor.broken.items():
                _log.error("a step cannot be run", step=id, error=str(error))
            deliveries = Deliveries(executor, journal, mask)
            with telling_about_runs(lock.project, buffer.append):
                yield PythonWorker(
                    activity=step_activity(
                        deliveries,
                        CelExpressions(),
                        patience,
                        stored_limit=lock.limits.message_size,
                    ),
                    stream_access=stream_access(root, lock, threads),
                    queues=_queues(lock),
                    broken=executor.broken,
                )
    finally:
        # A `def` handler that ignored every request to stop must not keep the process.
        threads.shutdown(wait=False, cancel_futures=True)


def _queues(lock: Lock) -> tuple[StepQueue, ...]:
    found: list[StepQueue] = []
    for id, step in lock.steps.items():
        policy, name = step.policy, queue_of(lock, id)
        if step.kind == "noop" or step.language != "python" or name == runs_queue(lock.project):
            continue
        per_second = policy.rate and policy.rate.count / policy.rate.per.total_seconds()
        found.append(StepQueue(name=name, concurrency=policy.concurrency, per_second=per_second))
    return tuple(found)
