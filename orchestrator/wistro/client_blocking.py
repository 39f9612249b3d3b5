"""The client for programs without an event loop: one adaptor, which waits in the caller's thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, cast

if TYPE_CHECKING:
    from wistro.client import CallResult, Client


class BlockingClient(Protocol):
    """`Client` for programs without an event loop; see `Client.blocking`."""

    call: Callable[..., CallResult]
    """See `Client.call`."""
    fetch: Callable[..., CallResult]
    """See `Client.fetch`."""
    follow: Callable[..., Generator[Any]]
    """See `Client.follow`."""


@contextmanager
def blocking(make: Callable[[], Client]) -> Generator[BlockingClient]:
    """A client on an event loop of its own, in a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="wistro-client", daemon=True)
    thread.start()
    client = make()
    try:
        yield cast("BlockingClient", _Blocking(client, loop))
    finally:
        asyncio.run_coroutine_threadsafe(client.close(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


class _Blocking:
    """The methods of a client; each waits for its result."""

    def __init__(self, client: Client, loop: asyncio.AbstractEventLoop) -> None:
        self._client = client
        self._loop = loop

    def __getattr__(self, name: str) -> Callable[..., object]:
        method = getattr(self._client, name)

        def call(*arguments: object, **options: object) -> object:
            begun = method(*arguments, **options)
            if isinstance(begun, AsyncGenerator):
                return self._each(cast("AsyncGenerator[object, None]", begun))
            return self._wait(begun)

        return call

    def _each(self, values: AsyncGenerator[object, None]) -> Generator[object]:
        try:
            while True:
                try:
                    yield self._wait(anext(values))
                except StopAsyncIteration:
                    return
        finally:
            self._wait(values.aclose())

    def _wait(self, work: Awaitable[object]) -> object:
        async def awaited() -> object:
            return await work

        return asyncio.run_coroutine_threadsafe(awaited(), self._loop).result()
