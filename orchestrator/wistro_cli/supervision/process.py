"""One run of a process that is supervised."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self, cast

from wistro_cli.control import CONTROL_VARIABLE

_LONGEST_LINE = 1 << 20
_AFTERLIFE = 1.0
"""Seconds to wait for what a process has printed, once it is gone: its children may hold its pipes."""

Say = Callable[[str], None]
Hear = Callable[[Mapping[str, object]], None]


@dataclass(frozen=True, kw_only=True)
class Command:
    """What a process is started with."""

    arguments: tuple[str, ...]
    """The program and its arguments."""
    folder: Path | None = None
    """The working directory, where it is not ours."""
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    """What its environment has beyond ours."""

    @classmethod
    def wistro(cls, *arguments: str) -> Self:
        """A subcommand of `wistro` and its options."""
        # -P: a `json.py` in the project does not shadow the standard library's.
        return cls(
            arguments=(sys.executable, "-P", "-m", "wistro_cli", *arguments),
            env={"PYTHONUNBUFFERED": "1"},
        )


class Process:
    """A process in a session of its own, so that Ctrl-C in the terminal is ours to handle."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        control: asyncio.StreamWriter,
        reading: Sequence[asyncio.Task[None]],
    ) -> None:
        self._process = process
        self._control = control
        self._reading = reading

    @classmethod
    async def spawn(cls, command: Command, *, say: Say, hear: Hear) -> Self:
        """Start a process that speaks as `wistro_cli.control` says.

        Args:
            command: What to start, and how.
            say: Called with each line that it prints.
            hear: Called with what it tells on its control channel.
        """
        ours, theirs = socket.socketpair()
        try:
            process = await asyncio.create_subprocess_exec(
                *command.arguments,
                cwd=command.folder,
                env={**os.environ, **command.env, CONTROL_VARIABLE: str(theirs.fileno())},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
                limit=_LONGEST_LINE,
            )
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        ours.setblocking(False)
        assert process.stdout
        assert process.stderr
        channel, control = await asyncio.open_connection(sock=ours, limit=_LONGEST_LINE)
        reading = [
            asyncio.create_task(_each_line(process.stdout, say)),
            asyncio.create_task(_each_line(process.stderr, say)),
            asyncio.create_task(_each_line(channel, lambda line: hear(_parse(line)))),
        ]
        return cls(process, control, reading)

    async def wait(self) -> int:
        """Its exit code, once it has ended and everything it printed was said."""
        code = await self._process.wait()
        await asyncio.wait(self._reading, timeout=_AFTERLIFE)
        for task in self._reading:
            task.cancel()
        self._control.close()
        return code

    def ask_reload(self) -> None:
        """Ask it to read the lock again."""
        self._control.write(b'{"do": "reload"}\n')

    async def stop(self, patience: float) -> None:
        """Ask it to end; after `patience` seconds it is ended, with what it has started."""
        with suppress(ProcessLookupError):
            self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), patience)
        except TimeoutError:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        await self.wait()


async def _each_line(stream: asyncio.StreamReader, say: Say) -> None:
    while True:
        try:
            line = await stream.readline()
        except ValueError:
            say(f"(a line of more than {_LONGEST_LINE:,} bytes)")
            continue
        except ConnectionError:
            return
        if not line:
            return
        say(line.decode(errors="replace").rstrip())


def _parse(line: str) -> Mapping[str, object]:
    try:
        found = cast("object", json.loads(line))
    except ValueError:
        found = None
    return cast("Mapping[str, object]", found) if isinstance(found, dict) else {}
