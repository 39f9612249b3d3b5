"""Makes the attempts to bring answers to their targets."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from temporalio import activity

from wistro.errors import WistroError
from wistro.project.answer_settings import AnswerSettings
from wistro.targets.interface import Answer, Receipt, Undeliverable, Unreached
from wistro.targets.record import Attempt, AttemptOutcome
from wistro.targets.registry import Targets
from wistro.targets.services import ChannelItems, InboxAnswers, Publish, TargetServices
from wistro.temporal.delivering import DELIVER_ACTIVITY, AttemptResult, DeliveryAttempt

if TYPE_CHECKING:
    from wistro.temporal.wire import AnswerDelivery

_HEARTBEAT = 2.0
_LONGEST_MESSAGE = 300
_JITTER = 0.1
"""Answers that failed together must not all come back at the same moment."""

_log = structlog.stdlib.get_logger("wistro.answers")


@dataclass(frozen=True, kw_only=True)
class AnswerServices:
    """What a process that delivers answers has."""

    targets: Targets
    channels: ChannelItems | None = None
    inbox: InboxAnswers | None = None
    secret: Callable[[str], str | None] = os.environ.get
    """Finds secrets by the names of their variables."""
    development: bool = False


class AnswerActivities:
    """The built-in activity behind response targets."""

    def __init__(self, publish: Publish, services: AnswerServices) -> None:
        self._targets = services.targets
        self._services = TargetServices(
            publish=publish,
            channels=services.channels,
            inbox=services.inbox,
            secret=services.secret,
            development=services.development,
        )

    @activity.defn(name=DELIVER_ACTIVITY)
    async def deliver_answer(self, asked: DeliveryAttempt) -> AttemptResult:
        """Makes one attempt. It returns how that went, and fails only with its process."""
        delivery, settings = asked.delivery, self._targets.settings
        began, clock = time.time(), time.monotonic()
        retry_in, receipt, failure = None, Receipt(), None
        async with _heartbeats():
            try:
                async with asyncio.timeout(settings.timeout.total_seconds()):
                    receipt = await self._deliver(delivery)
            except Exception as error:  # noqa: BLE001 - a target may be anybody's
                failure = error
        if failure is not None and not isinstance(failure, Undeliverable):
            retry_in = next_wait(settings, asked.number, failure)
        attempt = Attempt(
            at=began,
            seconds=round(time.monotonic() - clock, 3),
            target=delivery.respond_to.target,
            outcome=_outcome(failure),
            status_code=getattr(failure or receipt, "status_code", None),
            message=(_message(failure) if failure else receipt.message)[:_LONGEST_MESSAGE],
        )
        _tell(delivery, attempt, failure, retry_in)
        return AttemptResult(
            attempt=attempt, retry_in=retry_in, retention=settings.retention.total_seconds()
        )

    async def _deliver(self, delivery: AnswerDelivery) -> Receipt:
        to = delivery.respond_to
        target = self._targets.get(to.target)
        if target is None:  # a project of tomorrow may have it again
            raise Unreached(
                f"there is no response target `{to.target}`",
                hint="name it in `answers.targets` in `wistro.yml`",
            )
        answer = Answer(
            id=delivery.id,
            flow=delivery.flow,
            call_id=delivery.run_id,
            number=delivery.number,
            last=delivery.last,
            answer=delivery.answer,
            response_meta=delivery.response_meta,
            client_context=delivery.client_context,
            by=delivery.by,
            answered_at=delivery.answered_at,
            traceparent=delivery.traceparent,
        )
        return await target.deliver(answer, to.address, self._services)


def next_wait(settings: AnswerSettings, number: int, failure: Exception) -> float | None:
    """Seconds until the next attempt after the one of this number has failed.

    What the receiver asked for counts, up to the longest wait of the schedule.
    """
    if number > len(settings.retry):
        return None
    wait = settings.retry[number - 1].total_seconds()
    wait *= 1 + random.uniform(0, _JITTER)  # noqa: S311 - no secret
    after = failure.retry_after if isinstance(failure, Unreached) else None
    longest = max(each.total_seconds() for each in settings.retry)
    return wait if after is None else max(wait, min(after, longest))


def _outcome(failure: Exception | None) -> AttemptOutcome:
    if failure is None:
        return "delivered"
    return "refused" if isinstance(failure, Undeliverable) else "failed"


def _message(failure: Exception) -> str:
    """What operators are told: our own words, never those of a stranger's exception."""
    if isinstance(failure, WistroError):
        return failure.message
    if isinstance(failure, TimeoutError):
        return "the attempt took too long"
    return f"the target raised `{type(failure).__name__}`"


def _tell(
    delivery: AnswerDelivery, attempt: Attempt, failure: Exception | None, retry_in: float | None
) -> None:
    if failure is None:
        return
    unexpected = not isinstance(failure, (WistroError, TimeoutError))
    _log.warning(
        "an answer was not delivered",
        flow=delivery.flow,
        run_id=delivery.run_id,
        target=attempt.target,
        outcome=attempt.outcome,
        message=attempt.message,
        retry_in=retry_in,
        exc_info=failure if unexpected else None,
    )


@asynccontextmanager
async def _heartbeats() -> AsyncGenerator[None]:
    async def beat() -> None:
        while True:
            activity.heartbeat()
            await asyncio.sleep(_HEARTBEAT)

    beating = asyncio.create_task(beat())
    try:
        yield
    finally:
        beating.cancel()
