"""A dispatch in progress: one delivery, or a segment of inline ones."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Protocol

from wistro.contract import ErrorInfo, Invocation, Report, StepResult
from wistro.machine.commands import Dispatch
from wistro.machine.events import (
    DeliveryCancelled,
    DeliveryCompleted,
    DeliveryFailed,
    Event,
    SegmentCompleted,
)
from wistro.machine.plan import Plan
from wistro.machine.routing import Expressions, deliveries_of
from wistro.testing.clock import FakeClock
from wistro.testing.fakes import Fake


class Surroundings(Protocol):
    """What the work of a run needs of the test around it."""

    clock: FakeClock
    expressions: Expressions

    def fake_of(self, step: str) -> Fake | None:
        """What stands in for the step, if anything does."""
        ...

    async def perform(self, invocation: Invocation) -> StepResult | ErrorInfo:
        """Makes one attempt with the step's fake or its real handler."""
        ...

    def soon(self, job: Callable[[], Awaitable[None]]) -> None:
        """Has `job` called before the clock moves."""
        ...


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """An attempt to make, or under way."""

    invocation: Invocation
    parent: str | None
    """The delivery that emitted its message."""
    started_at: float = 0.0


class Work:
    """Makes the attempt of a dispatch, and for an inline one those of its inline children.

    Reports to `ended` with one event, when the fake clock says that all of it is done.
    """

    def __init__(
        self,
        command: Dispatch,
        invocation: Invocation,
        *,
        plan: Plan,
        around: Surroundings,
        began: Callable[[Attempt], None],
        ended: Callable[[Event], None],
    ) -> None:
        self._command = command
        self._plan = plan
        self._around = around
        self._began = began
        self._ended = ended
        self._todo = deque([Attempt(invocation=invocation, parent=command.delivery.parent)])
        self._found = 1
        self._reports: list[Report] = []
        self._attempt: Attempt | None = None
        self._stopped = False

    async def begin(self) -> None:
        """Begins the next attempt; one that takes no time is over at once."""
        if self._stopped:
            return
        clock = self._around.clock
        attempt = self._attempt = replace(self._todo.popleft(), started_at=clock.time)
        invocation = attempt.invocation
        self._began(attempt)
        fake = self._around.fake_of(invocation.step)
        seconds = 0.0 if fake is None else fake.takes.total_seconds()
        limit = self._plan.steps[invocation.step].timeout
        job = self._time_out if seconds > limit else self._perform
        if seconds > 0:
            at = clock.time + min(seconds, limit)
            clock.set(self, at, lambda: self._around.soon(job))
        else:
            await job()

    def cancel(self) -> None:
        """Asks the handler at work to stop."""
        fake = self._around.fake_of(self._attempt.invocation.step) if self._attempt else None
        if self._stopped or (fake is not None and fake.stubborn):
            return
        self._stopped = True
        self._around.clock.clear(self)
        self._around.soon(self._give_up)

    def leave(self) -> None:
        """The run is over: whatever the handler still does has no effect."""
        self._stopped = True
        self._around.clock.clear(self)

    async def _perform(self) -> None:
        attempt = self._attempt
        if self._stopped or attempt is None:
            return
        made = await self._around.perform(attempt.invocation)
        # A handler that waited for a call may come back when nobody wants its result any more.
        if not self._stopped:
            await self._take(attempt, made)

    async def _time_out(self) -> None:
        attempt = self._attempt
        if self._stopped or attempt is None:
            return
        limit = self._plan.steps[attempt.invocation.step].timeout
        message = f"the step took longer than its {limit:g} s"
        await self._take(attempt, ErrorInfo(code="timeout", message=message, type="TimeoutError"))

    async def _give_up(self) -> None:
        at, first = self._around.clock.time, self._command.delivery.id
        if self._reports:
            self._ended(SegmentCompleted(at=at, reports=tuple(self._reports)))
        else:
            self._ended(DeliveryCancelled(at=at, delivery_id=first))

    async def _take(self, attempt: Attempt, made: StepResult | ErrorInfo) -> None:
        self._attempt = None
        if not self._command.inline:
            self._ended(_event(attempt.invocation, made, self._around.clock.time))
            return
        self._reports.append(_report(attempt, made, self._around.clock.time))
        if isinstance(made, StepResult):
            self._find_children(attempt.invocation, made)
        if self._todo:
            await self.begin()
        else:
            self._ended(SegmentCompleted(at=self._around.clock.time, reports=tuple(self._reports)))

    def _find_children(self, parent: Invocation, result: StepResult) -> None:
        emissions, expressions = result.emissions, self._around.expressions
        for child in deliveries_of(self._plan, parent.delivery_id, emissions, expressions):
            if child.inline and self._found < self._command.budget:
                self._found += 1
                invocation = replace(
                    parent,
                    step=child.step.id,
                    delivery_id=child.delivery_id,
                    idempotency_key=f"{parent.run_id}:{child.delivery_id}",
                    topic=child.topic,
                    data=child.data,
                    attempt=0,
                )
                self._todo.append(Attempt(invocation=invocation, parent=parent.delivery_id))


def _event(invocation: Invocation, made: StepResult | ErrorInfo, at: float) -> Event:
    id = invocation.delivery_id
    if isinstance(made, StepResult):
        return DeliveryCompleted(at=at, delivery_id=id, result=made)
    return DeliveryFailed(at=at, delivery_id=id, error=made, attempts=invocation.attempt + 1)


def _report(attempt: Attempt, made: StepResult | ErrorInfo, at: float) -> Report:
    return Report(
        delivery_id=attempt.invocation.delivery_id,
        step=attempt.invocation.step,
        started_at=attempt.started_at,
        finished_at=at,
        result=made if isinstance(made, StepResult) else None,
        error=made if isinstance(made, ErrorInfo) else None,
    )
