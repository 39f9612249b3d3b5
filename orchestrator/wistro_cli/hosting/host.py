"""A process: its parts from start to stop."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Sequence
from contextlib import AsyncExitStack, nullcontext
from pathlib import Path

import structlog

from wistro.errors import WistroError
from wistro.project.declared import ForeignLanguage
from wistro.project.lock import load_lock
from wistro.temporal.host.runtime import Runtime
from wistro_cli.address import Address, remove_address, write_address
from wistro_cli.control import Control
from wistro_cli.hosting.garbage import settle
from wistro_cli.hosting.options import HostOptions
from wistro_cli.hosting.services import triggers_url
from wistro_cli.hosting.stores import Stores, open_stores
from wistro_cli.hosting.triggers import TriggersPart
from wistro_cli.hosting.work import backends_of, work
from wistro_cli.hosting.workers import Workers
from wistro_cli.output import describe
from wistro_cli.telemetry import start_tracing
from wistro_worker.serve import Backends

INTERRUPTED = 130

_log = structlog.stdlib.get_logger("wistro.host")


class Host:
    """Runs some parts of a project until it is told to stop."""

    def __init__(
        self, runtime: Runtime, lock_path: Path, options: HostOptions, control: Control | None
    ) -> None:
        self._runtime = runtime
        self._lock_path = lock_path
        self._options = options
        self._control = control
        self._stop = asyncio.Event()
        self._triggers: TriggersPart | None = None
        self._api: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._code = 0

    async def run(self) -> int:
        """Run until SIGTERM (the exit code is 0) or SIGINT (130): take nothing new, drain, let go.

        Raises:
            WistroError: a part cannot be started.
        """
        self._listen_for_signals()
        runtime, parts = self._runtime, self._options.parts
        languages = parts.languages(runtime.lock)
        async with AsyncExitStack() as stack:
            stores = (
                await stack.enter_async_context(open_stores(runtime, traces=self._keeps_traces))
                if parts.triggers
                else None
            )
            if stores is not None:
                self._triggers = await TriggersPart.make(runtime, stores, self._options)
            else:
                self._found(triggers_url(runtime))
            backends = await stack.enter_async_context(
                backends_of(runtime, stores, triggers_url(runtime)) if parts.runs else nullcontext()
            )
            try:
                await self._run_parts(stores, backends, languages)
            finally:
                remove_address(runtime.project.root)
        return self._code

    async def _run_parts(
        self,
        stores: Stores | None,
        backends: Backends | None,
        languages: Sequence[ForeignLanguage],
    ) -> None:
        stop_working = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            obeying = serving = None
            if self._control is not None:
                obeying = tasks.create_task(
                    self._control.obey(reload=self._reload, stop=self._stop)
                )
            if self._triggers is not None:
                serving = tasks.create_task(self._triggers.run(self._stop, self._is_serving))
            if backends is not None:
                tasks.create_task(
                    work(
                        self._runtime,
                        backends,
                        self._options,
                        stores=stores,
                        stop=stop_working,
                        on_ready=self._is_working,
                    )
                )
            if languages:
                tasks.create_task(self._run_workers(languages, stop_working))
            await self._stop.wait()
            # Requests under way wait for what runs answer, so the runs go last.
            if serving is not None:
                await serving
            stop_working.set()
            if obeying is not None:
                obeying.cancel()

    async def _run_workers(self, languages: Sequence[ForeignLanguage], stop: asyncio.Event) -> None:
        # They reach state and journal through the triggers, which may be those of this process.
        serving = asyncio.ensure_future(asyncio.shield(self._api))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if serving.done():
            workers = Workers(self._runtime, languages, self._options)
            await workers.run(serving.result(), stop=stop, on_ready=self._workers_work)

    def _workers_work(self) -> None:
        _log.info("working on steps")
        if self._control is not None and self._triggers is None and not self._options.parts.runs:
            self._control.tell("ready")

    def _listen_for_signals(self) -> None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._stop.set)
        loop.add_signal_handler(signal.SIGINT, self._interrupt)

    def _interrupt(self) -> None:
        if self._stop.is_set():
            # Asked twice: whoever is there will not wait for what is running.
            os._exit(INTERRUPTED)
        self._code = INTERRUPTED
        self._stop.set()

    def _is_serving(self, url: str) -> None:
        server = self._runtime.server
        address = Address(
            url=url, pid=os.getpid(), temporal=server.address, namespace=server.namespace
        )
        write_address(self._runtime.project.root, address)
        self._found(url)
        _log.info(
            "serving",
            url=url,
            workbench=f"{url}/_wistro/workbench/",
            api=f"{url}/_wistro/api",
            docs=f"{url}/docs",
        )
        if self._control is not None:
            self._control.tell("ready", url=url)

    @property
    def _keeps_traces(self) -> bool:
        return self._options.development or self._runtime.lock.runtime.traces is not None

    def _found(self, url: str) -> None:
        """The triggers are at `url`: spans may go there, and workers of other languages start."""
        start_tracing(self._runtime, self._options.parts, api=url, keep=self._keeps_traces)
        self._api.set_result(url)

    def _is_working(self) -> None:
        settle()
        _log.info(
            "working on runs",
            project=self._runtime.lock.project,
            temporal=self._runtime.server.address,
        )
        if self._control is not None and self._triggers is None:
            self._control.tell("ready")

    async def _reload(self) -> None:
        if self._control is None or self._triggers is None:
            return
        try:
            self._triggers.reload(load_lock(self._lock_path))
        except WistroError as error:
            message, hint = describe(error) or (str(error), None)
            self._control.tell("failed", message=message, hint=hint)
        else:
            self._control.tell("reloaded")
