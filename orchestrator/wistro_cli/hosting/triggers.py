"""The HTTP side and the schedules of a project."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import asdict

import structlog
from fastapi import FastAPI

from wistro.errors import EngineUnavailable
from wistro.project.lock import Lock
from wistro.project.settings import InternalListener
from wistro.temporal.host.engine import Engine
from wistro.temporal.host.runtime import Runtime
from wistro.temporal.host.schedules import ScheduleChanges
from wistro_cli.hosting.options import HostOptions
from wistro_cli.hosting.pauses import pauses
from wistro_cli.hosting.stores import Stores
from wistro_triggers.app import create_app, reload_app
from wistro_triggers.serve import serve

_log = structlog.stdlib.get_logger("wistro.host")


class TriggersPart:
    """Serves the triggers of a project, and keeps its schedules those of the lock."""

    def __init__(self, engine: Engine, app: FastAPI, options: HostOptions) -> None:
        self._engine = engine
        self._app = app
        self._options = options
        self._changed = asyncio.Event()

    @classmethod
    async def make(cls, runtime: Runtime, stores: Stores, options: HostOptions) -> TriggersPart:
        """Prepare to serve. Temporal may be away: it is connected to when it is first needed.

        Raises:
            SetupError: a webhook's secret is missing.
        """
        engine = await runtime.engine(lazy=True)
        app = create_app(
            engine,
            runtime,
            state=stores.state,
            streams=stores.streams,
            journal=stores.journal,
            audit=stores.audit,
            inbox=stores.inbox,
            waits=stores.waits,
            rollups=stores.rollups,
            spans=stores.spans,
            development=options.development,
            ui_origins=options.ui_origins,
        )
        return cls(engine, app, options)

    async def run(self, stop: asyncio.Event, on_ready: Callable[[str], None]) -> None:
        """Serve until `stop` is set, then finish what is under way.

        Raises:
            SetupError: the address cannot be listened on.
        """
        settings = self._engine.lock.runtime.endpoints
        schedules = asyncio.create_task(self._keep_schedules())
        try:
            await serve(
                self._app,
                host=self._options.host or settings.host,
                port=settings.port if self._options.port is None else self._options.port,
                internal=self._internal(settings.internal),
                stop=stop,
                on_ready=on_ready,
            )
        finally:
            schedules.cancel()

    def _internal(self, said: InternalListener | None) -> tuple[str, int] | None:
        """Where the internal listener is, if there is one; `wistro dev` has one listener for all."""
        port = self._options.internal_port
        if said is None or (port is None and self._options.development):
            return None if port is None else (InternalListener().host, port)
        return said.host, said.port if port is None else port

    def reload(self, lock: Lock) -> None:
        """Serve another lock from now on.

        Raises:
            SetupError: a webhook's secret is missing; everything stays as it was.
        """
        reload_app(self._app, lock)
        self._engine.reload(lock)
        self._changed.set()

    async def _keep_schedules(self) -> None:
        """Make Temporal's schedules those of the lock, now and whenever the lock changes."""
        while True:
            self._changed.clear()
            changes = asdict(await self._sync())
            if any(changes.values()):
                _log.info("schedules changed", **changes)
            await self._changed.wait()

    async def _sync(self) -> ScheduleChanges:
        waits = pauses()
        while True:
            try:
                return await self._engine.sync_schedules()
            except EngineUnavailable as error:
                _log.info("the schedules wait for Temporal", error=error.message)
                await asyncio.sleep(next(waits))
