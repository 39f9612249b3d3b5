"""The workers of other languages beside a process, kept running as long as it runs."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace

import structlog

from wistro.errors import SetupError
from wistro.project.declared import ForeignLanguage
from wistro.temporal.host.runtime import Runtime
from wistro_cli.address import API_VARIABLE
from wistro_cli.hosting.languages import manifest_of, worker_command
from wistro_cli.hosting.options import HostOptions
from wistro_cli.supervision.child import Child

_PATIENCE = 5.0
"""Seconds beyond its drain that a worker gets to end."""
_log = structlog.stdlib.get_logger("wistro.host")


class Workers:
    """Starts a worker of each language, again when it crashes, and lets them drain in the end."""

    def __init__(
        self, runtime: Runtime, languages: Sequence[ForeignLanguage], options: HostOptions
    ) -> None:
        self._runtime = runtime
        self._languages = languages
        self._drain = options.drain or runtime.lock.runtime.workers.drain
        self._refused = asyncio.Event()
        self._refusal: SetupError | None = None

    async def run(self, api: str, *, stop: asyncio.Event, on_ready: Callable[[], None]) -> None:
        """Keep the workers running until `stop` is set.

        Args:
            api: Where the triggers are.
            stop: Set when they are to drain and end.
            on_ready: Called once all of them poll their queues.

        Raises:
            SetupError: a worker cannot be built, or says that it cannot start.
        """
        children = [await self._child(language, api) for language in self._languages]
        for child in children:
            child.start()
        waiting = [
            asyncio.create_task(self._until_ready(children, on_ready)),
            asyncio.create_task(stop.wait()),
            asyncio.create_task(self._refused.wait()),
        ]
        try:
            await asyncio.wait(waiting[1:], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
            patience = self._drain.total_seconds() + _PATIENCE
            await asyncio.gather(*(child.stop(patience) for child in children))
        if self._refusal is not None:
            raise self._refusal

    async def _child(self, language: ForeignLanguage, api: str) -> Child:
        root, lock = self._runtime.project.root, self._runtime.lock
        manifest = manifest_of(root, lock, language, self._drain)
        command = await asyncio.to_thread(worker_command, root, manifest, _log.info)
        return Child(language, replace(command, env={API_VARIABLE: api}), self)

    async def _until_ready(self, children: Sequence[Child], on_ready: Callable[[], None]) -> None:
        await asyncio.gather(*(child.ready() for child in children))
        if self._refusal is None:
            on_ready()

    # What becomes of them

    def printed(self, name: str, line: str) -> None:
        """See `Watcher`: their log is ours."""
        _ = name
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()

    def crashed(self, name: str, code: int, pause: float) -> None:
        """See `Watcher`."""
        _log.error("a worker crashed", worker=name, code=code, again_in=pause)

    def refused(self, name: str, message: str, hint: str | None) -> None:
        """See `Watcher`: whoever started this process must know."""
        self._refusal = SetupError(
            f"the {name} worker does not start: {message}", code="worker_refused", hint=hint
        )
        self._refused.set()
