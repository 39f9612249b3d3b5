"""One `wistro dev` at a time for a project."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from wistro.errors import SetupError
from wistro_cli.folder import RUNTIME


@contextmanager
def alone(root: Path) -> Generator[None]:
    """Nobody else runs `wistro dev` in this project while the context is open.

    Raises:
        SetupError: somebody does.
    """
    path = root / RUNTIME / "dev.pid"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        try:
            # Freed by the kernel when the process ends, however it ends.
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise SetupError(
                f"`wistro dev` runs already in `{root}` (process {file.read().strip() or 'unknown'})",
                code="already_running",
                hint="stop it first; one is enough for any number of flows",
            ) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield
