"""A session of `wistro dev`: from the first compilation to the last process that ends."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Coroutine
from contextlib import aclosing, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, time
from typing import Any

from wistro.errors import SetupError, WistroError
from wistro.project import Compiled, Lock, Project
from wistro.project.descriptor import Language
from wistro.project.holding import hold
from wistro.project.lock import changes, dump_lock
from wistro.project.workbench import build_workbench
from wistro.stores.journal import Journal, JournalEntry
from wistro.temporal.host.runtime import Runtime
from wistro.temporal.host.tracing import export_to_receiver
from wistro_cli.dev.changes import file_changes, languages_of_code
from wistro_cli.dev.children import Change, Children
from wistro_cli.dev.ports import LOOPBACK, choose_port
from wistro_cli.dev.screen import Places, Screen
from wistro_cli.dev.temporal import LocalTemporal
from wistro_cli.environment import ENV_FILE, load_env_file
from wistro_cli.findings import problems_of
from wistro_cli.folder import RUNTIME
from wistro_cli.output import describe
from wistro_cli.typings import has_types, write_types

INTERRUPTED = 130
_HELD, _TOLD_EVERY = 0.4, 0.1
"""Seconds: workers send what they note after 0.2 at most, and then it travels."""
LOCK = Path(RUNTIME, "dev.lock")
"""What runs, as opposed to `wistro.yml.lock`, which is what was reviewed and committed."""


@dataclass(frozen=True, kw_only=True)
class DevOptions:
    """What `wistro dev` was asked for."""

    port: int | None = None
    """The port; the project's usual one, or the next that is free, when not given."""
    drain: float = 5.0
    """Seconds that running steps get to finish when their code has changed, or at the end."""


class Session:
    """Runs a project on this machine, and again whenever its files change."""

    def __init__(self, root: Path, options: DevOptions, screen: Screen) -> None:
        self._root = root
        self._options = options
        self._screen = screen
        self._stop = asyncio.Event()
        self._code = 0
        self._began = monotonic()
        self._from_env = load_env_file(root)
        usual = Project.open(root).settings.endpoints.port
        self._port = choose_port(options.port, usual)
        if options.port is None and usual not in (0, self._port):
            screen.note(f"the port {usual} is in use, so the API gets {self._port}")
        self._temporal = LocalTemporal.of(
            root, screen, codec_endpoint=f"http://localhost:{self._port}/_wistro/codec"
        )
        self._broken: frozenset[str] = frozenset()
        self._lock: Lock | None = None
        self._children: Children | None = None
        self._nobody_waits = threading.Event()
        self._said_running = False

    async def run(self) -> int:
        """Run until Ctrl-C (the exit code is 130) or SIGTERM (0): then stop triggers, worker, server.

        Raises:
            WistroError: it cannot start.
        """
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, self._interrupt)
        loop.add_signal_handler(signal.SIGTERM, self._stop.set)
        starting = asyncio.create_task(self._temporal.start())
        try:
            await self._until_stopped(self._run(starting))
        finally:
            await self._end(starting)
        return self._code

    async def _run(self, starting: asyncio.Task[None]) -> None:
        compiled, _ = await self._compile()
        self._screen.problems(problems_of(compiled))
        self._use(compiled)
        runtime = Runtime.open(Project.open(self._root), compiled.lock, self._temporal.address)
        journal = await runtime.open_journal()
        try:
            after = await journal.last_seq()
            self._children = self._make_children(runtime)
            await self._children.start(compiled.lock)
            await self._keep_types(compiled.lock)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._follow(journal, after))
                tasks.create_task(self._announce(starting))
                tasks.create_task(self._build_workbench())
                tasks.create_task(self._watch())
        finally:
            await journal.close()

    async def _compile(self) -> tuple[Compiled, frozenset[Language]]:
        """The project as its files are now, and the languages that stay as they were."""
        project, before = Project.open(self._root), self._lock
        loop = asyncio.get_running_loop()

        def say(line: str) -> None:
            loop.call_soon_threadsafe(self._screen.note, line)

        def compile_now() -> tuple[Compiled, frozenset[Language]]:
            found = project.discover(progress=say, stop=self._nobody_waits)
            found, held = hold(found, before) if before else (found, frozenset[Language]())
            return project.compile(found), held

        return await asyncio.to_thread(compile_now)

    def _make_children(self, runtime: Runtime) -> Children:
        # Children inherit where Temporal is, where the triggers are, and where traces go.
        os.environ["TEMPORAL_ADDRESS"] = self._temporal.address.address
        os.environ["TEMPORAL_NAMESPACE"] = self._temporal.address.namespace
        os.environ["WISTRO_API"] = f"http://{LOOPBACK}:{self._port}"
        flows = sorted(self._lock.flows) if self._lock else []
        os.environ.update(
            export_to_receiver(os.environ["WISTRO_API"], runtime.keys, flows, os.environ)
        )
        start = ["--project", str(self._root), "start", "--lock", str(self._root / LOCK)]
        listen = ["--host", LOOPBACK, "--port", str(self._port)]
        listen += [part for origin in self._temporal.ui_origins for part in ("--ui-origin", origin)]
        return Children(
            self._root, self._screen, start=start, listen=listen, drain=self._options.drain
        )

    async def _announce(self, starting: asyncio.Task[None]) -> None:
        """Say where everything is once everything is there; then keep the server running."""
        await starting
        await self._everything_ready()
        await self._temporal.keep()

    async def _everything_ready(self) -> None:
        """Wait for the children; the first time that they all work, say where everything is."""
        assert self._children
        await self._children.ready()
        if self._lock is not None and self._children.work and not self._said_running:
            self._said_running = True
            url = f"http://localhost:{self._port}"
            places = Places(
                workbench=f"{url}/_wistro/workbench/",
                api=url,
                docs=f"{url}/docs",
                temporal=self._temporal.address.address,
                temporal_ui=self._temporal.ui_url,
            )
            self._screen.running(self._lock, places, monotonic() - self._began)

    async def _build_workbench(self) -> None:
        """Build the page meanwhile, where this is a checkout: the project works without it."""
        loop = asyncio.get_running_loop()

        def say(line: str) -> None:
            loop.call_soon_threadsafe(self._screen.note, line)

        try:
            await asyncio.to_thread(build_workbench, say)
        except SetupError as error:
            self._screen.error(error.message, error.hint)

    async def _follow(self, journal: Journal, after: int) -> None:
        held: list[JournalEntry] = []
        telling = asyncio.create_task(self._tell(held))
        try:
            async with aclosing(journal.tail(after_seq=after)) as entries:
                async for entry in entries:
                    held.append(entry)  # noqa: PERF401 - the list is read meanwhile
        finally:
            telling.cancel()
            self._show(held)

    async def _tell(self, held: list[JournalEntry]) -> None:
        """Tell things in the order in which they happened: each worker sends them when it likes."""
        while True:
            await asyncio.sleep(_TOLD_EVERY)
            now = time()
            due = [entry for entry in held if entry.at <= now - _HELD]
            held[:] = [entry for entry in held if entry.at > now - _HELD]
            self._show(due)

    def _show(self, entries: list[JournalEntry]) -> None:
        for entry in sorted(entries, key=lambda entry: entry.at):
            self._screen.entry(entry)

    # Changes

    async def _watch(self) -> None:
        async with aclosing(file_changes(self._root)) as batches:
            async for changed in batches:
                try:
                    await self._changed(changed)
                except (WistroError, OSError) as error:
                    # A file may be gone before it was read: the next change tells.
                    message, hint = describe(error) or (str(error), None)
                    self._screen.error(message, hint)
                    self._screen.note("what ran before goes on")

    async def _changed(self, changed: set[Path]) -> None:
        """Load again what the changed files are part of."""
        assert self._children
        assert self._lock
        env = any(path.name == ENV_FILE for path in changed)
        if env:
            self._from_env = load_env_file(self._root, replacing=self._from_env)
        old = self._lock
        compiled, held = await self._compile()
        newly_broken = _broken(compiled) - self._broken
        if newly_broken & _unusable(compiled):
            # Runs must not lose a step, or their attempts, over a slip.
            self._screen.problems(problems_of(compiled))
            self._screen.note("what ran before goes on")
            return
        code = languages_of_code(changed) - held
        change = Change(old=old, new=compiled.lock, code=code, env=env)
        differs = old.build != compiled.lock.build or bool(code) or env
        if not (differs or self._broken != _broken(compiled)):
            return
        self._screen.problems(problems_of(compiled))
        self._use(compiled)
        if held:
            self._screen.note("what ran before goes on")
        if differs:
            await self._children.follow(change)
            await self._keep_types(compiled.lock)
            await self._children.ready()
            self._screen.reloaded(compiled.lock.build, changes(old, compiled.lock))
        await self._everything_ready()

    async def _keep_types(self, lock: Lock) -> None:
        """Write the types anew that `wistro types` has written once."""
        if has_types(self._root):
            try:
                await asyncio.to_thread(write_types, self._root, lock)
            except SetupError as error:
                self._screen.error(error.message, error.hint)

    def _use(self, compiled: Compiled) -> None:
        self._lock = compiled.lock
        self._broken = _broken(compiled)
        path = self._root / LOCK
        path.parent.mkdir(mode=0o700, exist_ok=True)
        draft = path.with_suffix(".draft")
        draft.write_text(dump_lock(compiled.lock), encoding="utf-8")
        draft.replace(path)

    # The end

    async def _until_stopped(self, work: Coroutine[Any, Any, None]) -> None:
        working = asyncio.create_task(work)
        stopping = asyncio.create_task(self._stop.wait())
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working

    async def _end(self, starting: asyncio.Task[None]) -> None:
        """Nothing new, then what runs, then what it runs on."""
        self._nobody_waits.set()
        if self._children is not None:
            self._screen.note("stopping")
            await self._children.stop()
        starting.cancel()
        with suppress(asyncio.CancelledError, WistroError):
            await starting
        await self._temporal.stop()

    def _interrupt(self) -> None:
        self._code = INTERRUPTED
        self._stop.set()


def _broken(compiled: Compiled) -> frozenset[str]:
    """The files that are left out because of what is wrong with them."""
    return _unusable(compiled) | {error.path for error in compiled.errors}


def _unusable(compiled: Compiled) -> frozenset[str]:
    """Those of them that load."""
    return frozenset(finding.step for finding in compiled.findings if finding.step)
