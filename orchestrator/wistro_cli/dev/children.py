"""The processes of `wistro dev`: the triggers, the Python worker, and one for each other language."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from wistro.errors import SetupError
from wistro.project import Lock
from wistro.project.declared import ForeignLanguage
from wistro.project.descriptor import Descriptor, Language, StreamDescriptor
from wistro.project.manifest import Manifest
from wistro_cli.dev.screen import Screen
from wistro_cli.dev.worker_log import WorkerLog
from wistro_cli.hosting.languages import (
    languages_of,
    manifest_of,
    worker_command,
    write_manifest,
)
from wistro_cli.supervision.child import Child
from wistro_cli.supervision.process import Command

_PATIENCE = 5.0
"""Seconds beyond their drain that processes get to end."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """What is different from what runs."""

    old: Lock
    new: Lock
    code: frozenset[Language]
    """The languages whose code has changed."""
    env: bool
    """Whether the environment has: then everything starts anew."""

    @property
    def languages(self) -> frozenset[Language]:
        """The languages whose workers have other code, included files counted."""
        old, new = self.old, self.new
        known = {each.hash for each in (*old.steps.values(), *old.streams.values())}
        found: list[Descriptor | StreamDescriptor] = [*new.steps.values(), *new.streams.values()]
        return self.code.union(each.language for each in found if each.hash not in known)

    @property
    def settings(self) -> bool:
        """Whether the processes are set up differently."""
        return self.env or self.old.runtime != self.new.runtime

    @property
    def plans(self) -> bool:
        """Whether the process of runs and Python steps works by something else than its code."""
        return _without_code(self.old) != _without_code(self.new)


class Children:
    """Starts the processes that a project needs, and those anew that a change concerns."""

    def __init__(
        self,
        root: Path,
        screen: Screen,
        *,
        start: Sequence[str],
        listen: Sequence[str],
        drain: float,
    ) -> None:
        """Prepare the processes.

        Args:
            root: The project's folder.
            screen: Told what becomes of them.
            start: Arguments of `wistro` that start parts of the project.
            listen: The options of its triggers.
            drain: Seconds that deliveries get to finish.
        """
        self._root = root
        self._screen = screen
        self._drain = drain
        work = ("--only", "runs,steps", "--drain", f"{drain:g}")
        self._triggers = Child(
            "triggers", Command.wistro(*start, "--only", "triggers", *listen), screen
        )
        self._worker = Child("worker", Command.wistro(*start, *work), screen)
        self._foreign: dict[ForeignLanguage, Child] = {}
        self._manifests: dict[ForeignLanguage, Manifest] = {}

    @property
    def work(self) -> bool:
        """Whether all of them do their work."""
        return all(child.works for child in self._all())

    async def ready(self) -> None:
        """Returns once all of them do their work, or have said why they cannot."""
        await asyncio.gather(*(child.ready() for child in self._all()))

    async def start(self, lock: Lock) -> None:
        """Start them all."""
        self._triggers.start()
        self._worker.start()
        for language in languages_of(lock):
            await self._appear(language, lock)

    async def follow(self, change: Change) -> None:
        """Start anew what has changed, start what is needed now, stop what is not."""
        if change.settings:
            await self._triggers.replace(self._drain, overlap=False)
        elif change.old.build != change.new.build:
            self._triggers.reload()
        if change.settings or change.plans or "python" in change.languages:
            await self._worker.replace(self._drain, overlap=True)
        needed = languages_of(change.new)
        for language in needed:
            if language in self._foreign:
                await self._follow(language, change)
            else:
                await self._appear(language, change.new)
        for language in tuple(self._foreign.keys() - needed):
            del self._manifests[language]
            await self._foreign.pop(language).stop(self._drain + _PATIENCE)

    async def stop(self) -> None:
        """Nothing new, then what runs."""
        patience = self._drain + _PATIENCE
        await self._triggers.stop(patience)
        await asyncio.gather(
            *(child.stop(patience) for child in (self._worker, *self._foreign.values()))
        )

    def _all(self) -> Iterator[Child]:
        yield from (self._triggers, self._worker, *self._foreign.values())

    async def _appear(self, language: ForeignLanguage, lock: Lock) -> None:
        manifest = self._manifest(language, lock)
        loop = asyncio.get_running_loop()

        def say(line: str) -> None:
            loop.call_soon_threadsafe(self._screen.note, line)

        try:
            command = await asyncio.to_thread(worker_command, self._root, manifest, say)
        except SetupError as error:
            self._screen.refused(language, error.message, error.hint)
            return
        self._manifests[language] = manifest
        self._foreign[language] = child = Child(language, command, WorkerLog(self._screen))
        child.start()

    async def _follow(self, language: ForeignLanguage, change: Change) -> None:
        manifest = self._manifest(language, change.new)
        # A build of other languages' steps is no reason to start anew.
        same = manifest.model_copy(update={"build": self._manifests[language].build})
        told_otherwise = same != self._manifests[language]
        if change.env or told_otherwise or language in change.languages:
            write_manifest(self._root, manifest)
            self._manifests[language] = manifest
            await self._foreign[language].replace(self._drain, overlap=True)

    def _manifest(self, language: ForeignLanguage, lock: Lock) -> Manifest:
        return manifest_of(self._root, lock, language, timedelta(seconds=self._drain))


def _without_code(lock: Lock) -> Lock:
    """All that the lock says but what steps are made of."""
    steps = {id: step.model_copy(update={"hash": ""}) for id, step in lock.steps.items()}
    streams = {id: stream.model_copy(update={"hash": ""}) for id, stream in lock.streams.items()}
    return lock.model_copy(update={"build": "", "steps": steps, "streams": streams})
