"""Taking turns: A B A B, so that what else the machine does meets both sides alike."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from bench.figures import Series

PATIENCE = 120.0

Action = Callable[[], Awaitable[object]]


async def timed(action: Action, *, patience: float = PATIENCE) -> float:
    """How many seconds `action` takes."""
    begun = time.perf_counter()
    await asyncio.wait_for(action(), patience)
    return time.perf_counter() - begun


async def in_turns(
    *actions: Action, rounds: int, each: int = 1, warm_up: int = 1, patience: float = PATIENCE
) -> tuple[Series, ...]:
    """Time the actions in turns.

    Args:
        actions: What to time.
        rounds: How many turns each gets.
        each: How often an action is done in one turn.
        warm_up: How often each is done before, untimed.
        patience: Seconds after which one is given up.
    """
    for action in actions:
        for _ in range(warm_up):
            await asyncio.wait_for(action(), patience)
    series = tuple(Series() for _ in actions)
    for _ in range(rounds):
        for one, action in zip(series, actions, strict=True):
            one.open_round()
            for _ in range(each):
                one.add(await timed(action, patience=patience))
    return series
