"""A fresh copy of a project under `wistro dev`."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import shutil
import signal
import sys
from collections.abc import AsyncGenerator, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

START_PATIENCE = 60.0
"""Seconds; the Temporal server is there already, or the demo's `make` target has installed it."""
TAIL = 30


class StartError(Exception):
    """Something did not come up; the message has the last lines of the log."""


@dataclass
class Running:
    """A project that runs, and how to reach it."""

    folder: Path
    token: str = field(default_factory=secrets.token_urlsafe)
    """The management token."""
    url: str = ""
    """The project's HTTP address, once it runs."""
    temporal_ui: str = ""

    @property
    def log(self) -> Path:
        """What `wistro dev` said."""
        return self.folder / "wistro.log"


def copy_project(source: Path, parts: Iterable[str], folder: Path) -> None:
    """Copy these parts of a project; what npm has installed is linked to."""
    for name in parts:
        part = source / name
        if name == "node_modules":
            (folder / name).symlink_to(part)
        elif part.is_dir():
            hidden = shutil.ignore_patterns("__pycache__")
            shutil.copytree(part, folder / name, ignore=hidden, dirs_exist_ok=True)
        elif part.exists():
            shutil.copy2(part, folder / name)


@contextlib.asynccontextmanager
async def running(
    project: Running, environment: Mapping[str, str]
) -> AsyncGenerator[Running, None]:
    """Start the project in its folder; stop it, and all that it started, whatever happens."""
    _keep_token(project)
    process = await asyncio.create_subprocess_exec(
        *wistro(project, "dev", "--port", "0", "--json"),
        env={
            **os.environ,
            **environment,
            "WISTRO_TOKEN": project.token,
            "PYTHONUNBUFFERED": "1",
        },
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        limit=2**24,  # one line has a whole message
        start_new_session=True,  # Ctrl-C is for the demo, which stops it in order
    )
    ready = asyncio.Event()
    reading = asyncio.create_task(_read(process, project, ready))
    try:
        await _wait_until(ready, reading, project)
        yield project
    finally:
        await _stop(process)
        await reading


def wistro(project: Running, *arguments: str) -> tuple[str, ...]:
    """The command line of a command for the project."""
    return (sys.executable, "-m", "wistro_cli", "-C", str(project.folder), *arguments)


def _keep_token(project: Running) -> None:
    """Leave the token where commands look for it, so that people can try some."""
    path = project.folder / ".wistro" / "token"
    path.parent.mkdir(mode=0o700)
    path.touch(mode=0o600)
    path.write_text(project.token + "\n")


async def _read(
    process: asyncio.subprocess.Process, project: Running, ready: asyncio.Event
) -> None:
    """Keep what it prints, so that its pipe never fills, and learn where it is."""
    assert process.stdout is not None
    with project.log.open("ab") as log:
        async for line in process.stdout:
            log.write(line)
            log.flush()
            if not ready.is_set() and b'"dev.running"' in line:
                told = json.loads(line)
                project.url = told["api"]
                project.temporal_ui = told["temporal_ui"] or told["temporal"]
                ready.set()


async def _wait_until(ready: asyncio.Event, reading: asyncio.Task[None], project: Running) -> None:
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait(
        (waiting, reading), timeout=START_PATIENCE, return_when=asyncio.FIRST_COMPLETED
    )
    if ready.is_set():
        return
    waiting.cancel()
    did = "ended" if reading.done() else f"was not ready in {START_PATIENCE:.0f} s"
    text = project.log.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL:]
    raise StartError("\n".join((f"`wistro dev` {did}; the end of what it said:", *text)))


async def _stop(process: asyncio.subprocess.Process) -> None:
    for number, patience in ((signal.SIGINT, 20), (signal.SIGTERM, 10), (signal.SIGKILL, 5)):
        if process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            # To the whole session at the end, as what started processes may be gone by then.
            (os.killpg if number is signal.SIGKILL else os.kill)(process.pid, number)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), patience)
