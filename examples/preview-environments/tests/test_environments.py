"""Deliveries that change one environment at the same time, some of which die and are retried."""

from __future__ import annotations

import asyncio
import random

import pytest
from wistro import Retryable, State, Terminal
from wistro.stores.memory import MemoryState
from wistro.testing.context import FakeContext

from previews.model import Environment, environment_id
from steps.environments.environments import GROUP, Environments, Outcome

from .makers import wanted


class Crash(Exception):
    """The worker dies here."""


class ShakyTarget:
    """Keeps processes in a table, takes its time, and dies at times before or after its work."""

    def __init__(self, random: random.Random, *, shaky: bool = True) -> None:
        self.processes: dict[str, int] = {}
        self._random = random
        self._shaky = shaky

    async def start(self, environment: Environment) -> str:
        await self._pause()
        found = self.processes.get(environment.id, 0)
        self.processes[environment.id] = max(found, environment.revision)
        await self._pause()
        return "http://127.0.0.1:1"

    async def stop(self, environment_id: str) -> None:
        await self._pause()
        self.processes.pop(environment_id, None)
        await self._pause()

    async def _pause(self) -> None:
        for _ in range(self._random.randrange(5)):
            await asyncio.sleep(0)
        if self._shaky and self._random.random() < 0.15:
            raise Crash


def environments(state: State, target: ShakyTarget, by: str) -> Environments:
    ctx = FakeContext(run_id=by)
    ctx.state = state
    return Environments(ctx, target)


async def deliver(state: State, target: ShakyTarget, kind: str, by: str) -> Outcome:
    """One delivery, retried until it succeeds, as the engine does it."""
    victim = environment_id(wanted(), 1)
    while True:
        mine = environments(state, target, by)
        try:
            match kind:
                case "create":
                    return await mine.create(wanted())
                case "restart":
                    return await mine.restart(victim, by)
                case _:
                    return await mine.stop(victim, "closed")
        except (Crash, Retryable):
            await asyncio.sleep(0)


@pytest.mark.parametrize("seed", range(50))
async def test_at_the_same_time(seed: int) -> None:
    chance = random.Random(seed)
    state, target = State(MemoryState()), ShakyTarget(chance)
    await deliver(state, target, "create", "first")
    kinds = chance.choices(["create", "restart", "stop"], k=6)
    await asyncio.gather(
        *(deliver(state, target, kind, f"{kind} {n}") for n, kind in enumerate(kinds))
    )
    records = [Environment.model_validate(it) for it in await state.get_group(GROUP)]
    alive = [it for it in records if not it.stopped]
    assert len(alive) <= 1
    assert target.processes == {it.id: it.revision for it in alive}
    assert {it.status for it in records} <= {"running", "stopped"}


async def test_one_of_several_creations_wins() -> None:
    state, target = State(MemoryState()), ShakyTarget(random.Random(0), shaky=False)
    outcomes = await asyncio.gather(
        *(deliver(state, target, "create", f"create {n}") for n in range(10))
    )
    assert sum(outcome.changed for outcome in outcomes) == 1
    assert len(target.processes) == 1


async def test_an_environment_that_never_was() -> None:
    nobody = environments(State(MemoryState()), ShakyTarget(random.Random(0)), "a")
    with pytest.raises(Terminal, match="there is no environment `x`"):
        await nobody.restart("x", "c")
