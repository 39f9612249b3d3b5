"""Benchmarks of calls: somebody waits for a flow's answer, or another flow does."""

from __future__ import annotations

from functools import partial

import httpx

from bench.effort import Effort
from bench.figures import Row, compare, p99
from bench.sides import ORDER, Bench
from bench.turns import in_turns

CHILD = "child workflow"


async def calls(bench: Bench, effort: Effort) -> list[Row]:
    """A caller over HTTP that waits for the answer, and calls between flows."""
    token = {"authorization": f"Bearer {bench.runtime().token}"}
    async with bench.sides() as (wistro, byhand), httpx.AsyncClient() as client:

        async def call() -> None:
            answer = await client.post(
                f"{wistro.api}/call/quote", json={"input": ORDER}, headers=token
            )
            if answer.status_code != 200 or answer.json()["data"]["hop"] != 1:
                raise RuntimeError(f"`wistro` answered {answer.status_code}: {answer.text}")

        async def post() -> None:
            answer = await client.post(f"{byhand.api}/orders", json=ORDER)
            if answer.status_code != 201 or answer.json()["hop"] != 1:
                raise RuntimeError(f"`hand-written` answered {answer.status_code}: {answer.text}")

        rounds, each = effort(10, 4), effort(20, 8)
        waited, updated = await in_turns(call, post, rounds=rounds, each=each, warm_up=10)
        declared, child, handler, after = await in_turns(
            partial(wistro.run, "ask"),
            partial(byhand.run, "ask"),
            partial(wistro.run, "consult"),
            partial(byhand.run, "consult"),
            rounds=rounds,
            each=each,
            warm_up=10,
        )
    update = "update-with-start"
    return [
        compare("call and wait, p50", waited, updated, other=update, at_most=1.15),
        compare("call and wait, p99", waited, updated, statistic=p99, other=update),
        compare("call between flows, p50", declared, child, other=CHILD, at_most=1.25),
        compare("call from a handler, p50", handler, after, other=f"activity and {CHILD}"),
    ]
