"""The processes of a measurement: started fresh, waited for, ended."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

_HERE = Path(__file__).parents[1]
_STOP_SECONDS = 20.0


@asynccontextmanager
async def python(
    *arguments: str, log: Path, env: Mapping[str, str] | None = None
) -> AsyncIterator[subprocess.Popen[bytes]]:
    """A Python process, as `running` has it."""
    environment = {"PYTHONPATH": _python_path(), **(env or {})}
    async with running(sys.executable, *arguments, log=log, env=environment) as process:
        yield process


@asynccontextmanager
async def running(
    *command: str, log: Path, env: Mapping[str, str] | None = None
) -> AsyncIterator[subprocess.Popen[bytes]]:
    """A process; what it prints goes to `log`. It is asked to end, and then made to."""
    with log.open("ab") as out:
        process = subprocess.Popen(  # noqa: ASYNC220 - it is ended by signals, and waited for in a thread
            command,
            cwd=_HERE,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            await asyncio.to_thread(process.wait, _STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            await asyncio.to_thread(process.wait)


async def until(
    ready: Callable[[], Awaitable[bool]],
    processes: Sequence[subprocess.Popen[bytes]],
    *,
    log: Path,
    patience: float = 60.0,
    pause: float = 0.02,
) -> None:
    """Wait until `ready`; say what a process printed when it ends before."""
    deadline = time.monotonic() + patience
    while not await ready():
        ended = [process for process in processes if process.poll() is not None]
        if ended or time.monotonic() > deadline:
            text = (await asyncio.to_thread(log.read_text, "utf-8", "replace"))[-4000:]
            what = "ended" if ended else f"was not ready within {patience:g} s"
            raise RuntimeError(f"a process {what}; its log ends with:\n{text}")
        await asyncio.sleep(pause)


async def answers(client: httpx.AsyncClient, url: str) -> bool:
    """Whether an HTTP server answers there."""
    try:
        return (await client.get(url)).status_code < 500
    except httpx.TransportError:
        return False


def _python_path() -> str:
    # As short as it is: each import that fails, which libraries do on the way, looks in every entry.
    given = os.environ.get("PYTHONPATH")
    return os.pathsep.join([str(_HERE), *([given] if given else [])])
