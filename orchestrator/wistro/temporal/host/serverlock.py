"""Keeps two development servers from using one database file."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from wistro.errors import SetupError

if TYPE_CHECKING:
    from pathlib import Path

_ORPHAN_SECONDS = 15


@dataclass
class ServerLock:
    """Two locks on files beside the database, freed by the kernel when their holders end.

    `<name>` is held by the server process (inherited from us), `<name>.owner` by the process that
    started it. If the owner is gone and the server is not, the server is an orphan and is ended.
    """

    _path: Path
    _server: IO[str] | None
    _owner: IO[str]

    @classmethod
    def take(cls, path: Path) -> ServerLock:
        """Takes both locks.

        Raises:
            SetupError: another process uses the database.
        """
        owner = _try_lock(path.with_name(path.name + ".owner"))
        if owner is None:
            raise _in_use(path)
        server = _try_lock(path)
        if server is None:
            _end_orphan(path)
            server = _wait_for(path)
        if server is None:
            owner.close()
            raise _in_use(path)
        return cls(path, server, owner)

    @property
    def inherited(self) -> tuple[int, ...]:
        """The file descriptors that the server process must inherit."""
        return (self._server.fileno(),) if self._server else ()

    def hand_over(self, pid: int) -> None:
        """Leaves the server's lock to the process that inherited it."""
        self._path.write_text(json.dumps({"pid": pid}), encoding="utf-8")
        if self._server:
            self._server.close()
            self._server = None

    def release(self) -> None:
        """Frees what this process holds."""
        if self._server:
            self._server.close()
        self._owner.close()


def _try_lock(path: Path) -> IO[str] | None:
    file = path.open("a+", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


def _wait_for(path: Path) -> IO[str] | None:
    deadline = time.monotonic() + _ORPHAN_SECONDS
    while time.monotonic() < deadline:
        file = _try_lock(path)
        if file:
            return file
        time.sleep(0.05)
    return None


def _holder(path: Path) -> int | None:
    with suppress(OSError, ValueError, KeyError, TypeError):
        return int(json.loads(path.read_text("utf-8"))["pid"])
    return None


def _end_orphan(path: Path) -> None:
    pid = _holder(path)
    if pid:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGTERM)


def _in_use(path: Path) -> SetupError:
    pid = _holder(path)
    return SetupError(
        f"`{path.parent}` is used by another Temporal server"
        + (f" (process {pid})" if pid else "")
        + ": expected to be the only one",
        code="temporal_database_in_use",
        hint="stop the other `wistro dev` of this project first",
    )
