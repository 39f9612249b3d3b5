"""Serving the application over HTTP, from bind to graceful stop."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import structlog
import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp

from wistro.errors import SetupError
from wistro_triggers.listeners import ForAudience

log = structlog.stdlib.get_logger("wistro.http")

MAX_CLIENT_MESSAGE = 64 * 1024
"""The bound on what a client of streams may send at once, in bytes."""
_KEEP_ALIVE = 75
"""Seconds that an idle connection stays: longer than clients and proxies keep theirs, which is up to 60.

Whoever closes first must be the client: a request that crosses with the server's end of a connection is lost.
"""


async def serve(
    app: FastAPI,
    *,
    host: str = "127.0.0.1",
    port: int = 3000,
    internal: tuple[str, int] | None = None,
    stop: asyncio.Event,
    on_ready: Callable[[str], None] | None = None,
    grace: float = 10.0,
) -> None:
    """Serve `app` until `stop` is set; then finish what is under way, for at most `grace` seconds.

    Args:
        app: What `create_app` made.
        host: The address to listen on.
        port: The port to listen on; 0 takes a free one.
        internal: Address and port of a second listener; what belongs to the project is there only.
        stop: Set by whoever handles the process's signals.
        on_ready: Called with the base URL once requests are accepted: that of the internal listener,
            when there is one.
        grace: Seconds that requests under way get to finish, on each listener.

    Raises:
        SetupError: The address cannot be listened on; says why, and how to choose another.
    """
    listener, inner = _bind_both((host, port), internal)
    awaited = 1 if inner is None else 2

    def started() -> None:
        nonlocal awaited
        awaited -= 1
        if awaited:
            return
        if inner is not None:
            log.info("serving the public", url=base_url(listener))
        if on_ready is not None:
            on_ready(base_url(inner or listener))

    async with AsyncExitStack() as stack:
        # The one that is entered last stops first: callers wait for handlers, whose API is internal.
        if inner is None:
            serving = [await stack.enter_async_context(_serving(app, listener, started, grace))]
        else:
            trusted, public = ForAudience(app, "internal"), ForAudience(app, "public")
            serving = [
                await stack.enter_async_context(_serving(trusted, inner, started, grace)),
                await stack.enter_async_context(
                    _serving(public, listener, started, grace, lifespan=False)
                ),
            ]
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({*serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            endless: Sequence[Callable[[], None]] = app.state.endless
            for close in endless:  # they would never end by themselves
                close()


@asynccontextmanager
async def _serving(
    app: ASGIApp,
    listener: socket.socket,
    started: Callable[[], None],
    grace: float,
    *,
    lifespan: bool = True,
) -> AsyncGenerator[asyncio.Task[None]]:
    """Serve on one listener while the context is open."""
    config = uvicorn.Config(
        app,
        log_config=None,
        # Below that it logs the address of every WebSocket, tokens included.
        log_level="warning",
        access_log=False,
        ws_max_size=MAX_CLIENT_MESSAGE,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=int(grace),
        lifespan="on" if lifespan else "off",
    )
    server = _Server(config, started)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield task
    finally:
        server.should_exit = True
        await task


def _bind_both(
    public: tuple[str, int], internal: tuple[str, int] | None
) -> tuple[socket.socket, socket.socket | None]:
    listener = bind(*public)
    try:
        return listener, bind(*internal, option="--internal-port") if internal else None
    except SetupError:
        listener.close()
        raise


def bind(host: str, port: int, *, option: str = "--port") -> socket.socket:
    """Listen on an address; `option` is what another port is chosen with.

    Raises:
        SetupError: Somebody else does already, or it is not ours to listen on.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named: asyncio turns Nagle's algorithm off only for sockets that say they are
    # TCP, and with it on each answer on a kept connection takes 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise _refused(host, port, error, option) from None
    listener.set_inheritable(True)
    return listener


def base_url(listener: socket.socket) -> str:
    """The URL at which a listening socket is reached from this machine."""
    name: tuple[str, int] = listener.getsockname()[:2]
    host, port = name
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - reading, not binding
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _refused(host: str, port: int, error: OSError, option: str) -> SetupError:
    if error.errno == errno.EADDRINUSE:
        return SetupError(
            f"The port `{port}` on `{host}` is in use by another process.",
            code="port_in_use",
            hint=f"stop that process, or choose another port: `{option} {port + 1}` (0 takes a free one).",
        )
    return SetupError(
        f"The address `{host}:{port}` cannot be listened on: {error.strerror}.",
        code="address_unusable",
        hint=f"choose an address of this machine, and a port above 1023 with `{option}`.",
    )


class _Server(uvicorn.Server):
    """A uvicorn server that says when it is ready and leaves signals to the process that hosts it."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield
