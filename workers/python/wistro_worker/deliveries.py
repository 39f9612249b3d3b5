"""An attempt as it is seen from outside: run, timed, traced, counted and noted."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

from wistro.contract import Invocation, StepResult
from wistro.errors import to_info
from wistro_worker import metrics
from wistro_worker.executor import Attempt, Executor
from wistro_worker.failures import StepFailed
from wistro_worker.journal import DeliveryJournal
from wistro_worker.secrets import Mask
from wistro_worker.tracing import attempt_span


class Deliveries:
    """Makes attempts, and tells everybody who should know."""

    def __init__(self, executor: Executor, journal: DeliveryJournal, mask: Mask) -> None:
        self._executor = executor
        self._journal = journal
        self._mask = mask

    async def attempt(
        self,
        invocation: Invocation,
        attempt: Attempt,
        *,
        waited: float | None = None,
        timeout: float | None = None,
    ) -> StepResult:
        """Make one attempt.

        Args:
            invocation: The delivery.
            attempt: Which attempt, and how it is cancelled.
            waited: Seconds that the delivery was in a queue.
            timeout: Seconds it may take, where nobody else measures.

        Raises:
            StepFailed: with the error in its portable form, without secrets.
            asyncio.CancelledError: when the caller cancels.
        """
        flow, step, number = invocation.flow, invocation.step, attempt.number
        metrics.observe_start(flow, step, attempt=number, waited=waited)
        self._journal.started(invocation, number)
        begun = time.perf_counter()
        outcome: metrics.Outcome = "failed"
        try:
            with attempt_span(invocation, number):
                result = await self._run(invocation, attempt, timeout)
            outcome = "completed"
            self._journal.completed(invocation, number, time.perf_counter() - begun, result)
            return result
        except StepFailed as failed:
            self._journal.failed(invocation, number, time.perf_counter() - begun, failed.info)
            raise
        except asyncio.CancelledError:
            outcome = "cancelled"
            reason = attempt.cancelled.reason
            self._journal.cancelled(invocation, number, time.perf_counter() - begun, reason)
            raise
        finally:
            seconds = time.perf_counter() - begun
            metrics.observe_end(flow, step, outcome=outcome, seconds=seconds)

    async def _run(
        self, invocation: Invocation, attempt: Attempt, timeout: float | None
    ) -> StepResult:
        try:
            async with asyncio.timeout(timeout):
                return await self._executor.run(invocation, attempt)
        except TimeoutError as error:
            attempt.cancelled.set("timeout")
            message = f"the attempt took longer than the step's timeout of {timeout:g} s"
            info = replace(to_info(error, stack=False), message=message)
            raise StepFailed(info) from error
        except StepFailed as failed:
            raise StepFailed(self._mask.error(failed.info)) from failed
