"""The dynamic activity on a real server: retries, errors, heartbeats, cancellation, sizes, drain."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio import workflow
from temporalio.api.common.v1 import Payload
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.common import RetryPolicy
from temporalio.converter import ExternalStorage
from temporalio.exceptions import ActivityError, ApplicationError, CancelledError
from temporalio.worker import Worker

from tests.conftest import TemporalServer
from tests.worker.conftest import Try
from tests.worker.steps import INVOCATION, Bench
from wistro.contract import Invocation, Segment, SegmentResult, StepResult
from wistro.expressions import CelExpressions
from wistro.machine.plan import Plan, StepPlan, SubscriptionPlan
from wistro.temporal.host.connect import connect
from wistro.temporal.host.serverbinary import ServerAddress
from wistro_codec import LocalStorageDriver, WistroCodec, data_converter, load_keys
from wistro_worker.activities import Patience, step_activity
from wistro_worker.deliveries import Deliveries
from wistro_worker.journal import DeliveryJournal

pytestmark = pytest.mark.server

STEP = """
import asyncio, os, time
from datetime import timedelta
from wistro.errors import Retryable, Terminal
from wistro.steps import EventStep
config = EventStep(name="It", subscribes=["order.placed"], emits=["done"])
"""


@dataclass(frozen=True, kw_only=True)
class Order:
    """What the workflow of these tests does: one activity."""

    invocation: Invocation
    timeout: float = 30
    heartbeat: float = 10
    attempts: int = 1


@workflow.defn(sandboxed=False)
class OneStep:
    """Runs a step and returns its result; waits for its end when cancelled."""

    @workflow.run
    async def run(self, order: Order) -> StepResult | SegmentResult:
        """Run it."""
        step = order.invocation.step
        if order.invocation.segment is not None:
            return await workflow.execute_local_activity(
                step,
                order.invocation,
                result_type=SegmentResult,
                start_to_close_timeout=timedelta(seconds=order.timeout),
                retry_policy=RetryPolicy(maximum_attempts=1),
            )
        return await workflow.execute_activity(
            step,
            order.invocation,
            result_type=StepResult,
            start_to_close_timeout=timedelta(seconds=order.timeout),
            heartbeat_timeout=timedelta(seconds=order.heartbeat),
            retry_policy=RetryPolicy(
                maximum_attempts=order.attempts, initial_interval=timedelta(milliseconds=10)
            ),
            cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        )


@dataclass(frozen=True, kw_only=True)
class Site:
    """A worker with the steps of a bench."""

    client: Client
    queue: str
    worker: Worker

    async def start(self, **options: Any) -> WorkflowHandle[Any, Any]:
        """Start the workflow of one delivery."""
        invocation = replace(INVOCATION, **options.pop("invocation", {}))
        return await self.client.start_workflow(
            OneStep.run,
            Order(invocation=invocation, **options),
            id=f"orders/{secrets.token_hex(16)}",
            task_queue=self.queue,
        )

    async def run(self, **options: Any) -> StepResult:
        """Run one delivery."""
        return await (await self.start(**options)).result()

    async def fail(self, **options: Any) -> ApplicationError:
        """The error of a delivery that fails."""
        return await failure(await self.start(**options))


async def failure(handle: WorkflowHandle[Any, Any]) -> ApplicationError:
    with pytest.raises(WorkflowFailureError) as failed:
        await handle.result()
    assert isinstance(failed.value.cause, ActivityError)
    assert isinstance(failed.value.cause.cause, ApplicationError)
    return failed.value.cause.cause


Open = Callable[..., AbstractAsyncContextManager[Site]]


@pytest.fixture
def site(temporal_server: TemporalServer, tmp_path: Path) -> Open:
    """Opens a worker: `async with site(bench) as site`."""
    keys = load_keys(tmp_path / "keys.json")

    @asynccontextmanager
    async def open_site(
        bench: Bench,
        *,
        queue: str | None = None,
        storage: bool = False,
        drain: float = 0,
        patience: Patience | None = None,
    ) -> AsyncIterator[Site]:
        external = ExternalStorage(drivers=[LocalStorageDriver(tmp_path / "blobs")])
        client = await connect(
            ServerAddress(address=temporal_server.address, namespace=temporal_server.namespace),
            data_converter(WistroCodec(keys), external if storage else None),
        )
        deliveries = Deliveries(
            bench.executor, DeliveryJournal(bench.entries.append, bench.mask), bench.mask
        )
        queue = queue or secrets.token_hex(8)
        worker = Worker(
            client,
            task_queue=queue,
            workflows=[OneStep],
            activities=[step_activity(deliveries, CelExpressions(), patience)],
            graceful_shutdown_timeout=timedelta(seconds=drain),
            max_heartbeat_throttle_interval=timedelta(seconds=0.2),
        )
        async with worker:
            yield Site(client=client, queue=queue, worker=worker)

    return open_site


async def journal_has(bench: Bench, kind: str) -> None:
    async with asyncio.timeout(20):
        while not any(entry.kind == kind for entry in bench.entries):
            await asyncio.sleep(0.02)


async def test_a_delivery_is_retried_and_knows_its_attempts(steps: Try, site: Open) -> None:
    bench = steps(
        STEP
        + """
async def handler(data, ctx):
    ctx.emit("done", ctx.attempt)
    if ctx.attempt < 7:
        raise Retryable("busy", retry_after=timedelta(milliseconds=20))
    return {"attempt": ctx.attempt, "data": data}
"""
    )
    async with site(bench) as worker:
        result = await worker.run(invocation={"attempt": 4, "data": {"id": 7}}, attempts=5)
    assert result.output == {"attempt": 7, "data": {"id": 7}}
    assert [e.data for e in result.emissions] == [7]
    kinds = [(entry.kind, entry.attempt) for entry in bench.entries]
    assert kinds[:2] == [("delivery.started", 5), ("delivery.failed", 5)]
    assert kinds[-1] == ("delivery.completed", 7)


async def test_an_error_arrives_with_its_code_and_details(steps: Try, site: Open) -> None:
    bench = steps(
        STEP
        + "async def handler(data, ctx): raise Terminal('no card', code='no_card', hint='add one')"
    )
    async with site(bench) as worker:
        error = await worker.fail(attempts=5)
    assert (error.message, error.type, error.non_retryable) == ("no card", "Terminal", True)
    info = error.details[0]
    assert info["code"] == "no_card"
    assert info["details"] == {"hint": "add one"}
    assert "it.step.py" in info["stack"]
    assert sum(entry.kind == "delivery.failed" for entry in bench.entries) == 1


async def test_a_long_handler_shows_life_and_its_progress(steps: Try, site: Open) -> None:
    bench = steps(
        STEP
        + """
def handler(data, ctx):
    ctx.heartbeat({"done": 3, "of": 10})
    ctx.cancelled.wait(5)
    return bool(ctx.cancelled)
"""
    )
    async with site(bench) as worker:
        handle = await worker.start(heartbeat=2)
        payloads: Sequence[Payload] = ()
        async with asyncio.timeout(20):
            while not payloads:
                described = await handle.describe()
                for pending in described.raw_description.pending_activities:
                    payloads = pending.heartbeat_details.payloads
                await asyncio.sleep(0.1)
        assert payloads[0].metadata["encoding"] != b"json/plain"
        (progress,) = await worker.client.data_converter.decode(payloads)
        assert progress == {"done": 3, "of": 10}
        assert (await handle.result()).output is False


async def test_a_handler_that_stops_when_asked_has_finished(steps: Try, site: Open) -> None:
    bench = steps(
        STEP
        + """
async def handler(data, ctx):
    await ctx.cancelled
    return f"stopped: {ctx.cancelled.reason}"
"""
    )
    async with site(bench) as worker:
        handle = await worker.start(heartbeat=5)
        await journal_has(bench, "delivery.started")
        await handle.cancel()
        assert (await handle.result()).output == "stopped: cancelled"


@pytest.mark.parametrize(
    "handler",
    [
        "async def handler(data, ctx): await asyncio.sleep(60)",
        "def handler(data, ctx): time.sleep(8)",
    ],
)
async def test_a_handler_that_does_not_stop_is_stopped(
    steps: Try, site: Open, handler: str
) -> None:
    bench = steps(STEP + handler)
    async with site(bench, patience=Patience(cancelled=timedelta(seconds=0.3))) as worker:
        handle = await worker.start(heartbeat=5)
        await journal_has(bench, "delivery.started")
        begun = asyncio.get_running_loop().time()
        await handle.cancel()
        with pytest.raises(WorkflowFailureError) as failed:
            await handle.result()
        assert asyncio.get_running_loop().time() - begun < 7
    assert isinstance(failed.value.cause, ActivityError | CancelledError)
    assert bench.entries[-1].kind == "delivery.cancelled"
    assert bench.entries[-1].fields["reason"] == "cancelled"


async def test_a_stopping_worker_lets_attempts_finish(steps: Try, site: Open) -> None:
    bench = steps(STEP + "async def handler(data, ctx):\n    await asyncio.sleep(1)\n    return 1")
    async with site(bench, drain=10) as worker:
        handle = await worker.start()
        await journal_has(bench, "delivery.started")
    assert bench.entries[-1].kind == "delivery.completed"
    async with site(bench, queue=worker.queue):
        assert (await handle.result()).output == 1


async def test_an_attempt_that_outlives_its_worker_is_made_again(steps: Try, site: Open) -> None:
    bench = steps(
        STEP
        + """
async def handler(data, ctx):
    if ctx.attempt == 1:
        await asyncio.sleep(60)
    return ctx.attempt
"""
    )
    quick = Patience(stopping=timedelta(seconds=0.1))
    async with site(bench, drain=0.2, patience=quick) as worker:
        handle = await worker.start(heartbeat=30, attempts=2)
        await journal_has(bench, "delivery.started")
    async with site(bench, queue=worker.queue):
        # Long before the heartbeat timeout: the worker said that it stopped.
        result = await asyncio.wait_for(handle.result(), 15)
    assert result.output == 2


async def test_a_result_that_is_too_large_is_named_with_its_size(steps: Try, site: Open) -> None:
    bench = steps(
        STEP
        + """
async def handler(data, ctx):
    ctx.emit("done", os.urandom(2_500_000).hex())
    return "small"
"""
    )
    async with site(bench) as worker:
        error = await worker.fail(attempts=3)
    assert error.details[0]["code"] == "result_too_large"
    assert "the largest part is the message on `done` with 5,000,002 bytes" in error.message
    assert "the limit is 1,900,000" in error.message


async def test_a_large_result_that_compresses_fits(steps: Try, site: Open) -> None:
    bench = steps(STEP + "async def handler(data, ctx): return 'x' * 3_000_000")
    async with site(bench) as worker:
        assert len((await worker.run()).output) == 3_000_000  # type: ignore[arg-type]


async def test_external_storage_takes_what_is_large(steps: Try, site: Open, tmp_path: Path) -> None:
    bench = steps(STEP + "async def handler(data, ctx): return os.urandom(3_000_000).hex()")
    async with site(bench, storage=True) as worker:
        assert len((await worker.run()).output) == 6_000_000  # type: ignore[arg-type]
    assert any(path.is_file() for path in (tmp_path / "blobs").rglob("*"))


def chain(*steps: str) -> Plan:
    """Inline steps that each receive what the one before emits on `done`."""
    return Plan(
        project="shop",
        flow="orders",
        build="b1",
        steps={
            id: StepPlan(
                id=id,
                name=id,
                kind="event",
                queue="q",
                inline=True,
                subscribes=(SubscriptionPlan(topic="done"),) if place else (),
            )
            for place, id in enumerate(steps)
        },
    )


async def test_a_segment_is_one_local_activity(steps: Try, site: Open) -> None:
    bench = steps(
        STEP + "async def handler(data, ctx): ctx.emit('done', 1)",
        next=STEP + "def handler(data, ctx): return data + 1",
    )
    segment = Segment(plan=chain("it", "next"), budget=10)
    async with site(bench) as worker:
        handle = await worker.start(invocation={"segment": segment})
        result: SegmentResult = await handle.result()
    assert [report.step for report in result.reports] == ["it", "next"]
    assert result.reports[1].result
    assert result.reports[1].result.output == 2


async def test_a_segment_that_is_too_large_ends_earlier(steps: Try, site: Open) -> None:
    large = "os.urandom(500_000).hex()"
    bench = steps(
        STEP + "async def handler(data, ctx):\n    for n in range(4): ctx.emit('done', n)",
        next=STEP + f"async def handler(data, ctx): return {large}",
    )
    segment = Segment(plan=chain("it", "next"), budget=10)
    async with site(bench) as worker:
        handle = await worker.start(invocation={"segment": segment})
        result: SegmentResult = await handle.result()
        assert 2 <= len(result.reports) < 5
        assert all(report.error is None for report in result.reports)


async def test_a_single_report_that_is_too_large_fails(steps: Try, site: Open) -> None:
    bench = steps(STEP + "async def handler(data, ctx): return os.urandom(2_000_000).hex()")
    segment = Segment(plan=chain("it"), budget=10)
    async with site(bench) as worker:
        result: SegmentResult = await (await worker.start(invocation={"segment": segment})).result()
    assert result.reports[0].error
    assert result.reports[0].error.code == "result_too_large"
    assert "what it returned" in result.reports[0].error.message


async def test_a_handler_that_outlives_its_timeout_is_stopped(steps: Try, site: Open) -> None:
    bench = steps(
        STEP
        + """
async def handler(data, ctx):
    if ctx.attempt == 2:
        return "again"
    while True:
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            ctx.logger.warn(f"stopped: {ctx.cancelled.reason}")
            raise
"""
    )
    quick = Patience(stopping=timedelta(seconds=0.1))
    async with site(bench, patience=quick) as worker:
        assert (await worker.run(timeout=1, attempts=2)).output == "again"
        await journal_has(bench, "delivery.cancelled")
    # Whoever notices first: the worker's clock, or the server that does not know the attempt any more.
    noticed = {"stopped: timeout", "stopped: superseded"}
    assert noticed & {entry.message for entry in bench.entries}


async def test_a_handler_that_refuses_to_stop_is_left_behind(steps: Try, site: Open) -> None:
    bench = steps(
        STEP
        + """
async def handler(data, ctx):
    for _ in range(200):
        try:
            await asyncio.sleep(0.02)
        except asyncio.CancelledError:
            pass
"""
    )
    brief = timedelta(seconds=0.1)
    async with site(bench, patience=Patience(cancelled=brief, stubborn=brief)) as worker:
        handle = await worker.start(heartbeat=5)
        await journal_has(bench, "delivery.started")
        begun = asyncio.get_running_loop().time()
        await handle.cancel()
        with pytest.raises(WorkflowFailureError):
            await handle.result()
        assert (
            asyncio.get_running_loop().time() - begun < 12
        )  # and not the 15 seconds that it gets otherwise
