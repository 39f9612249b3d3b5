"""Segments: a delivery and its inline successors, made in one go next to the workflow."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from wistro.contract import Invocation, Report, Segment, SegmentResult, StepResult
from wistro.machine.routing import Child, Expressions, deliveries_of
from wistro.values import json_size
from wistro_worker.deliveries import Deliveries
from wistro_worker.executor import Attempt
from wistro_worker.failures import StepFailed

BYTES = 512 * 1024
"""A segment begins no delivery once its results are this large, as JSON: they travel together."""


async def run_segment(
    first: Invocation,
    segment: Segment,
    deliveries: Deliveries,
    expressions: Expressions,
    attempt: Callable[[Invocation], Attempt],
) -> SegmentResult:
    """Make the delivery `first`, then the inline deliveries that follow from it.

    Siblings run concurrently. A path ends where a step is not inline, an attempt fails, the budget is
    used up, or somebody asks to stop; what it would have done next, the machine does. The machine sees
    each delivery by itself, as if it had dispatched it.

    Args:
        first: The delivery that the machine dispatched.
        segment: The plan, and how many deliveries may be made.
        deliveries: Makes the attempts.
        expressions: Evaluates the filters of subscriptions.
        attempt: The surroundings of a delivery's attempt.
    """
    return await _Run(first, segment, deliveries, expressions, attempt).make()


class _Run:
    def __init__(
        self,
        first: Invocation,
        segment: Segment,
        deliveries: Deliveries,
        expressions: Expressions,
        attempt: Callable[[Invocation], Attempt],
    ) -> None:
        self._first = replace(first, segment=None)
        self._plan = segment.plan
        self._budget = segment.budget
        self._deliveries = deliveries
        self._expressions = expressions
        self._attempt = attempt
        self._reports: list[Report] = []
        self._bytes = 0
        # `<origin>:<delivery>`, and `:r<n>` after an edit; run ids of schedules have colons too.
        self._origin = first.idempotency_key.rpartition(f":{first.delivery_id}")[0] or first.run_id

    async def make(self) -> SegmentResult:
        self._budget -= 1
        await self._follow(self._first)
        return SegmentResult(reports=tuple(self._reports))

    async def _follow(self, invocation: Invocation) -> None:
        """Make a delivery and what follows from it. A chain is a loop here: it may be long."""
        while True:
            children = await self._make(invocation)
            if len(children) != 1:
                break
            invocation = children[0]
        if children:
            async with asyncio.TaskGroup() as siblings:
                for child in children:
                    siblings.create_task(self._follow(child))

    async def _make(self, invocation: Invocation) -> Sequence[Invocation]:
        """Make a delivery, report it, and say what to make next."""
        step = self._plan.steps.get(invocation.step)
        attempt = self._attempt(invocation)
        started = time.time()
        report = Report(
            delivery_id=invocation.delivery_id,
            step=invocation.step,
            started_at=started,
            finished_at=started,
        )
        # Its place is before those of its successors, and it keeps it whatever runs beside it.
        place = len(self._reports)
        self._reports.append(report)
        try:
            result = await self._deliveries.attempt(
                invocation, attempt, timeout=None if step is None else step.timeout
            )
        except StepFailed as failed:
            self._reports[place] = replace(report, finished_at=time.time(), error=failed.info)
            return ()
        self._reports[place] = replace(report, finished_at=time.time(), result=result)
        self._bytes += json_size(result)
        if attempt.cancelled:
            return ()
        return [self._child(invocation, child) for child in self._next(invocation, result)]

    def _next(self, invocation: Invocation, result: StepResult) -> Iterator[Child]:
        emissions = result.emissions
        for child in deliveries_of(
            self._plan, invocation.delivery_id, emissions, self._expressions
        ):
            if not child.inline or self._budget <= 0 or self._bytes > BYTES:
                continue
            self._budget -= 1
            yield child

    def _child(self, parent: Invocation, child: Child) -> Invocation:
        return replace(
            parent,
            step=child.step.id,
            delivery_id=child.delivery_id,
            idempotency_key=f"{self._origin}:{child.delivery_id}",
            topic=child.topic,
            data=child.data,
            attempt=0,
        )
