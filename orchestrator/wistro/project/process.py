"""Runs a command to its end, with all that it starts, and says how it ended."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_LOOK_EVERY = 0.1


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a process ended, and what it said."""

    code: int
    story: str
    """In words: `ended with the exit code 1`."""
    out: bytes
    last_words: str
    """The last line on its stderr."""


def run_to_end(command: Sequence[str], root: Path, limit: float, gone: Callable[[], bool]) -> Ended:
    """Run `command` in the folder `root`.

    Args:
        command: The program and its arguments.
        root: The working directory.
        limit: Seconds after which it is killed, with what it has started.
        gone: Whether nobody waits for it any more: then it is killed, too.
    """
    process = subprocess.Popen(
        command,
        cwd=root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        out, err, ended = _communicate(process, limit, gone)
    except BaseException:
        _kill_group(process.pid)
        process.wait()
        raise
    story = _story(process.returncode) if ended else f"was stopped after {limit:g} s"
    words = err.decode(errors="replace").strip().rpartition("\n")[2]
    return Ended(code=process.returncode, story=story, out=out, last_words=words)


def _communicate(
    process: subprocess.Popen[bytes], limit: float, gone: Callable[[], bool]
) -> tuple[bytes, bytes, bool]:
    """What it printed, and whether it ended by itself."""
    waited = 0.0
    while waited < limit and not gone():
        pause = min(_LOOK_EVERY, limit - waited)
        with suppress(subprocess.TimeoutExpired):
            return *process.communicate(timeout=pause), True
        waited += pause
    _kill_group(process.pid)
    return *process.communicate(), False


def _kill_group(pid: int) -> None:
    # What the process started has our pipes too: killing it alone would leave us waiting for its
    # children to close them.
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def _story(code: int) -> str:
    if code >= 0:
        return f"ended with the exit code {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"
