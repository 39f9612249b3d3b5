"""What Wistro keeps for all projects of a user: servers and workers that it has installed."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

Progress: TypeAlias = Callable[[str], None]
"""Told, in a line each, what takes its time."""


def cache_folder(env: Mapping[str, str] | None = None) -> Path:
    """Where it is kept."""
    environment = os.environ if env is None else env
    base = environment.get("XDG_CACHE_HOME") or Path(environment.get("HOME") or "~") / ".cache"
    return Path(base).expanduser() / "wistro"


def silent(line: str) -> None:
    """Progress that nobody follows."""


@contextmanager
def one_at_a_time(lock: Path, waiting: str, say: Progress = silent) -> Generator[None]:
    """Nobody else does the same while the context is open, of all processes that use `lock`.

    Args:
        lock: A file; its folder is made.
        waiting: What to say when another process has to be waited for.
        say: Who is told.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(waiting)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
