"""The workflow that brings an answer to its target: attempts, waits, and a record of both."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy, SearchAttributeUpdate
from temporalio.exceptions import ActivityError

from wistro.targets.record import AnswerRecord, AnswerStatus, Attempt
from wistro.temporal import wire
from wistro.temporal.delivering import (
    DELIVER_ACTIVITY,
    RECORD_QUERY,
    REDELIVER_UPDATE,
    UNDELIVERED,
    AttemptResult,
    DeliveryAttempt,
    Earlier,
    Redelivery,
)

_ATTEMPT = timedelta(minutes=11)
"""More than `answers.timeout` may be: the process that makes an attempt ends it in time."""
_HEARTBEAT = timedelta(seconds=10)
# Only for attempts that say nothing: those of processes that are gone.
_LOST = RetryPolicy(maximum_attempts=3, initial_interval=timedelta(seconds=1))
_PATIENCE = 60.0
"""Seconds until the next attempt when processes keep being lost and none says what is next."""
_MOST_ATTEMPTS = 200
"""How many attempts are remembered, the latest."""


@workflow.defn(name=wire.ANSWER_WORKFLOW, sandboxed=False)
class AnswerWorkflow:
    """One answer on its way to one target.

    When to try again is said by the activity, from the settings of today: nothing of `wistro.yml` is
    kept here. Once the schedule is exhausted, or the receiver has said no for good, the answer waits
    until somebody has it delivered again.
    """

    def __init__(self) -> None:
        self._delivery: wire.AnswerDelivery | None = None
        self._attempts: list[Attempt] = []
        self._status: AnswerStatus = "pending"
        self._next_at: float | None = None
        self._asked = False

    @workflow.run
    async def run(self, delivery: wire.AnswerDelivery, earlier: Earlier | None) -> AnswerRecord:
        """Tries until the answer is delivered, or nobody asks for it any more."""
        self._delivery = delivery
        _mark(wire.TRIGGER_ATTRIBUTE.value_set(f"answer:{delivery.respond_to.target}"))
        waits_for = None
        if earlier is not None:
            self._attempts, waits_for = list(earlier.record.attempts), earlier.waits_for
            self._status = "pending" if waits_for is None else UNDELIVERED
        while True:
            if waits_for is None:
                waits_for = await self._bring()
            if waits_for is None or not await self._is_asked_within(waits_for):
                break
            waits_for = None
            _mark(wire.STATUS_ATTRIBUTE.value_unset())
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._record()

    @workflow.update(name=REDELIVER_UPDATE)
    async def redeliver(self, wanted: Redelivery) -> AnswerRecord:
        """Has the next attempt made now, and the schedule begin anew."""
        await workflow.wait_condition(lambda: self._delivery is not None)
        if wanted.respond_to is not None:
            assert self._delivery is not None
            self._delivery = replace(self._delivery, respond_to=wanted.respond_to)
        self._asked, self._status = True, "pending"
        return self._record()

    @workflow.query(name=RECORD_QUERY)
    def record(self) -> AnswerRecord:
        """How the delivery stands."""
        return self._record()

    async def _bring(self) -> float | None:
        """Tries by the schedule; the seconds to wait for somebody to ask, `None` once it is delivered."""
        number = 0
        while True:
            number += 1
            self._asked = False
            result = await self._attempt(number)
            self._attempts = [*self._attempts[1 - _MOST_ATTEMPTS :], result.attempt]
            if self._asked:  # while the attempt was made: for another address, or to be sure
                number = 0
            elif result.attempt.outcome == "delivered":
                self._status = "delivered"
                return None
            elif result.retry_in is None:
                self._status = UNDELIVERED
                _mark(wire.STATUS_ATTRIBUTE.value_set(UNDELIVERED))
                return result.retention
            elif await self._is_asked_within(result.retry_in):
                number = 0

    async def _attempt(self, number: int) -> AttemptResult:
        delivery, began = self._delivery, workflow.time()
        assert delivery is not None
        try:
            return await workflow.execute_activity(
                DELIVER_ACTIVITY,
                DeliveryAttempt(delivery=delivery, number=number),
                result_type=AttemptResult,
                start_to_close_timeout=_ATTEMPT,
                heartbeat_timeout=_HEARTBEAT,
                retry_policy=_LOST,
                summary=f"attempt {number} at {delivery.respond_to.target}",
            )
        except ActivityError:
            attempt = Attempt(
                at=began,
                seconds=workflow.time() - began,
                target=delivery.respond_to.target,
                outcome="lost",
                message="the process that made the attempt gave no sign of life",
            )
            return AttemptResult(attempt=attempt, retry_in=_PATIENCE)

    async def _is_asked_within(self, seconds: float) -> bool:
        """Waits for somebody to ask for the next attempt."""
        deadline = workflow.time() + seconds
        if self._status == "pending":
            self._next_at = deadline
        try:
            await workflow.wait_condition(
                lambda: self._asked or workflow.info().is_continue_as_new_suggested(),
                timeout=timedelta(seconds=seconds),
            )
        except TimeoutError:
            return False
        finally:
            self._next_at = None
        if not self._asked:
            await self._go_on(deadline)
        return True

    async def _go_on(self, deadline: float) -> None:
        """Leaves a long history behind."""
        await workflow.wait_condition(workflow.all_handlers_finished)
        waits_for = None if self._status == "pending" else max(deadline - workflow.time(), 0.0)
        earlier = Earlier(record=self._record(), waits_for=waits_for)
        workflow.continue_as_new(args=[self._delivery, earlier])

    def _record(self) -> AnswerRecord:
        delivery = self._delivery
        assert delivery is not None
        return AnswerRecord(
            id=delivery.id,
            flow=delivery.flow,
            run_id=delivery.run_id,
            number=delivery.number,
            last=delivery.last,
            answered_at=delivery.answered_at,
            answer=delivery.answer.status,
            target=delivery.respond_to.target,
            address=delivery.respond_to.address,
            status=self._status,
            attempts=tuple(self._attempts),
            next_at=self._next_at,
        )


def _mark(update: SearchAttributeUpdate[str]) -> None:
    workflow.upsert_search_attributes([update])  # pyright: ignore[reportUnknownMemberType] - a bare generic in the SDK
