"""What followed from a delivery: told from what a run has made, by the routing of its plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from wistro.contract import Emission, ErrorInfo
from wistro.machine import failures
from wistro.machine.joins import Joins
from wistro.machine.plan import Plan
from wistro.machine.routing import Expressions, deliveries_of
from wistro.machine.state import Delivery, RunState

Part = tuple[str, object]
"""Topic and message of what a join receives."""


@dataclass(frozen=True, kw_only=True)
class Made:
    """A delivery that a run has made, as its history tells of it."""

    id: str
    step: str
    topic: str | None
    data: object
    """Its latest input."""
    emissions: tuple[Emission, ...] = ()
    output: object = None
    response: object = None
    responded: bool = False
    error: ErrorInfo | None = None
    """Why it failed, when it did in the end."""
    attempts: int = 0
    key: str | None = None
    """The idempotency key of its latest attempt, where the history has it."""
    began: int | None = None
    ended: int | None = None
    """Where the run took its beginning and its end in, among all that it took in."""


@dataclass(frozen=True, kw_only=True)
class Followed:
    """A delivery and all that followed from it."""

    ids: set[str] = field(default_factory=set[str])
    sent: dict[str, list[Part]] = field(default_factory=dict[str, list[Part]])
    """What they sent to each join, by the id of its delivery, as far as it was in time."""


def followed_from(
    id: str, plan: Plan, made: Mapping[str, Made], expressions: Expressions
) -> Followed:
    """The delivery `id`, those that its messages made, those that theirs made, and so on."""
    joins = Joins(plan, RunState(run_id=""), expressions)
    found = Followed()
    waiting = [id]
    while waiting:
        here = made.get(waiting.pop())
        if here is None or here.id in found.ids:
            continue
        found.ids.add(here.id)
        for child in deliveries_of(plan, here.id, emissions_of(plan, here), expressions):
            if child.step.join is None:
                waiting.append(child.delivery_id)
                continue
            try:
                join = joins.place(child.step, child.data)
            except ValueError:
                continue  # it was never placed, and failed by itself
            if not _late(here, made.get(join)):
                found.sent.setdefault(join, []).append((child.topic, child.data))
                waiting.append(join)
    found.ids.add(id)
    return found


def emissions_of(plan: Plan, made: Made) -> Sequence[Emission]:
    """What the delivery emitted; for one that failed, the message that tells of it."""
    if made.error is None or made.step not in plan.steps:
        return made.emissions
    delivery = Delivery(
        id=made.id,
        number=0,
        step=made.step,
        topic=made.topic,
        data=made.data,
        attempts=made.attempts,
    )
    choice, topic = failures.choice_of(plan, delivery)
    if choice != "emit" or topic is None:
        return made.emissions
    return (Emission(topic=topic, data=failures.failure_message(delivery, made.error)),)


def steps_after(plan: Plan, step: str) -> list[str]:
    """The steps that may come after `step`, nearest first, whatever it emits; itself in a loop."""
    found: list[str] = []
    waiting = [step]
    while waiting:
        sender = plan.steps.get(waiting.pop(0))
        if sender is None:
            continue
        outcomes = (outcome.topic for outcome in sender.outcomes)
        for topic in (*sender.emits, *outcomes, sender.failure_topic or ""):
            for receiver, _ in plan.routes.get(topic, ()):
                if receiver.id not in found:
                    found.append(receiver.id)
                    waiting.append(receiver.id)
    return found


def _late(sender: Made, join: Made | None) -> bool:
    """Whether the join had fired before the sender was done."""
    if join is None or join.began is None or sender.ended is None:
        return False
    return sender.ended > join.began
