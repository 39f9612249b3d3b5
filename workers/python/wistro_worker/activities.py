"""The activities of a Python worker: one, dynamic, that runs whatever step it is named after."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import ValidationError
from temporalio import activity
from temporalio.api.common.v1 import Payload
from temporalio.common import RawValue
from temporalio.converter import ActivitySerializationContext, DataConverter
from temporalio.exceptions import ApplicationError

from wistro.context import Cancellation
from wistro.contract import ErrorInfo, Invocation, SegmentResult, StepResult
from wistro.errors import Retryable, to_info
from wistro.machine.routing import Expressions
from wistro_worker.contract import read_invocation
from wistro_worker.deliveries import Deliveries
from wistro_worker.executor import Attempt
from wistro_worker.failures import StepFailed
from wistro_worker.segments import run_segment
from wistro_worker.sizes import STORED_LIMIT, Oversized, check_size, oversized_error

HEARTBEAT_EVERY = timedelta(seconds=5)
"""The longest time between two signs of life: cancellation reaches a handler with one of them."""

StepActivity = Callable[[Sequence[RawValue]], Coroutine[Any, Any, RawValue]]


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long a handler that was asked to stop may take."""

    cancelled: timedelta = timedelta(seconds=10)
    """After a cancellation: what it does in this time still counts."""
    stopping: timedelta = timedelta(seconds=2)
    """When its result no longer counts (another attempt may have begun), or the worker stops."""
    stubborn: timedelta = timedelta(seconds=5)
    """After it was stopped, when it does not take that for an answer; then it is left behind."""


def step_activity(
    deliveries: Deliveries,
    expressions: Expressions,
    patience: Patience | None = None,
    *,
    stored_limit: int = STORED_LIMIT,
) -> StepActivity:
    """Make the dynamic activity that runs steps: one `Invocation` in, a result of the contract out.

    Args:
        deliveries: Makes the attempts.
        expressions: Evaluates the filters within a segment.
        patience: How long handlers that were asked to stop may take.
        stored_limit: Bytes of a result where external storage takes what Temporal does not.
    """
    waits = patience or Patience()
    # The SDK would log each of them again, with the stack of its own code.
    logging.getLogger("temporalio.activity").addFilter(_not_reported)

    @activity.defn(dynamic=True)
    async def run_step(args: Sequence[RawValue]) -> RawValue:
        invocation = _invocation(args[0].payload)
        surroundings = _Surroundings(invocation)
        try:
            with surroundings:
                if invocation.segment is None:
                    work = _single(deliveries, invocation, surroundings, stored_limit)
                else:
                    work = _segment(deliveries, expressions, invocation, surroundings, stored_limit)
                return await _until_stopped(work, surroundings.stop, waits)
        except StepFailed as failed:
            raise _reported(failed.info) from None

    return run_step


def _invocation(payload: Payload) -> Invocation:
    try:
        return activity.payload_converter().from_payload(payload, Invocation)
    except ValidationError:
        try:
            return read_invocation(payload.data)
        except Retryable as error:
            raise _reported(to_info(error, stack=False)) from None


async def _single(
    deliveries: Deliveries, invocation: Invocation, surroundings: _Surroundings, stored_limit: int
) -> RawValue:
    attempt = surroundings.attempt(invocation)
    result = await deliveries.attempt(invocation, attempt, waited=surroundings.waited)
    try:
        return await _packed(result, stored_limit)
    except Oversized as found:
        raise StepFailed(oversized_error(invocation.step, result, found)) from None


async def _segment(
    deliveries: Deliveries,
    expressions: Expressions,
    invocation: Invocation,
    surroundings: _Surroundings,
    stored_limit: int,
) -> RawValue:
    assert invocation.segment is not None
    result = await run_segment(
        invocation, invocation.segment, deliveries, expressions, surroundings.attempt
    )
    while True:
        try:
            return await _packed(result, stored_limit)
        except Oversized as found:
            result = _shorter(result, found)


def _shorter(result: SegmentResult, found: Oversized) -> SegmentResult:
    """Without its last report: that delivery is made again, by itself. A single report fails."""
    report, *others = result.reports
    if others:
        return replace(result, reports=result.reports[:-1])
    error = oversized_error(report.step, report.result or StepResult(), found)
    return SegmentResult(reports=(replace(report, result=None, error=error),))


async def _packed(result: StepResult | SegmentResult, stored_limit: int) -> RawValue:
    """The result, converted and known to fit."""
    payload: Payload = activity.payload_converter().to_payload(result)
    await check_size(payload, _converter, stored_limit)
    return RawValue(payload)


def _converter() -> DataConverter:
    """The worker's data converter in the context of this activity: with the key of its flow."""
    info = activity.info()
    return activity.client().data_converter.with_context(
        ActivitySerializationContext(
            namespace=info.namespace,
            workflow_id=info.workflow_id,
            workflow_type=info.workflow_type,
            activity_type=info.activity_type,
            activity_id=info.activity_id,
            activity_task_queue=info.task_queue,
            is_local=info.is_local,
        )
    )


async def _until_stopped(
    work: Coroutine[Any, Any, RawValue], ask: Callable[[str], None], patience: Patience
) -> RawValue:
    """Run `work`; when Temporal cancels it, ask it to stop, wait a while, and then make it stop.

    A handler that finishes in that time has finished: its result counts.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        reason, grace = _reason(patience)
        ask(reason)
        try:
            await asyncio.wait({task}, timeout=grace.total_seconds())
        finally:
            stopped_by_us = task.cancel()
        if not stopped_by_us:
            return task.result()
        await asyncio.wait({task}, timeout=patience.stubborn.total_seconds())
        if reason == "cancelled":
            raise
        # Temporal takes "cancelled" only from an activity that it asked to stop.
        raise StepFailed(_stopped(reason)) from None


def _reason(patience: Patience) -> tuple[str, timedelta]:
    details = activity.cancellation_details()
    if details is None or details.cancel_requested:
        return "cancelled", patience.cancelled
    if details.worker_shutdown:
        return "worker_stopping", patience.stopping
    if details.timed_out:
        return "timeout", patience.stopping
    return "superseded", patience.stopping


def _stopped(reason: str) -> ErrorInfo:
    if reason != "worker_stopping":
        # Nobody hears this any more, unless Temporal changes its mind.
        return ErrorInfo(code=reason, message="the attempt was stopped: its result cannot count")
    return ErrorInfo(
        code="worker_stopped",
        message="the worker stopped before the attempt was over; another attempt follows",
        type="WorkerStopped",
    )


class _Surroundings:
    """What an activity knows about its attempts; inside `with`, it gives signs of life."""

    def __init__(self, invocation: Invocation) -> None:
        info = activity.info()
        self._reason: str | None = None
        self._cancellations: list[Cancellation] = []
        self._first = invocation
        self._number = invocation.attempt + info.attempt
        self._details: object = None
        self._timer: asyncio.TimerHandle | None = None
        self._every = 0.0
        if not info.is_local and info.heartbeat_timeout is not None:
            self._every = min(info.heartbeat_timeout / 4, HEARTBEAT_EVERY).total_seconds()
        self.waited: float | None = None
        if not info.is_local:
            ready = info.current_attempt_scheduled_time
            self.waited = (datetime.now(UTC) - ready).total_seconds()

    def __enter__(self) -> None:
        self._rearm()

    def __exit__(self, *_: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def attempt(self, invocation: Invocation) -> Attempt:
        """The attempt at the delivery of the activity, or at one that followed in its segment."""
        same = invocation.delivery_id == self._first.delivery_id
        cancelled = Cancellation()
        self._cancellations.append(cancelled)
        if self._reason is not None:
            cancelled.set(self._reason)
        return Attempt(
            number=self._number if same else 1,
            cancelled=cancelled,
            heartbeat=self._report,
            inline=activity.info().is_local,
        )

    def stop(self, reason: str) -> None:
        """Ask every attempt to stop, those that are still to come too."""
        self._reason = reason
        for cancelled in self._cancellations:
            cancelled.set(reason)

    def _report(self, details: object) -> None:
        # Kept, because the next sign of life would replace it with nothing.
        self._details = details
        if self._every:
            self._beat()

    def _beat(self) -> None:
        if self._details is None:
            activity.heartbeat()
        else:
            activity.heartbeat(self._details)
        self._rearm()

    def _rearm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._every:
            self._timer = asyncio.get_running_loop().call_later(self._every, self._beat)


class _Reported(ApplicationError):
    """The failure of an attempt, which the journal and the log have already."""


def _not_reported(record: logging.LogRecord) -> bool:
    return not (record.exc_info and isinstance(record.exc_info[1], _Reported))


def _reported(error: ErrorInfo) -> _Reported:
    return _Reported(
        error.message,
        error,
        # By the class of the exception, as policies name the errors that are never retried.
        type=error.type or error.code,
        non_retryable=not error.retryable,
        next_retry_delay=None
        if error.retry_after is None
        else timedelta(seconds=error.retry_after),
    )
