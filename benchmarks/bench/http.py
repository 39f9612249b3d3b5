"""The benchmark of an API step: HTTP, a run, one step, the answer."""

from __future__ import annotations

import httpx

from bench.effort import Effort
from bench.figures import Row, compare, p99
from bench.sides import ORDER, Bench, Handwritten, Wistro
from bench.turns import Action, in_turns


async def api_step(bench: Bench, effort: Effort) -> list[Row]:
    """A request that one step answers, on a connection that is kept."""
    async with bench.sides() as (wistro, byhand), httpx.AsyncClient() as client:

        def request(side: Wistro | Handwritten) -> Action:
            async def post() -> None:
                answer = await client.post(f"{side.api}/orders", json=ORDER)
                if answer.status_code != 201 or answer.json()["hop"] != 1:
                    raise RuntimeError(
                        f"`{side.name}` answered {answer.status_code}: {answer.text}"
                    )

            return post

        a, b = await in_turns(
            request(wistro), request(byhand), rounds=effort(10, 4), each=effort(30, 10), warm_up=10
        )
    return [
        compare("API step, p50", a, b, at_most=1.25),
        compare("API step, p99", a, b, statistic=p99),
    ]
