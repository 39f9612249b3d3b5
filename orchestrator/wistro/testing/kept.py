"""Messages from outside in a test: they reach the runs that wait, and are kept for those that will."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from wistro.machine.commands import ShowWait
from wistro.machine.events import MessageArrived
from wistro.machine.plan import AwaitPlan
from wistro.machine.routing import Expressions, accepts
from wistro.machine.state import Delivery
from wistro.testing.clock import FakeClock
from wistro.testing.driver import RunDriver

KEEP = timedelta(hours=1)
"""How long messages are kept where nothing says so."""


@dataclass(frozen=True, kw_only=True)
class _Message:
    id: str
    topic: str
    data: object
    until: float
    only: str | None
    """The flow that it is for, when it is for one."""
    had: set[str] = field(default_factory=set[str])
    """The flows that it has reached."""


class KeptMessages:
    """Does for the runs of a test what the store of waits does in production."""

    def __init__(self, clock: FakeClock, expressions: Expressions) -> None:
        self.keep: Mapping[str, timedelta] = {}
        """How long messages are kept, by topic."""
        self._clock = clock
        self._expressions = expressions
        self._kept: list[_Message] = []
        self._published = 0

    def publish(
        self, topic: str, data: object, runs: Iterable[RunDriver], *, flow: str | None = None
    ) -> list[RunDriver]:
        """Bring a message to the runs that wait for it; returns them."""
        self._published += 1
        keep = self.keep.get(topic, KEEP).total_seconds()
        message = _Message(
            id=f"message {self._published}",
            topic=topic,
            data=data,
            until=self._clock.time + keep,
            only=flow,
        )
        reached = [run for run in runs if self._wanted(run, message)]
        for run in reached:
            message.had.add(run.plan.flow)
            self._tell(run, message)
        self._kept.append(message)
        return reached

    def opened(self, command: ShowWait, run: RunDriver) -> Callable[[], None] | None:
        """What brings a kept message to a wait that was opened just now, if there is one for it."""
        awaits = run.plan.steps[command.delivery.step].awaits
        self._kept = [message for message in self._kept if message.until > self._clock.time]
        for message in self._kept:
            mine = run.plan.flow not in message.had and message.only in (None, run.plan.flow)
            if mine and awaits is not None and self._fits(awaits, command.delivery, message):
                message.had.add(run.plan.flow)
                return lambda found=message: self._tell(run, found)
        return None

    def _wanted(self, run: RunDriver, message: _Message) -> bool:
        if run.state.outcome is not None or message.only not in (None, run.plan.flow):
            return False
        return any(
            awaits is not None and self._fits(awaits, delivery, message)
            for delivery in map(run.state.deliveries.__getitem__, run.state.opened)
            for awaits in [run.plan.steps[delivery.step].awaits]
        )

    def _fits(self, awaits: AwaitPlan, delivery: Delivery, message: _Message) -> bool:
        return awaits.topic == message.topic and accepts(
            self._expressions, awaits.where, message.data, delivery.data
        )

    def _tell(self, run: RunDriver, message: _Message) -> None:
        arrived = MessageArrived(
            at=self._clock.time, topic=message.topic, data=message.data, id=message.id
        )
        run.apply(arrived)
