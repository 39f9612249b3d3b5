"""What is dear to find out, found out at most every so often however many ask."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Recent(Generic[T]):
    """A value that is at most some seconds old; those who ask at the same time share one look."""

    def __init__(self, look: Callable[[], Awaitable[T]], *, seconds: float) -> None:
        """Take what finds the value out, and how old it may become."""
        self._look = look
        self._seconds = seconds
        self._finding: asyncio.Task[T] | None = None
        self._fresh_until = 0.0

    async def get(self) -> T:
        """The value; what `look` raises is raised to all who asked for it."""
        finding = self._finding
        if finding is None or (finding.done() and self._is_old(finding)):
            finding = self._finding = asyncio.create_task(self._find())
        # Whoever goes away takes nothing from the others.
        return await asyncio.shield(finding)

    async def _find(self) -> T:
        value = await self._look()
        self._fresh_until = asyncio.get_running_loop().time() + self._seconds
        return value

    def _is_old(self, finding: asyncio.Task[T]) -> bool:
        failed = finding.cancelled() or finding.exception() is not None
        return failed or asyncio.get_running_loop().time() >= self._fresh_until
