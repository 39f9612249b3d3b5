"""The Temporal server of `wistro dev`: one that is configured, or one of its own, kept running."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from wistro.errors import SetupError
from wistro.temporal.host.devserver import DevServer, free_port
from wistro.temporal.host.serverbinary import ServerAddress, configured_server, find_binary
from wistro_cli.dev.screen import Screen
from wistro_cli.hosting.pauses import pauses

_LOOK_EVERY = 0.5


@dataclass
class LocalTemporal:
    """Where Temporal is, known before it runs; and the server behind that, if it is ours."""

    address: ServerAddress
    server: DevServer | None
    ui_port: int | None
    _root: Path
    _screen: Screen

    @classmethod
    def of(cls, root: Path, screen: Screen, *, codec_endpoint: str) -> LocalTemporal:
        """The configured server; without one, a server of ours on free ports, not yet started."""
        configured = configured_server()
        if configured is not None:
            return cls(configured, None, None, root, screen)
        port, ui_port = free_port(), free_port()
        server = DevServer(
            binary=Path("temporal"),
            folder=root / ".wistro",
            port=port,
            ui_port=ui_port,
            codec_endpoint=codec_endpoint,
        )
        address = ServerAddress(address=server.address, namespace=server.namespace)
        return cls(address, server, ui_port, root, screen)

    @property
    def ui_url(self) -> str | None:
        """Where its web UI is; we do not know that of a server that is not ours."""
        return f"http://localhost:{self.ui_port}" if self.ui_port else None

    @property
    def ui_origins(self) -> tuple[str, ...]:
        """The origins that browsers may know its web UI by."""
        hosts = ("localhost", "127.0.0.1")
        return tuple(f"http://{host}:{self.ui_port}" for host in hosts) if self.ui_port else ()

    async def start(self) -> None:
        """Find or install a server and start it, unless there is one already.

        Raises:
            SetupError: there is none, or it does not start.
        """
        if self.server is None:
            return
        loop = asyncio.get_running_loop()

        def progress(line: str) -> None:
            loop.call_soon_threadsafe(self._screen.note, f"Temporal server: {line}")

        binary = await asyncio.to_thread(find_binary, self._root, progress=progress)
        self.server.binary = binary.path
        await self.server.start()

    async def keep(self) -> None:
        """Start it again whenever it ends by itself, on the same ports and with the same data."""
        if self.server is None:
            return
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            if self.server.pid is None:
                await self._restart(self.server)

    async def _restart(self, server: DevServer) -> None:
        await server.stop()  # lets go of the lock on its database
        for pause in pauses(0.5):
            self._screen.crashed("Temporal server", 1, pause)
            await asyncio.sleep(pause)
            try:
                await server.start()
            except SetupError as error:
                self._screen.error(error.message, error.hint)
                continue
            return

    async def stop(self) -> None:
        """Stop it, if it is ours."""
        if self.server is not None:
            await self.server.stop()
