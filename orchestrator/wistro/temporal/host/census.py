"""Counts the runs that are under way, by flow and by version."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wistro.temporal.host.engine import Engine

LISTED = 500
"""Up to so many runs are listed and counted here; with more of them, Temporal counts."""
_AT_ONCE = 4
"""Clusters answer ten such questions a second, to everybody who asks."""


@dataclass(frozen=True, kw_only=True)
class Census:
    """How many runs are under way, as far as Temporal's list knows by now."""

    running: Mapping[str, int]
    """By flow; flows without any may be left out. Those to come at a set time count too."""
    held: Mapping[str, int]
    """By flow, those of them that wait for an operator."""
    builds: Mapping[str, int]
    """By the version that they began with."""


async def take_census(engine: Engine, builds: Iterable[str]) -> Census:
    """Count the runs that are under way: of every flow, and of these versions at least.

    Temporal groups by nothing but its own status, so it would have to be asked for every flow. As long
    as few runs are under way, one look at all of them says more.

    Raises:
        EngineUnavailable: when Temporal is away.
    """
    page = await engine.list_like(engine.runs_like(statuses=["running"]), limit=LISTED)
    if page.next_cursor is None:
        return Census(
            running=Counter(run.flow for run in page.runs),
            held=Counter(run.flow for run in page.runs if run.waiting_for == "operator"),
            builds=Counter(run.version for run in page.runs if run.version),
        )
    return await _ask(engine, builds)


async def _ask(engine: Engine, builds: Iterable[str]) -> Census:
    turns = asyncio.Semaphore(_AT_ONCE)

    async def count(status: str, *, flow: str | None = None, build: str | None = None) -> int:
        wanted = engine.runs_like(flows=[flow] if flow else (), statuses=[status], version=build)
        async with turns:
            return await engine.count_like(wanted)

    flows = list(engine.catalogue.plans)
    async with asyncio.TaskGroup() as tasks:
        running = {id: tasks.create_task(count("running", flow=id)) for id in flows}
        held = {id: tasks.create_task(count("held", flow=id)) for id in flows}
        of_builds = {id: tasks.create_task(count("running", build=id)) for id in builds}
    return Census(running=_results(running), held=_results(held), builds=_results(of_builds))


def _results(asked: Mapping[str, asyncio.Task[int]]) -> dict[str, int]:
    return {id: task.result() for id, task in asked.items()}
