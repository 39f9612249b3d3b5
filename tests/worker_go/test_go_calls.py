"""Go steps that call flows of Python, on a real server, and what flows written in Go answer."""

from __future__ import annotations

import asyncio
import signal
from datetime import timedelta
from typing import Any

import pytest

from tests.worker_go.conftest import Run, Running
from wistro.runs import DeliveryView, RunDetail
from wistro.temporal.host.calls import Called, Calls

pytestmark = [pytest.mark.server, pytest.mark.slow, pytest.mark.timeout(180)]


async def call(running: Running, flow: str, data: object, *, seconds: float = 0) -> Called:
    """Calls a flow; its answer is there if it comes in time."""
    wait = timedelta(seconds=seconds) if seconds else None
    return await Calls(running.engine).call(flow, data, wait=wait)


async def fetched(running: Running, called: Called) -> Any:
    """The answer of a call, once there is one."""
    found = await Calls(running.engine).fetch(
        called.flow, called.run_id, wait=timedelta(seconds=30)
    )
    assert found.answer is not None
    return found.answer


async def priced(running: Running, called: Called) -> list[RunDetail]:
    """The runs that the handler of a call has called."""
    page = await running.engine.list_runs(flow="prices")
    runs = [await running.engine.show(run.run_id, "prices") for run in page.runs]
    return [run for run in runs if run.parent and run.parent.run_id == called.run_id]


async def begun(running: Running, called: Called) -> None:
    """Waits until the flow that was called is at work."""
    async with asyncio.timeout(20):
        while await running.state.get("prices", called.run_id) is None:
            await asyncio.sleep(0.05)


def only(run: RunDetail) -> DeliveryView:
    (delivery,) = run.deliveries
    return delivery


async def test_a_go_handler_calls_a_flow_of_python_and_answers(run: Run) -> None:
    async with run() as running:
        called = await call(running, "quotes", {"weight": 2}, seconds=30)
        assert called.answer is not None
        assert called.answer.data == {"price": 3.0, "depth": 1, "for": "Ada"}
        (price,) = await priced(running, called)
        assert price.parent is not None
        quote = await running.engine.show(called.run_id, "quotes")
        assert price.parent.delivery_id == only(quote).delivery_id


async def test_a_killed_worker_finds_its_call_again(run: Run) -> None:
    async with run() as running:
        called = await call(running, "quotes", {"weight": 2, "seconds": 6})
        await begun(running, called)
        assert await running.worker.stop(signal.SIGKILL) == -signal.SIGKILL
        await running.worker.start()
        answer = await fetched(running, called)
        assert answer.data["price"] == 3.0
        quote = await running.engine.show(called.run_id, "quotes")
        assert [attempt.number for attempt in only(quote).attempts][-1] == 2
        (price,) = await priced(running, called)
        assert price.status == "completed"


async def test_a_call_is_cancelled_with_its_run(run: Run) -> None:
    async with run() as running:
        called = await call(running, "quotes", {"weight": 2, "seconds": 60})
        await begun(running, called)
        await running.engine.cancel("quotes", called.run_id)
        assert (await fetched(running, called)).status == "cancelled"
        (price,) = await priced(running, called)
        assert (await running.ended(price)).status == "cancelled"


async def test_a_call_without_an_answer_fails_the_delivery(run: Run) -> None:
    async with run() as running:
        called = await call(running, "quotes", {"weight": 50}, seconds=30)
        assert called.answer is not None
        assert called.answer.status == "flow_failed"
        error = only(await running.engine.show(called.run_id, "quotes")).error
        assert error is not None
        assert (error.code, error.type, error.retryable) == ("too_heavy", "CallFailed", False)
        details: Any = error.details
        (price,) = await priced(running, called)
        assert details == {"flow": "prices", "call_id": price.run_id, "status": "flow_failed"}


async def test_a_handler_that_knows_better_goes_on(run: Run) -> None:
    async with run() as running:
        called = await call(running, "quotes", {"weight": 101}, seconds=30)
        assert called.answer is not None
        assert called.answer.data == {"price": 0, "depth": 0, "for": "nobody"}


async def test_a_wrong_answer_names_the_field(run: Run) -> None:
    async with run() as running:
        called = await call(running, "misquotes", {}, seconds=30)
        assert called.answer is not None
        assert called.answer.status == "flow_failed"
        ended = await running.engine.show(called.run_id, "misquotes")
        error = next(delivery.error for delivery in ended.deliveries if delivery.error)
        assert error.code == "validation_failed"
        assert "`price`" in error.message
        details: Any = error.details
        assert [issue["field"] for issue in details["issues"]] == ["price"]
