"""Who receives what a delivery emits: pure, and the same in the machine and in a worker's segment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

from wistro.contract import Emission
from wistro.machine.plan import Plan, StepPlan
from wistro.machine.state import Delivery


class Expressions(Protocol):
    """Evaluates the expressions of filters and joins."""

    def evaluate(self, text: str, message: object, request: object = None) -> object:
        """The value of `text` for `message` (and `request`); raises `ValueError` when it has none."""
        ...


@dataclass(frozen=True, kw_only=True)
class Child:
    """A delivery that an emission makes."""

    delivery_id: str
    step: StepPlan
    topic: str
    data: object

    @property
    def inline(self) -> bool:
        """Whether a segment may make this delivery without asking the machine."""
        return self.step.inline and self.step.join is None and self.step.delay == 0


def child_id(parent: str, index: int, receiver: str) -> str:
    """The id of what `receiver` gets from emission number `index` of delivery `parent`.

    A hash, so that it has one length however deep a chain is, and workers and machine agree on it.
    """
    return sha256(f"{parent}\0{index}\0{receiver}".encode()).hexdigest()[:16]


def told_id(delivery_id: str, told: int) -> str:
    """The parent of what follows when people are told of a task: it may happen several times."""
    return f"{delivery_id}/{told}"


def linked_run_id(run_id: str, delivery_id: str) -> str:
    """The id of the run that a shared message starts in another flow."""
    return sha256(f"{run_id}\0{delivery_id}".encode()).hexdigest()[:32]


def called_run_id(run_id: str, delivery: Delivery) -> str:
    """The id of the run that a delivery to a step with `calls` calls: another when it is made again."""
    again = f"{delivery.revision}.{delivery.released}"
    return sha256(f"{run_id}\0{delivery.id}\0{again}\0call".encode()).hexdigest()[:32]


def accepts(
    expressions: Expressions, where: str | None, data: object, request: object = None
) -> bool:
    """Whether a filter lets the message through; one that does not fit the message does not."""
    if where is None:
        return True
    try:
        return expressions.evaluate(where, data, request) is True
    except ValueError:
        return False


def deliveries_of(
    plan: Plan,
    parent: str,
    emissions: Iterable[Emission],
    expressions: Expressions,
) -> Iterator[Child]:
    """The deliveries within the flow that the emissions of delivery `parent` make, in order.

    A step gets a message once, however many of its subscriptions let it through.
    """
    for index, emission in enumerate(emissions):
        reached: set[str] = set()
        for step, subscription in plan.routes.get(emission.topic, ()):
            if step.id in reached or not accepts(expressions, subscription.where, emission.data):
                continue
            reached.add(step.id)
            yield Child(
                delivery_id=child_id(parent, index, step.id),
                step=step,
                topic=emission.topic,
                data=emission.data,
            )
