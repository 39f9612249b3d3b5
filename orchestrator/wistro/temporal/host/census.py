"""Counts the runs that are under way, by flow and by version."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from temporalio.client import Client

from wistro.project.lock import Lock
from wistro.temporal.host.connect import engine_errors
from wistro.temporal.host.listing import RunFilter, count_runs, list_runs

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


async def take_census(client: Client, lock: Lock, builds: Iterable[str]) -> Census:
    """Count the runs that are under way: of every flow, and of these versions at least.

    Temporal groups by nothing but its own status, so it would have to be asked for every flow. As long
    as few runs are under way, one look at all of them says more.

    Raises:
        EngineUnavailable: when Temporal is away.
    """
    everything = RunFilter(project=lock.project, statuses=("running",))
    with engine_errors():
        page = await list_runs(client, everything, limit=LISTED, cursor=None)
        if page.next_cursor is not None:
            return await _ask(client, everything, tuple(lock.flows), tuple(builds))
    return Census(
        running=Counter(run.flow for run in page.runs),
        held=Counter(run.flow for run in page.runs if run.waiting_for == "operator"),
        builds=Counter(run.version for run in page.runs if run.version),
    )


async def _ask(
    client: Client, everything: RunFilter, flows: Sequence[str], builds: Sequence[str]
) -> Census:
    turns = asyncio.Semaphore(_AT_ONCE)

    async def count(wanted: RunFilter) -> int:
        async with turns:
            return await count_runs(client, wanted)

    async def counts(filters: Mapping[str, RunFilter]) -> dict[str, int]:
        found = await asyncio.gather(*map(count, filters.values()))
        return dict(zip(filters, found, strict=True))

    of_flows = {id: replace(everything, flows=(id,)) for id in flows}
    running, held, of_builds = await asyncio.gather(
        counts(of_flows),
        counts({id: replace(wanted, statuses=("held",)) for id, wanted in of_flows.items()}),
        counts({id: replace(everything, version=id) for id in builds}),
    )
    return Census(running=running, held=held, builds=of_builds)
