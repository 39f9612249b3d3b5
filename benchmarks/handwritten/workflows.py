"""The workflows. Not sandboxed, as the project's runs are not: that is the faster way to run them."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from temporalio import workflow

from handwritten.activities import (
    Item,
    Order,
    accept,
    began,
    countdown,
    gather,
    hop,
    spread,
    work,
)

HOPS = 10
NODE_QUEUE, GO_QUEUE = "handwritten.node", "handwritten.go"
"""Served by `worker.mjs` here, and by `workers/go/internal/handwritten`."""
TIMEOUT = timedelta(minutes=15)
HISTORY_EVENTS = 4_000
"""Continue as new from here on, as the project does by default."""


@workflow.defn(name="empty", sandboxed=False)
class Empty:
    """Nothing: what a run costs by itself."""

    @workflow.run
    async def run(self, order: Order) -> Order:
        return order


@workflow.defn(name="chain", sandboxed=False)
class Chain:
    @workflow.run
    async def run(self, order: Order) -> Order:
        for _ in range(HOPS):
            order = await workflow.execute_activity(hop, order, start_to_close_timeout=TIMEOUT)
        return order


@workflow.defn(name="local-chain", sandboxed=False)
class LocalChain:
    @workflow.run
    async def run(self, order: Order) -> Order:
        for _ in range(HOPS):
            order = await workflow.execute_local_activity(
                hop, order, start_to_close_timeout=TIMEOUT
            )
        return order


@workflow.defn(name="node-chain", sandboxed=False)
class NodeChain:
    """The chain with its activities in a worker on Node."""

    @workflow.run
    async def run(self, order: Order) -> Order:
        return await _elsewhere(order, NODE_QUEUE)


@workflow.defn(name="go-chain", sandboxed=False)
class GoChain:
    """The chain with its activities in a worker in Go."""

    @workflow.run
    async def run(self, order: Order) -> Order:
        return await _elsewhere(order, GO_QUEUE)


async def _elsewhere(order: Order, queue: str) -> Order:
    for _ in range(HOPS):
        order = await workflow.execute_activity(
            "hop", order, task_queue=queue, result_type=Order, start_to_close_timeout=TIMEOUT
        )
    return order


@workflow.defn(name="first", sandboxed=False)
class First:
    @workflow.run
    async def run(self, order: Order) -> float:
        return await workflow.execute_activity(began, order, start_to_close_timeout=TIMEOUT)


@workflow.defn(name="fan", sandboxed=False)
class Fan:
    @workflow.run
    async def run(self, count: int) -> int:
        items = await workflow.execute_activity(spread, count, start_to_close_timeout=TIMEOUT)
        done: list[Item] = await asyncio.gather(
            *(
                workflow.execute_activity(work, item, start_to_close_timeout=TIMEOUT)
                for item in items
            )
        )
        return await workflow.execute_activity(gather, done, start_to_close_timeout=TIMEOUT)


@workflow.defn(name="loop", sandboxed=False)
class Loop:
    @workflow.run
    async def run(self, left: int) -> int:
        while left:
            if workflow.info().get_current_history_length() >= HISTORY_EVENTS:
                workflow.continue_as_new(left)
            left = await workflow.execute_activity(countdown, left, start_to_close_timeout=TIMEOUT)
        return left


@workflow.defn(name="local-loop", sandboxed=False)
class LocalLoop:
    @workflow.run
    async def run(self, left: int) -> int:
        while left:
            if workflow.info().get_current_history_length() >= HISTORY_EVENTS:
                workflow.continue_as_new(left)
            left = await workflow.execute_local_activity(
                countdown, left, start_to_close_timeout=TIMEOUT
            )
        return left


@workflow.defn(name="place-order", sandboxed=False)
class PlaceOrder:
    """Answers an HTTP request: its update waits for the activity."""

    def __init__(self) -> None:
        self._accepted: Order | None = None

    @workflow.run
    async def run(self, order: Order) -> None:
        self._accepted = await workflow.execute_activity(
            accept, order, start_to_close_timeout=TIMEOUT
        )
        await workflow.wait_condition(workflow.all_handlers_finished)

    @workflow.update
    async def answer(self) -> Order:
        await workflow.wait_condition(lambda: self._accepted is not None)
        assert self._accepted is not None
        return self._accepted


@workflow.defn(name="quote", sandboxed=False)
class Quote:
    """What is called: one activity, whose result is the answer."""

    @workflow.run
    async def run(self, order: Order) -> Order:
        return await workflow.execute_activity(hop, order, start_to_close_timeout=TIMEOUT)


@workflow.defn(name="ask", sandboxed=False)
class Ask:
    """Calls another workflow."""

    @workflow.run
    async def run(self, order: Order) -> Order:
        return await workflow.execute_child_workflow(Quote.run, order)


@workflow.defn(name="consult", sandboxed=False)
class Consult:
    """An activity, and a call of another workflow."""

    @workflow.run
    async def run(self, order: Order) -> Order:
        order = await workflow.execute_activity(hop, order, start_to_close_timeout=TIMEOUT)
        return await workflow.execute_child_workflow(Quote.run, order)


WORKFLOWS = [
    Empty,
    Chain,
    LocalChain,
    NodeChain,
    GoChain,
    First,
    Fan,
    Loop,
    LocalLoop,
    PlaceOrder,
    Quote,
    Ask,
    Consult,
]
