"""The command line as its users have it: a process with arguments, output and an exit code."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

WISTRO = (sys.executable, "-m", "wistro_cli")
PATIENCE = 60.0


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """The document that it printed."""
        return json.loads(self.out)

    def ok(self) -> Ended:
        """Itself, if it went well."""
        assert self.code == 0, f"exit code {self.code}\n{self.out}\n{self.err}"
        return self


def wistro(
    *arguments: str,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    stdin: str = "",
    timeout: float = PATIENCE,
) -> Ended:
    """Run `wistro` to its end."""
    done = subprocess.run(
        [*WISTRO, *arguments],
        cwd=cwd,
        env={**os.environ, "NO_COLOR": "1", **(env or {})},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Ended(code=done.returncode, out=done.stdout, err=done.stderr)


class Running:
    """A command that goes on: what it prints, and how it ends."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []
        self.errors: list[str] = []
        self._readers = [
            threading.Thread(target=self._read, args=(process.stdout, self.lines), daemon=True),
            threading.Thread(target=self._read, args=(process.stderr, self.errors), daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    def _read(self, stream: Any, into: list[str]) -> None:
        into.extend(line.rstrip("\n") for line in stream)

    def documents(self) -> list[dict[str, Any]]:
        """The JSON lines on its stdout so far."""
        return [json.loads(line) for line in list(self.lines)]

    def wait_for(
        self, kind: str, *, since: int = 0, timeout: float = PATIENCE, **fields: object
    ) -> dict[str, Any]:
        """The first JSON line from the `since`th on of this kind and with these fields."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            found = (document for document in self.documents()[since:] if document["kind"] == kind)
            match = next((each for each in found if fields.items() <= each.items()), None)
            if match:
                return match
            assert self.process.poll() is None, f"it has ended\n{self.story()}"
            time.sleep(0.05)
        raise AssertionError(f"no `{kind}` {fields} within {timeout:g} s\n{self.story()}")

    def wait_for_line(self, part: str, *, timeout: float = PATIENCE) -> str:
        """The first line on either stream with `part` in it."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            for line in [*self.lines, *self.errors]:
                if part in line:
                    return line
            assert self.process.poll() is None, f"it has ended\n{self.story()}"
            time.sleep(0.05)
        raise AssertionError(f"no line with `{part}` within {timeout:g} s\n{self.story()}")

    def mark(self) -> int:
        """How many lines there are on stdout so far, for `since`."""
        return len(self.lines)

    def stop(self, number: signal.Signals = signal.SIGINT, timeout: float = 30) -> int:
        """Send a signal; its exit code."""
        self.process.send_signal(number)
        code = self.process.wait(timeout)
        self.close()
        return code

    def close(self) -> None:
        """Let go of its pipes, once it has ended."""
        for reader in self._readers:
            reader.join(5)
        for stream in (self.process.stdout, self.process.stderr):
            if stream:
                stream.close()

    def story(self) -> str:
        """Everything it printed."""
        return "\n".join(["stdout:", *self.lines[-80:], "stderr:", *self.errors[-80:]])

    def children(self) -> list[psutil.Process]:
        """Its processes, and theirs."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def child(self, part: str) -> psutil.Process:
        """The process of ours with `part` among its arguments."""
        return next(child for child in self.children() if part in arguments_of(child))


def arguments_of(process: psutil.Process) -> list[str]:
    """Its command line; nothing once it has ended."""
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []


@contextmanager
def running(*arguments: str, cwd: Path, env: Mapping[str, str] | None = None) -> Generator[Running]:
    """Run `wistro` while the context is open; nothing is left of it afterwards."""
    process = subprocess.Popen(
        [*WISTRO, *arguments],
        cwd=cwd,
        env={**os.environ, "NO_COLOR": "1", **(env or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # As a terminal starts it: a shell without job control lets what it runs in the background
        # ignore SIGINT, and that is inherited.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )
    command = Running(process)
    try:
        yield command
    finally:
        if process.poll() is None:
            left = command.children()
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                for child in [*left, psutil.Process(process.pid)]:
                    child.kill()
                process.wait()
        command.close()


def post(url: str, body: object, **headers: str) -> httpx.Response:
    """Post JSON."""
    return httpx.post(url, json=body, headers=headers, timeout=30)
