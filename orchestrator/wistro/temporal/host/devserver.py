"""A Temporal development server as a child process."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

from wistro.errors import SetupError
from wistro.temporal.host.doctor import Check, doctor_checks
from wistro.temporal.host.serverbinary import (
    ServerAddress,
    ServerBinary,
    find_binary,
    find_server,
)
from wistro.temporal.host.serverlock import ServerLock
from wistro.temporal.host.tuning import tuned_arguments

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

__all__ = [
    "Check",
    "DevServer",
    "ServerAddress",
    "ServerBinary",
    "doctor_checks",
    "find_binary",
    "find_server",
    "free_port",
]

LOOPBACK: Final = "127.0.0.1"
_TAIL_LINES = 15
_TRIES: Final = 3
_DATABASE_TROUBLE: Final = ("not a database", "malformed", "schema version")
_LAUNCHER: Final = (
    # The server should not outlive a process that was killed: PR_SET_PDEATHSIG, SIGTERM. The kernel
    # goes by the thread that starts it, so a server is started from a thread that lives on.
    sys.executable,
    "-ISc",
    "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 15); os.execv(sys.argv[1], sys.argv[1:])",
)


def free_port() -> int:
    """A port on the loopback interface that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


@dataclass(kw_only=True)
class DevServer:
    """A development server with the tuned settings; an async context manager.

    It runs in a process group of its own, so that Ctrl-C lets its users finish first.

    Raises:
        SetupError: on entering, when it cannot start; the message ends with its log's last lines.
    """

    binary: Path
    folder: Path
    """Where its log is, and its database unless `in_memory`: a project's `.wistro`."""
    in_memory: bool = False
    port: int | None = None
    """Of the gRPC frontend; a free one when not given, kept over restarts."""
    ui_port: int | None = None
    ui: bool = True
    codec_endpoint: str | None = None
    """The codec server that the web UI decodes payloads with."""
    namespace: str = "default"
    start_seconds: float = 60.0
    stop_seconds: float = 10.0
    extra_arguments: tuple[str, ...] = ()
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False, repr=False)
    _lock: ServerLock | None = field(default=None, init=False, repr=False)

    @property
    def address(self) -> str:
        """Host and port of the gRPC frontend; known once started."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def ui_url(self) -> str | None:
        """The address of the web UI, if it has one."""
        return f"http://{LOOPBACK}:{self.ui_port}" if self.ui else None

    @property
    def database(self) -> Path | None:
        """The database file, unless the server keeps everything in memory."""
        return None if self.in_memory else self.folder / "temporal.db"

    @property
    def log(self) -> Path:
        """The file with what the server prints."""
        return self.folder / "temporal.log"

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        running = self._process is not None and self._process.poll() is None
        return self._process.pid if self._process and running else None

    async def __aenter__(self) -> Self:
        """Starts it and waits until it answers."""
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stops it."""
        await self.stop()

    async def start(self) -> None:
        """Starts it and waits until it answers; on the same ports when it ran before."""
        chosen = self.port, self.ui_port
        for port in chosen if self.ui else chosen[:1]:
            if port:
                _expect_free(port)
        self.folder.mkdir(parents=True, exist_ok=True)
        for tries_left in reversed(range(_TRIES)):
            self.port = chosen[0] or free_port()
            self.ui_port = chosen[1] or (free_port() if self.ui else None)
            try:
                await self._start()
            except SetupError as error:
                # A port that was free a moment ago; those it listens on for itself it chooses likewise.
                if not tries_left or error.code != "port_in_use":
                    raise
            else:
                return

    async def _start(self) -> None:
        if self.database:
            # Two servers on one database file destroy it.
            self._lock = await asyncio.to_thread(ServerLock.take, self.folder / "temporal.lock")
        try:
            self._process = self._spawn()
            if self._lock:
                self._lock.hand_over(self._process.pid)
            await asyncio.wait_for(self._answers(self._process), self.start_seconds)
        except TimeoutError as error:
            await self.stop()
            raise self._failed(f"did not answer within {self.start_seconds:g} seconds") from error
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Asks it to stop, waits `stop_seconds`, then kills it. Does nothing if it is not running."""
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            process.terminate()
            try:
                await asyncio.to_thread(process.wait, self.stop_seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                await asyncio.to_thread(process.wait)
        if self._lock:
            self._lock.release()
            self._lock = None

    async def kill(self) -> None:
        """Ends it as a crash would. `start` brings it back with its database and ports."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            await asyncio.to_thread(self._process.wait)
        await self.stop()

    def _spawn(self) -> subprocess.Popen[bytes]:
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("wb") as log:
            return subprocess.Popen(
                self._command(),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=self._lock.inherited if self._lock else (),
            )

    def _command(self) -> list[str]:
        command = [str(self.binary.absolute()), "server", "start-dev"]
        command += ["--ip", LOOPBACK, "--port", str(self.port), "--namespace", self.namespace]
        command += ["--log-level", "warn", *tuned_arguments(persistent=not self.in_memory)]
        if self.database:
            command += ["--db-filename", str(self.database.absolute())]
        if self.ui:
            command += ["--ui-port", str(self.ui_port)]
            if self.codec_endpoint:
                command += ["--ui-codec-endpoint", self.codec_endpoint]
        else:
            command.append("--headless")
        command += self.extra_arguments
        return [*_LAUNCHER, *command] if sys.platform == "linux" else command

    async def _answers(self, process: subprocess.Popen[bytes]) -> None:
        """Returns once the namespace can be described; raises when the process has ended."""
        while not _listens(self.port):
            if process.poll() is not None:
                raise self._failed(f"ended with exit code {process.returncode}")
            await asyncio.sleep(0.05)
        request = DescribeNamespaceRequest(namespace=self.namespace)
        while True:
            with suppress(RuntimeError, RPCError):
                client = await Client.connect(self.address, namespace=self.namespace)
                await client.workflow_service.describe_namespace(request)
                return
            if process.poll() is not None:
                raise self._failed(f"ended with exit code {process.returncode}")
            await asyncio.sleep(0.1)

    def _failed(self, what: str) -> SetupError:
        text = self.log.read_text("utf-8", "replace") if self.log.exists() else ""
        tail = "\n".join(f"  {line}" for line in text.splitlines()[-_TAIL_LINES:])
        code, hint = "temporal_not_started", f"see `{self.log}`"
        if "address already in use" in text:
            code = "port_in_use"
            hint = "another process took the port; start again, or choose other ports"
        elif self.database and any(word in text for word in _DATABASE_TROUBLE):
            hint = (
                f"`{self.database}` is damaged or of another version; move it away to start empty"
            )
        return SetupError(
            f"the Temporal server `{self.binary}` {what}:\n{tail or '  (it printed nothing)'}",
            code=code,
            hint=hint,
        )


def _listens(port: int | None) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((LOOPBACK, port or 0)) == 0


def _expect_free(port: int) -> None:
    # A server that was killed leaves connections in TIME_WAIT: only a listener counts as a user.
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise SetupError(
                f"port `{port}` is in use: expected a free port for the Temporal server",
                code="port_in_use",
                hint="stop the process that listens on it, or choose another port",
            ) from error
