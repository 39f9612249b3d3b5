"""What the runs of a list wait for, in a sentence each: asked of the runs themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from wistro.errors import RunError
from wistro_triggers.management.site import View

if TYPE_CHECKING:
    from wistro.temporal.host.engine import Engine

MOST: Final = 50
"""For how many runs it can be asked at once."""
_AT_ONCE: Final = 8
_PATIENCE: Final = 2.0


class RunWait(View):
    """What a running run waits for."""

    flow: str
    run_id: str
    waiting_for: str | None = None
    """`step`, `operator`, `timer`, `join`, `person`, `message`, `call`; nothing when no worker answers."""
    why_waiting: str | None = None


class RunWaits(View):
    """What runs wait for; those that are not there are left out."""

    runs: list[RunWait]


async def waits_of(engine: Engine, runs: Sequence[tuple[str, str]]) -> RunWaits:
    """Asks each of the runs."""
    turn = asyncio.Semaphore(_AT_ONCE)

    async def ask(flow: str, run_id: str) -> RunWait:
        async with turn:
            try:
                async with asyncio.timeout(_PATIENCE):
                    told = await engine.snapshot(flow, run_id)
            except (RunError, TimeoutError):
                return RunWait(flow=flow, run_id=run_id)
        return RunWait(
            flow=flow, run_id=run_id, waiting_for=told.waiting_for, why_waiting=told.why_waiting
        )

    return RunWaits(runs=list(await asyncio.gather(*(ask(*each) for each in runs))))
