"""Puts the parts of a project together in one process, and runs them until they are stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import structlog

from wistro.temporal.host.engine import Engine
from wistro.temporal.host.runtime import Runtime
from wistro_cli.control import Control
from wistro_cli.parts import Parts

API_VARIABLE = "WISTRO_API"
KEEP_JOURNAL = timedelta(days=7)
"""How long the journal is kept; Temporal's histories have a retention of their own."""

_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 10.0
_log = structlog.stdlib.get_logger("wistro.host")


@dataclass(frozen=True, kw_only=True)
class HostOptions:
    """How the parts of a process are run."""

    parts: Parts = Parts()
    host: str | None = None
    """The address to listen on; the project's own when not given."""
    port: int | None = None
    development: bool = False
    ui_origins: tuple[str, ...] = ()
    """Where the Temporal UI is, which asks the codec server to decrypt."""
    drain: timedelta | None = None
    """How long running deliveries get to finish; the project's own when not given."""


class Host:
    """A process with some of the parts of a project."""

    def __init__(
        self, runtime: Runtime, lock_path: Path, options: HostOptions, control: Control | None
    ) -> None:
        self._runtime = runtime
        self._lock_path = lock_path
        self._options = options
        self._control = control
        self._stop = asyncio.Event()
        self._stop_work = asyncio.Event()
        self._reload: Callable[[], None] | None = None
        self._schedules = asyncio.Event()
        self._engine: Engine | None = None

    async def run(self) -> int:
        """Run until SIGTERM (0) or SIGINT (130): then stop taking requests, drain, and let go."""
        code = _stops(self._stop)
        parts = self._options.parts
        async with AsyncExitStack() as stack, asyncio.TaskGroup() as tasks:
            obeying = None
            if self._control is not None:
                obeying = tasks.create_task(
                    self._control.obey(reload=self._reload_now, stop=self._stop)
                )
            serving = working = None
            if parts.triggers:
                serving = tasks.create_task(self._serve())
            if parts.runs:
                working = tasks.create_task(self._work())
            await self._stop.wait()
            # Requests under way wait for runs, so the runs go last.
            if serving is not None:
                await serving
            self._stop_work.set()
            if working is not None:
                await working
            if obeying is not None:
                obeying.cancel()
            _ = stack
        return code[0]
