"""A process that is kept running: started again when it crashes, replaced when files change."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from time import monotonic
from typing import Protocol

from wistro_cli.supervision.process import Command, Process

_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 10.0
_SETTLED = 20.0
"""Seconds after which a process counts as having worked, and the next pause is short again."""


class Watcher(Protocol):
    """Who is told what becomes of the children."""

    def printed(self, name: str, line: str) -> None:
        """A child printed a line."""
        ...

    def crashed(self, name: str, code: int, pause: float) -> None:
        """A child ended that should not have; it is started again after `pause` seconds."""
        ...

    def refused(self, name: str, message: str, hint: str | None) -> None:
        """A child cannot start, or not reload, before somebody changes something."""
        ...


class Child:
    """A part of the project in a process of its own."""

    def __init__(self, name: str, command: Command, watcher: Watcher) -> None:
        self.name = name
        self.command = command
        """What it is started with, from its next start on."""
        self._watcher = watcher
        self._current: Process | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._leaving: set[asyncio.Task[None]] = set()
        self._refused = False
        self._ready = asyncio.Event()

    @property
    def works(self) -> bool:
        """Whether it does its work: it neither starts right now nor waits for somebody's change."""
        return self._ready.is_set() and not self._refused

    async def ready(self) -> None:
        """Returns once it does its work, or has said why it cannot."""
        await self._ready.wait()

    def start(self) -> None:
        """Start it, and keep it running until `stop`."""
        self._refused = False
        self._ready.clear()
        self._keeping = asyncio.create_task(self._keep())

    async def replace(self, patience: float, *, overlap: bool) -> None:
        """Run it anew, from the files as they are now.

        Args:
            patience: Seconds that the old process gets to finish what it does.
            overlap: Whether the new one may start while the old one drains.
        """
        old = self._release()
        leaving = asyncio.create_task(old.stop(patience)) if old else None
        if leaving is not None:
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)
            if not overlap:
                await leaving
        self.start()

    def reload(self) -> None:
        """Let it read the lock again; one that could not start is started."""
        if self._refused:
            self.start()
        elif self._current is not None:
            self._current.ask_reload()

    async def stop(self, patience: float) -> None:
        """Ask it to end, and what drains still; those that have not after `patience` are killed."""
        current = self._release()
        if current is not None:
            await current.stop(patience)
        if self._leaving:
            await asyncio.wait(self._leaving)

    def _release(self) -> Process | None:
        if self._keeping is not None:
            self._keeping.cancel()
        current, self._current = self._current, None
        return current

    async def _keep(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            began = monotonic()
            try:
                self._current = process = await Process.spawn(
                    self.command, say=self._say, hear=self._hear
                )
            except OSError as error:
                self._hear({"event": "failed", "message": f"`{error.filename}`: {error.strerror}"})
                return
            code = await process.wait()
            self._current = None
            if self._refused:
                return
            pause = _FIRST_PAUSE if monotonic() - began > _SETTLED else pause
            self._watcher.crashed(self.name, code, pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _say(self, line: str) -> None:
        self._watcher.printed(self.name, line)

    def _hear(self, told: Mapping[str, object]) -> None:
        match told:
            case {"event": "ready"}:
                self._ready.set()
            case {"event": "failed", "message": str(message)}:
                # One that was ready goes on as it was.
                self._refused = not self._ready.is_set()
                hint = told.get("hint")
                self._watcher.refused(self.name, message, hint if isinstance(hint, str) else None)
                self._ready.set()
            case _:
                pass
