"""Environments as small servers on this machine, so that a preview's address really answers."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import secrets
import signal
import sys
from pathlib import Path

import httpx
from pydantic import BaseModel, ValidationError

from previews.model import Environment

from .target import DeployError

SERVER = Path(__file__).with_name("server.py")
PATIENCE = 5.0
"""Seconds that a server gets to start, and to stop when asked, before it is killed."""


class Process(BaseModel):
    """What a server wrote about itself."""

    environment: str
    revision: int
    token: str
    pid: int
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


class LocalTarget:
    """Runs each environment as one process, known by a file in `folder` that it keeps locked.

    The lock says whether the process lives, whatever else happened to the machine or the worker, so
    that no number of retries starts a second one and no process of anybody else is ever killed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def start(self, environment: Environment) -> str:
        """See `DeployTarget.start`."""
        found = self.find(environment.id)
        if found is not None and found.revision < environment.revision:
            await self.stop(environment.id)
        process = await self._launch(environment)
        if process.revision != environment.revision:
            raise DeployError(
                f"`{environment.id}` was expected to run revision {environment.revision},"
                f" found revision {process.revision}"
            )
        return process.url

    async def stop(self, environment_id: str) -> None:
        """See `DeployTarget.stop`."""
        process = self.find(environment_id)
        if process is None:
            return
        async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as client:
            # What fails here shows in whether the process is gone.
            with contextlib.suppress(httpx.HTTPError):
                bearer = {"Authorization": f"Bearer {process.token}"}
                await client.post(f"{process.url}/stop", headers=bearer)
        if await self._gone(process):
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)  # it holds the lock, so the pid is its own
        if not await self._gone(process):
            raise DeployError(f"`{environment_id}` does not stop: process {process.pid}")

    def find(self, environment_id: str) -> Process | None:
        """The living process of an environment."""
        try:
            with self._file(environment_id).open("rb") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except BlockingIOError:
                    return Process.model_validate_json(file.read())
        except FileNotFoundError:
            return None
        except ValidationError as error:
            # It has the lock and has not written yet, or is about to end: a moment decides.
            raise DeployError(f"`{environment_id}` is just starting or stopping") from error
        return None

    def all(self) -> list[Process]:
        """Every living process of this target."""
        found = (self.find(file.stem) for file in sorted(self.folder.glob("*.lock")))
        return [process for process in found if process is not None]

    def _file(self, environment_id: str) -> Path:
        return self.folder / f"{environment_id}.lock"

    async def _launch(self, environment: Environment) -> Process:
        self.folder.mkdir(parents=True, exist_ok=True)
        specification = Specification(
            environment=environment.id,
            app=environment.app,
            branch=environment.branch,
            type=environment.type,
            commit=environment.commit,
            revision=environment.revision,
            token=secrets.token_urlsafe(24),
        )
        command = (sys.executable, "-I", "-S", str(SERVER), str(self._file(environment.id)))
        launcher = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        try:
            # The token goes through a pipe: a command line is for everybody to read.
            printed, _ = await asyncio.wait_for(
                launcher.communicate(specification.model_dump_json().encode()), PATIENCE
            )
            return Process.model_validate_json(printed)
        except TimeoutError:
            launcher.kill()
            await launcher.wait()
            raise DeployError(f"`{environment.id}` did not start in {PATIENCE:.0f} s") from None
        except ValidationError as error:
            raise DeployError(f"`{environment.id}` did not start") from error

    async def _gone(self, process: Process) -> bool:
        for _ in range(100):
            try:
                if self.find(process.environment) != process:
                    return True
            except DeployError:
                pass
            await asyncio.sleep(PATIENCE / 100)
        return False


class Specification(BaseModel):
    """What a server is told about itself, and shows to whoever asks, except for the token."""

    environment: str
    app: str
    branch: str
    type: str
    commit: str
    revision: int
    token: str
