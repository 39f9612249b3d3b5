"""Jobs of a test, one at a time; a handler that waits for a call lets the others go on meanwhile."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

Job: TypeAlias = "asyncio.Task[Any]"

_YIELDS = 50
"""Turns of the event loop in which a job that waits for several answers shows whether it goes on."""


class Turns:
    """Runs each job until it is done, or until it waits for what only other jobs can bring."""

    def __init__(self) -> None:
        self._over: dict[Job, asyncio.Event] = {}
        """Set when the turn of a job is over."""
        self._waiting = Counter[Job]()
        """How many answers each job waits for."""

    async def run(self, job: Callable[[], Awaitable[None]]) -> None:
        """Run a job for a turn; raises what it raises."""

        async def running() -> None:
            await job()

        await self._turn(asyncio.ensure_future(running()))

    async def wait(self, job: Job, answer: asyncio.Future[None]) -> None:
        """End the turn of the job that this is called in, until it is resumed."""
        self._waiting[job] += 1
        if (over := self._over.get(job)) is not None:
            over.set()
        try:
            await answer
        finally:
            self._waiting[job] -= 1

    async def resume(self, job: Job, answer: asyncio.Future[None]) -> None:
        """Give a job that waits for `answer` another turn."""
        if not job.done() and not answer.done():
            await self._turn(job, answer)

    async def _turn(self, job: Job, answer: asyncio.Future[None] | None = None) -> None:
        over = self._over[job] = asyncio.Event()
        job.add_done_callback(lambda _: over.set())
        if answer is not None:
            answer.set_result(None)
            for _ in range(_YIELDS):
                await asyncio.sleep(0)
            if self._waiting[job]:  # for another answer, or it has asked again
                over.set()
        await over.wait()
        if job.done():
            del self._over[job]
            self._waiting.pop(job, None)
            job.result()
