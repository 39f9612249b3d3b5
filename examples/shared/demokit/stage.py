"""Where a demo is played: its folder, its packages, its output and its end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import tempfile
from collections.abc import Awaitable, Callable, Generator
from pathlib import Path

from rich.console import Console

from .project import StartError

WIDE = 140
"""Columns of a pipe."""


def play(main: Callable[[Console], Awaitable[int]], *troubles: type[Exception]) -> int:
    """`main`, ended by Ctrl-C or SIGTERM in order, without a stack trace for what is no bug.

    Args:
        main: The demo; returns the code to exit with.
        troubles: What it raises that is no bug, besides `StartError`.
    """
    out = console()

    async def interruptible() -> int:
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        assert task is not None

        def end() -> None:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, lambda: None)  # once is enough: it takes a moment
            task.cancel()

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, end)
        return await main(out)

    try:
        return asyncio.run(interruptible())
    except asyncio.CancelledError:
        return 130
    except (StartError, *troubles) as error:
        out.print(f"error: {error}", style="red", highlight=False, markup=False)
        return 1


def console() -> Console:
    """Where a demo writes."""
    plain = Console()
    return plain if plain.is_terminal else Console(width=WIDE)


def keeps() -> bool:
    """Whether it stays up at the end, until Ctrl-C."""
    return os.environ.get("KEEP", "") not in ("", "0")


@contextlib.contextmanager
def folder(prefix: str) -> Generator[Path, None, None]:
    """A temporary folder, or the one that `KEEP` names, which stays.

    Raises:
        StartError: there is something in it.
    """
    keep = os.environ.get("KEEP", "")
    if keep not in ("", "0", "1"):
        yield _fresh(Path(keep))
        return
    with tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True) as temporary:
        yield Path(temporary)


def npm_install(project: Path, *, has: str, why: str) -> None:
    """Install a project's npm packages, unless `has` is there.

    Raises:
        StartError: that failed.
    """
    if (project / has).exists():
        return
    command = ("npm", "ci", "--silent", "--no-audit", "--no-fund")
    try:
        subprocess.run(command, cwd=project, check=True)
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        raise StartError(
            f"{why} could not be installed: {error}\n"
            "hint: install Node.js, which brings npm, and see that it reaches its registry"
        ) from error


def _fresh(folder: Path) -> Path:
    if folder.exists() and any(folder.iterdir()):
        raise StartError(
            f"`{folder}` was expected to be empty, found what may be an earlier demo\n"
            "hint: name another folder in `KEEP`"
        )
    folder.mkdir(parents=True, exist_ok=True)
    return folder.resolve()
