"""The one edge between `def` handlers, which run in threads, and the asynchronous core."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor as Pool
from functools import partial
from typing import Any


async def call_in_thread(pool: Pool, function: Callable[..., object], *arguments: object) -> object:
    """Call `function` in a thread, with the context variables of the caller.

    Cancelling the call does not stop the thread: nothing can. What it does then has no effect.
    """
    context = contextvars.copy_context()
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(pool, partial(context.run, function, *arguments))


def run_on_loop(work: Coroutine[Any, Any, object], loop: asyncio.AbstractEventLoop) -> object:
    """What `work` returns, once it has; for a thread that is not the loop's."""
    return asyncio.run_coroutine_threadsafe(work, loop).result()


class Blocking:
    """The methods of an asynchronous object, for a thread: each call waits for its result."""

    def __init__(
        self,
        target: object,
        check: Callable[[str], None],
        name: str,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        """Take the object, what refuses calls when they come too late, its name there, and its loop."""
        self._target = target
        self._check = check
        self._name = name
        self._loop = loop

    def __getattr__(self, name: str) -> Callable[..., object]:
        method: Callable[..., Coroutine[Any, Any, object]] = getattr(self._target, name)

        def call(*arguments: object, **options: object) -> object:
            self._check(f"{self._name}.{name}")
            return run_on_loop(method(*arguments, **options), self._loop)

        return call
