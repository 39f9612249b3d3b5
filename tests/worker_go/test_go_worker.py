"""Go steps in a process of their own: a flow through them, what they do wrong, and how they end."""

from __future__ import annotations

import asyncio
import secrets
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from temporalio import workflow
from temporalio.client import WorkflowFailureError, WorkflowHandle
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, CancelledError
from temporalio.worker import Worker

from tests.conftest import TemporalServer
from tests.worker.steps import INVOCATION
from tests.worker_go.conftest import Run, Running
from wistro.contract import ErrorInfo, Invocation, StepResult
from wistro.runs import DeliveryView, RunDetail
from wistro.stores.journal import JournalEntry, JournalFilter
from wistro.temporal.workflows.failures import error_info

pytestmark = [pytest.mark.server, pytest.mark.slow, pytest.mark.timeout(180)]


Handle = WorkflowHandle[Any, Any]


@workflow.defn(sandboxed=False)
class OneGoStep:
    """Makes one attempt at one delivery."""

    @workflow.run
    async def run(self, queue: str, invocation: Invocation) -> StepResult:
        """Makes it."""
        return await workflow.execute_activity(
            invocation.step,
            invocation,
            result_type=StepResult,
            task_queue=queue,
            start_to_close_timeout=timedelta(seconds=60),
            heartbeat_timeout=timedelta(seconds=2),
            retry_policy=RetryPolicy(maximum_attempts=1),
            cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        )


def delivery(run: RunDetail, step: str) -> DeliveryView:
    return next(delivery for delivery in run.deliveries if delivery.step == step)


async def noted(running: Running, run_id: str, kind: str) -> list[JournalEntry]:
    """The entries of a run, once there are any."""
    async with asyncio.timeout(10):
        while True:
            page = await running.journal.read(JournalFilter(run_id=run_id, kinds=[kind]))
            if page:
                return list(page)
            await asyncio.sleep(0.05)


async def test_a_flow_from_python_through_go_and_back(run: Run) -> None:
    async with run() as running:
        order = {"id": "order-4711", "total": 12.5, "size": 30_000}
        ended = await running.ended(await running.emit("order.asked", order))
        assert ended.status == "completed", ended.deliveries
        charged = delivery(ended, "charge")
        assert charged.output == {"attempt": 2}
        assert [attempt.number for attempt in charged.attempts][-1] == 2
        payment: Any = delivery(ended, "done").output
        assert payment["order_id"] == "order-4711"
        assert payment["count"] == 1
        assert len(str(payment["receipt"])) == 40_000  # Through external storage, both ways.
        assert any((running.root / ".wistro" / "blobs").rglob("*"))
        (line,) = await noted(running, ended.run_id, "log")
        assert (line.step, line.message, line.fields) == (
            "charge",
            "Charging",
            {"order": "order-4711"},
        )
        (completed, *_) = [
            entry
            for entry in await noted(running, ended.run_id, "delivery.completed")
            if entry.step == "charge"
        ]
        assert completed.fields["emitted"] == ["payment.taken"]
        assert await running.worker.stop() == 0
    said = [line for line in running.worker.lines() if line.get("step") == "charge"]
    assert {"Charging", "attempt failed"} <= {line["event"] for line in said}


async def test_temporal_sees_no_text_of_go(run: Run, temporal_server: TemporalServer) -> None:
    async with run(API_KEY="s3cret-value") as running:
        failed = await running.ended(await running.emit("odd.asked", {"do": "secret"}))
        assert failed.outcome_error
        assert failed.outcome_error.message == "401 for •••"
        started = await running.ended(
            await running.emit("order.asked", {"id": "confidential-order", "total": 1})
        )
        assert started.status == "completed"
        database = temporal_server.database
        for path in database.parent.glob(f"{database.name}*"):
            content = path.read_bytes()
            assert b"confidential-order" not in content
            assert b"401 for" not in content


ERRORS = {
    "error": ErrorInfo(code="handler_error", message="no luck"),
    "terminal name": ErrorInfo(
        code="handler_error",
        message="charge: the card 4242 was declined",
        type="CardDeclined",
        retryable=False,
    ),
    "panic": ErrorInfo(code="handler_error", message="index out of range", type="Panic"),
    "undeclared": ErrorInfo(code="undeclared_topic", message="`odd.done`", retryable=False),
    "misfit": ErrorInfo(code="validation_failed", message="`total`", retryable=False),
    "unserialisable": ErrorInfo(code="validation_failed", message="chan int", retryable=False),
    "timeout": ErrorInfo(code="timeout", message=""),
}


@pytest.mark.parametrize("kind", ERRORS)
async def test_what_goes_wrong_in_a_step(run: Run, kind: str) -> None:
    expected = ERRORS[kind]
    async with run() as running:
        ended = await running.ended(await running.emit("odd.asked", {"do": kind}))
        assert ended.status == "failed"
        failed = delivery(ended, "misbehave")
        assert failed.error
        assert (failed.error.code, failed.error.retryable) == (expected.code, expected.retryable)
        assert expected.message in failed.error.message
        assert len(failed.attempts) == (2 if expected.retryable else 1)
        if expected.type:
            assert failed.error.type == expected.type
        if kind == "panic":
            assert "steps/misbehave.step.go:" in (failed.error.stack or "")
            assert str(running.root) not in (failed.error.stack or "")
        if kind == "misfit":
            details: Any = failed.error.details
            assert {issue["field"] for issue in details["issues"]} == {"id", "total"}


async def test_a_message_that_does_not_fit_never_reaches_the_handler(run: Run) -> None:
    async with run() as running:
        ended = await running.ended(await running.emit("odd.asked", {"do": 7}))
        failed = delivery(ended, "misbehave")
        assert failed.error
        assert failed.error.code == "validation_failed"
        assert "`do`" in failed.error.message


@asynccontextmanager
async def calling(running: Running, step: str, **invocation: Any) -> AsyncGenerator[Handle]:
    """A workflow that calls one Go step, and waits for its end when it is cancelled."""
    project = running.runtime.lock.project
    async with Worker(running.engine.client, task_queue=f"{project}.test", workflows=[OneGoStep]):
        yield await running.engine.client.start_workflow(
            OneGoStep.run,
            args=[
                f"{project}.steps.go",
                replace(INVOCATION, project=project, flow="f", step=step, **invocation),
            ],
            id=f"f/{secrets.token_hex(16)}",
            task_queue=f"{project}.test",
        )


async def test_a_cancelled_handler_is_told(run: Run) -> None:
    async with run() as running, calling(running, "wait", data={}) as call:
        (started,) = await noted(running, INVOCATION.run_id, "delivery.started")
        assert started.attempt == 1
        await call.cancel()
        with pytest.raises(WorkflowFailureError) as failed:
            await call.result()
        assert isinstance(failed.value.cause, CancelledError)
        (line,) = await noted(running, INVOCATION.run_id, "log")
        assert line.message == "stopping: the run was cancelled"
        (cancelled,) = await noted(running, INVOCATION.run_id, "delivery.cancelled")
        assert cancelled.fields["reason"] == "cancelled"


async def test_an_engine_of_a_later_contract_is_refused(run: Run) -> None:
    async with run() as running, calling(running, "wait", data={}, version=2) as call:
        with pytest.raises(WorkflowFailureError) as failed:
            await call.result()
        assert isinstance(failed.value.cause, ActivityError)
        error = error_info(failed.value.cause)
        assert (error.code, error.retryable) == ("contract_version", True)
        assert "version 2" in error.message


async def test_the_end_of_a_run_reaches_its_handlers(run: Run) -> None:
    async with run() as running:
        started = await running.emit("wait.asked", {})
        await running.until(
            started, lambda run: any(d.progress == {"done": 1} for d in run.deliveries)
        )
        await running.engine.cancel(started.flow, started.run_id)
        assert (await running.ended(started)).status == "cancelled"
        (line,) = await noted(running, started.run_id, "log")
        assert line.message.startswith("stopping: ")


async def begun(running: Running, run_id: str) -> None:
    """Waits until the first attempt of `slow` is at work."""
    async with asyncio.timeout(20):
        while await running.state.get("slow", run_id) is None:
            await asyncio.sleep(0.05)


async def test_a_killed_worker_loses_nothing(run: Run) -> None:
    async with run() as running:
        started = await running.emit("slow.asked", {})
        await begun(running, started.run_id)
        assert await running.worker.stop(signal.SIGKILL) == -signal.SIGKILL
        await running.worker.start()
        ended = await running.ended(started)
        assert ended.status == "completed"
        assert delivery(ended, "slow").output == 2


async def test_a_stopped_worker_hands_its_attempts_over(run: Run) -> None:
    async with run() as running:
        started = await running.emit("slow.asked", {})
        await begun(running, started.run_id)
        assert await running.worker.stop() == 0
        (stopped,) = await noted(running, started.run_id, "delivery.cancelled")
        assert stopped.fields["reason"] == "worker_stopping"
        await running.worker.start()
        ended = await running.ended(started)
        assert ended.status == "completed"
        assert delivery(ended, "slow").output == 2


async def test_a_worker_whose_supervisor_is_gone_stops(run: Run) -> None:
    async with run() as running:
        assert await running.worker.abandon() == 0


async def test_a_worker_of_another_contract_does_not_start(run: Run) -> None:
    async with run(started=False) as running:
        manifest = running.worker.manifest
        manifest.write_text(manifest.read_text().replace('"version": 1', '"version": 2'))
        await running.worker.start()
        (told,) = running.worker.told
        assert told["event"] == "failed"
        assert "version 2" in str(told["message"])
        assert "version 1" in str(told["message"])
        assert told["hint"]
        assert running.worker.process
        assert await asyncio.to_thread(running.worker.process.wait, 10) == 1
