"""The surroundings of the demo: a fresh copy of the project under `wistro dev`, and a GitHub."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import shutil
import signal
import sys
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from pathlib import Path

from steps.environments.local_target import LocalTarget

from .script import REPOSITORY
from .stand_in import StandIn

PROJECT = Path(__file__).parents[1]
PARTS = ("wistro.yml", "wistro.yml.lock", "apps.yml", "steps", "previews")
START_PATIENCE = 60.0
"""Seconds; the Temporal server is there already, or `make demo` has installed it."""
TAIL = 30


class StackError(Exception):
    """The surroundings did not come up; the message has the last lines of the log."""


@dataclass
class Stack:
    """Everything that runs, and how to reach it."""

    folder: Path
    github: StandIn
    url: str = ""
    """The project's HTTP address, once it runs."""
    temporal_ui: str = ""
    webhook_secret: str = field(default_factory=secrets.token_hex)
    operator_token: str = field(default_factory=secrets.token_urlsafe)
    management_token: str = field(default_factory=secrets.token_urlsafe)

    @property
    def log(self) -> Path:
        """What `wistro dev` said."""
        return self.folder / "wistro.log"

    @property
    def target(self) -> LocalTarget:
        """The processes of the environments."""
        return LocalTarget(self.folder / ".wistro" / "previews")

    def environment(self) -> dict[str, str]:
        """The variables that the project's processes get."""
        return {
            **os.environ,
            "GITHUB_API_URL": self.github.url,
            "GITHUB_TOKEN": self.github.token,
            "GITHUB_WEBHOOK_SECRET": self.webhook_secret,
            "OPERATOR_TOKEN": self.operator_token,
            "WISTRO_TOKEN": self.management_token,
            "PYTHONUNBUFFERED": "1",
        }


@contextlib.asynccontextmanager
async def running(folder: Path) -> AsyncGenerator[Stack, None]:
    """Start everything in `folder`; stop everything that was started, whatever happens."""
    for part in PARTS:
        source = PROJECT / part
        if source.is_dir():
            hidden = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, folder / part, ignore=hidden, dirs_exist_ok=True)
        elif source.exists():
            shutil.copy2(source, folder / part)
    with StandIn(secrets.token_hex(), [REPOSITORY], outages=1) as github:
        stack = Stack(folder, github)
        command = (
            sys.executable,
            "-m",
            "wistro_cli",
            "-C",
            str(folder),
            "dev",
            "--port",
            "0",
            "--json",
        )
        process = await asyncio.create_subprocess_exec(
            *command,
            env=stack.environment(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            limit=2**24,  # one line has a whole message
            start_new_session=True,  # Ctrl-C is for the demo, which stops it in order
        )
        ready = asyncio.Event()
        reading = asyncio.create_task(_read(process, stack, ready))
        try:
            await _wait_until(ready, reading, stack)
            yield stack
        finally:
            await _stop(process)
            await reading
            for server in stack.target.all():
                await stack.target.stop(server.environment)


async def _read(process: asyncio.subprocess.Process, stack: Stack, ready: asyncio.Event) -> None:
    """Keep what it prints, so that its pipe never fills, and learn where it is."""
    assert process.stdout is not None
    with stack.log.open("ab") as log:
        async for line in process.stdout:
            log.write(line)
            log.flush()
            if not ready.is_set() and b'"dev.running"' in line:
                told = json.loads(line)
                stack.url, stack.temporal_ui = told["api"], told["temporal_ui"] or told["temporal"]
                ready.set()


async def _wait_until(ready: asyncio.Event, reading: asyncio.Task[None], stack: Stack) -> None:
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait(
        (waiting, reading), timeout=START_PATIENCE, return_when=asyncio.FIRST_COMPLETED
    )
    if ready.is_set():
        return
    waiting.cancel()
    did = "ended" if reading.done() else f"was not ready in {START_PATIENCE:.0f} s"
    text = stack.log.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL:]
    raise StackError("\n".join((f"`wistro dev` {did}; the end of what it said:", *text)))


async def _stop(process: asyncio.subprocess.Process) -> None:
    for number, patience in ((signal.SIGINT, 20), (signal.SIGTERM, 10), (signal.SIGKILL, 5)):
        if process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            # To the whole session at the end, as what started processes may be gone by then.
            (os.killpg if number is signal.SIGKILL else os.kill)(process.pid, number)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), patience)
