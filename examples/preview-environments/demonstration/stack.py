"""The surroundings of the demo: a fresh copy of the project under `wistro dev`, and a GitHub."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shutil
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from steps.environments.local_target import LocalTarget

from .script import REPOSITORY
from .stand_in import StandIn

PROJECT = Path(__file__).parents[1]
PARTS = ("wistro.yml", "wistro.yml.lock", "apps.yml", "steps", "previews")
START_PATIENCE = 60.0


class StackError(Exception):
    """The surroundings did not come up; the message has the last lines of the log."""


@dataclass
class Stack:
    """Everything that runs, and how to reach it."""

    folder: Path
    github: StandIn
    url: str
    log: Path
    webhook_secret: str = field(default_factory=secrets.token_hex)
    operator_token: str = field(default_factory=secrets.token_urlsafe)
    management_token: str = field(default_factory=secrets.token_urlsafe)

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
async def running(folder: Path) -> AsyncIterator[Stack]:
    """Start everything in `folder`; stop everything that was started, whatever happens."""
    for part in PARTS:
        source = PROJECT / part
        if source.is_dir():
            hidden = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, folder / part, ignore=hidden, dirs_exist_ok=True)
        elif source.exists():
            shutil.copy2(source, folder / part)
    port = _free_port()
    with StandIn(secrets.token_hex(), [REPOSITORY], outages=1) as github:
        stack = Stack(folder, github, f"http://127.0.0.1:{port}", folder / "wistro.log")
        command = (sys.executable, "-m", "wistro_cli", "dev", str(folder), "--port", str(port))
        with stack.log.open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *command,
                cwd=folder,
                env=stack.environment(),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the demo, which stops it in order
            )
        try:
            await _answers(stack, process)
            yield stack
        finally:
            await _stop(process)
            for server in stack.target.all():
                await stack.target.stop(server.environment)


async def _answers(stack: Stack, process: asyncio.subprocess.Process) -> None:
    deadline = time.monotonic() + START_PATIENCE
    async with httpx.AsyncClient(base_url=stack.url, trust_env=False) as http:
        while time.monotonic() < deadline:
            if process.returncode is not None:
                raise StackError(_tail(stack.log, f"`wistro dev` ended with {process.returncode}"))
            with contextlib.suppress(httpx.TransportError):
                if (await http.get("/_wistro/ready")).is_success:
                    return
            await asyncio.sleep(0.1)
    raise StackError(_tail(stack.log, f"`wistro dev` was not ready in {START_PATIENCE:.0f} s"))


async def _stop(process: asyncio.subprocess.Process) -> None:
    for number, patience in ((signal.SIGINT, 20), (signal.SIGTERM, 10), (signal.SIGKILL, 5)):
        if process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            # To the whole session at the end, as what started processes may be gone by then.
            (os.killpg if number is signal.SIGKILL else os.kill)(process.pid, number)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), patience)


def _tail(log: Path, said: str, lines: int = 30) -> str:
    text = log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]
    return "\n".join((f"{said}; the end of its log:", *text))


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
