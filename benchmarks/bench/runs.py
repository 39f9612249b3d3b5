"""Benchmarks of runs: chains, many at once, a fan, a loop, the first step."""

from __future__ import annotations

import asyncio
import time
from functools import partial

from bench.effort import Effort
from bench.figures import Row, Series, compare, p50, p99, per_hop
from bench.project import FAN, HOPS
from bench.sides import ORDER, Bench, Handwritten, Wistro
from bench.turns import Action, in_turns

AT_ONCE = 200


async def chain(bench: Bench, effort: Effort) -> list[Row]:
    """A chain of 10 steps, from its start to its result."""
    async with bench.sides() as (wistro, byhand):
        a, b = await in_turns(
            partial(wistro.run, "chain"),
            partial(byhand.run, "chain"),
            rounds=effort(10, 4),
            each=effort(20, 8),
            warm_up=10,
        )
    return [
        compare(f"chain of {HOPS} steps, p50", a, b, at_most=1.10),
        compare(f"chain of {HOPS} steps, p99", a, b, statistic=p99, at_most=1.10),
    ]


async def throughput(bench: Bench, effort: Effort) -> list[Row]:
    """200 chains at once, until the last one has ended."""
    count = effort(AT_ONCE, 50)

    def many(side: Wistro | Handwritten) -> Action:
        async def run() -> None:
            await asyncio.gather(*(side.run("chain") for _ in range(count)))

        return run

    async with bench.sides() as (wistro, byhand):
        a, b = await in_turns(many(wistro), many(byhand), rounds=effort(5, 2))
    cost = compare("", a, b)
    return [
        Row(
            label=f"{count} concurrent chains",
            unit="chains/s",
            wistro=count / p50(a.values),
            byhand=count / p50(b.values),
            ratio=cost.ratio,
            spread=cost.spread,
            at_most=1.10,
            samples=cost.samples,
        )
    ]


async def fan_out(bench: Bench, effort: Effort) -> list[Row]:
    """A step that makes 100 deliveries, and one that joins them."""
    async with bench.sides() as (wistro, byhand):
        a, b = await in_turns(
            partial(wistro.run, "fan", FAN),
            partial(byhand.run, "fan", FAN),
            rounds=effort(10, 4),
            each=effort(3, 1),
            warm_up=3,
        )
    return [compare(f"fan-out of {FAN} with a join, p50", a, b)]


async def first_step(bench: Bench, effort: Effort) -> list[Row]:
    """From the call that starts a run to the first line of its first step."""
    a, b = Series(), Series()
    async with bench.sides() as (wistro, byhand):
        for _ in range(effort(10, 4)):
            for side, series in ((wistro, a), (byhand, b)):
                series.open_round()
                for _ in range(effort(20, 8)):
                    begun = time.time()
                    handle = await side.start("first", ORDER)
                    await handle.result()
                    series.add(await side.began(handle) - begun)
    return [
        compare("start to first step, p50", a, b),
        compare("start to first step, p99", a, b, statistic=p99),
    ]


async def inline(bench: Bench, effort: Effort) -> list[Row]:
    """Inline steps, against ordinary activities and against local ones."""
    async with bench.sides() as (wistro, byhand):
        ours, ordinary, local, ours_empty, byhand_empty = await in_turns(
            partial(wistro.run, "inline-chain"),
            partial(byhand.run, "chain"),
            partial(byhand.run, "local-chain"),
            partial(wistro.run, "empty"),
            partial(byhand.run, "empty"),
            rounds=effort(10, 4),
            each=effort(20, 8),
            warm_up=10,
        )
    hop, local_hop = per_hop(ours, ours_empty, HOPS), per_hop(local, byhand_empty, HOPS)
    return [
        compare("run without steps, p50", ours_empty, byhand_empty),
        compare(
            f"inline chain of {HOPS}, p50",
            ours,
            ordinary,
            other="ordinary activities",
            at_most=0.25,
        ),
        compare(f"inline chain of {HOPS}, p50", ours, local, other="local activities"),
        compare("inline, per hop", hop, local_hop, other="local activities", at_most=0.6),
    ]


async def loop(bench: Bench, effort: Effort) -> list[Row]:
    """A loop of 20,000 hops in one run, which continues as new on its way."""
    hops = effort(20_000, 2_000)
    rows: list[Row] = []
    async with bench.sides() as (wistro, byhand):
        for ours, theirs, other in (
            ("loop", "loop", "ordinary activities"),
            ("inline-loop", "local-loop", "local activities"),
        ):
            a, b = await in_turns(
                partial(wistro.run, ours, hops),
                partial(byhand.run, theirs, hops),
                rounds=1,
                warm_up=0,
                patience=1200.0,
            )
            label = f"{ours.replace('-', ' ')} of {hops:,} hops, per hop"
            rows.append(compare(label, a, b, scale=1000 / hops, other=other))
    return rows
