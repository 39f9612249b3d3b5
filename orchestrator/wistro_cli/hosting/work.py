"""The runs of a project, and its Python steps beside them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import structlog

from wistro.errors import EngineUnavailable
from wistro.stores.audit_buffer import AuditBuffer
from wistro.stores.buffer import JournalBuffer
from wistro.temporal.host.engine import Engine
from wistro.temporal.host.hosting import host_runs
from wistro.temporal.host.runtime import Runtime
from wistro_cli.hosting.calls import DirectCalls
from wistro_cli.hosting.options import HostOptions
from wistro_cli.hosting.pauses import pauses
from wistro_cli.hosting.services import outside_services
from wistro_cli.hosting.stores import Stores
from wistro_worker.runs import telling_about_runs
from wistro_worker.serve import Backends, PythonWorker, python_worker, remote_backends

_log = structlog.stdlib.get_logger("wistro.host")


async def work(
    runtime: Runtime,
    backends: Backends,
    options: HostOptions,
    *,
    stores: Stores | None,
    stop: asyncio.Event,
    on_ready: Callable[[], None],
) -> None:
    """Host runs, and steps if asked for, until `stop` is set; then let running deliveries finish."""
    settings = runtime.lock.runtime.workers
    async with AsyncExitStack() as stack:
        audit = None if stores is None else AuditBuffer(stores.audit)
        if audit is not None:
            stack.push_async_callback(audit.close)
        calls = DirectCalls(audit=audit, remote=backends.calls)
        backends = replace(backends, calls=calls.of)
        worker = await stack.enter_async_context(_steps(runtime, backends, options))
        engine = await _connected(runtime, stop, development=options.development)
        if engine is None:
            return
        calls.engine = engine
        services = await stack.enter_async_context(
            outside_services(runtime, engine, stores, development=options.development)
        )
        await stack.enter_async_context(
            host_runs(
                engine.client,
                engine,
                worker.activity if worker else None,
                services=services,
                stream_access=worker.stream_access if worker else None,
                queues=worker.queues if worker else (),
                concurrency=settings.concurrency,
                drain=options.drain or settings.drain,
            )
        )
        on_ready()
        await stop.wait()
        _log.info("draining")


@asynccontextmanager
async def backends_of(
    runtime: Runtime, stores: Stores | None, api: str
) -> AsyncGenerator[Backends]:
    """The stores of this process when it has opened them, else those behind the triggers at `api`."""
    if stores is not None:
        state, streams = stores.state, stores.streams
        yield Backends(
            state=lambda _: state,
            streams=lambda _: streams,
            journal=stores.journal,
            keys=runtime.keys,
        )
        return
    async with remote_backends(api, runtime.keys) as backends:
        yield backends


@asynccontextmanager
async def _steps(
    runtime: Runtime, backends: Backends, options: HostOptions
) -> AsyncGenerator[PythonWorker | None]:
    lock = runtime.lock
    if options.parts.steps:
        async with python_worker(runtime.project.root, lock, backends) as worker:
            yield worker
        return
    async with JournalBuffer(backends.journal) as buffer:
        with telling_about_runs(lock.project, buffer.append):
            yield None


async def _connected(runtime: Runtime, stop: asyncio.Event, *, development: bool) -> Engine | None:
    """An engine once Temporal is there; `None` when `stop` is set before."""
    # A server that `wistro dev` starts beside us takes some seconds: that is not worth a line.
    quiet = 5 if development else 0
    for number, pause in enumerate(pauses()):
        try:
            return await runtime.engine()
        except EngineUnavailable as error:
            if number >= quiet:
                _log.warning("waiting for Temporal", error=error.message, hint=error.hint)
        try:
            await asyncio.wait_for(stop.wait(), pause)
        except TimeoutError:
            continue
        return None
    return None
