"""Where workflow code runs: on the event loop, instead of in a thread for each activation."""

from __future__ import annotations

from asyncio import events
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class OnTheLoop(ThreadPoolExecutor):
    """Runs what it is given at once, where it was given. It never starts a thread.

    An activation of a run takes some 0.2 ms of pure Python. Handing it to a thread and back costs as
    much again, and the threads share one interpreter lock anyway. The price is the SDK's deadlock
    detection, which watches that thread: the machine is ours, does no I/O and is bounded.
    `docs/decisions/0005-activations-on-the-loop.md` has the figures.
    """

    def __init__(self) -> None:
        super().__init__(max_workers=1)

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run `fn` now; the future is done when this returns."""
        future = Future[T]()
        loop = events.get_running_loop()
        try:
            future.set_result(copy_context().run(fn, *args, **kwargs))
        except BaseException as error:  # noqa: BLE001 a future carries whatever was raised
            future.set_exception(error)
        finally:
            # A workflow is an event loop of its own: it leaves none behind in the thread.
            events._set_running_loop(loop)
        return future
