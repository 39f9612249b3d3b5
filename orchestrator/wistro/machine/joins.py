"""Joins: steps that wait for several messages and fire exactly once per run and key."""

from __future__ import annotations

import json
from dataclasses import dataclass

from wistro.contract import ErrorInfo
from wistro.machine.plan import JoinPlan, Plan, StepPlan
from wistro.machine.routing import Expressions, child_id
from wistro.machine.state import ROOT, Joining, RunState


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What became of a message that reached a join."""

    id: str
    """The join, or a delivery that fails with `error`."""
    opened: bool = False
    complete: bool = False
    note: str | None = None
    error: ErrorInfo | None = None


class Joins:
    """The joins of one run; their state lives in the run's state."""

    def __init__(self, plan: Plan, state: RunState, expressions: Expressions) -> None:
        self._plan = plan
        self._state = state
        self._expressions = expressions

    def take(self, step: StepPlan, topic: str, data: object, parent: str) -> Taken:
        """Takes a message in; says whether it opened or completed a join, or came too late."""
        join = step.join or JoinPlan()
        try:
            key = self.key_of(join, data)
            needed = self._quorum(join, data)
        except ValueError as error:
            # The message cannot be placed: it fails by itself, and `on_failure` decides about it.
            lost = child_id(parent, self._state.numbered, f"join {step.id}")
            info = ErrorInfo(code="join_failed", message=str(error), retryable=False)
            return Taken(id=lost, error=info)
        id = _id(step, key)
        if id in self._state.joined:
            return Taken(
                id=id, note=f"a message on `{topic}` came after the join of `{step.id}` had fired"
            )
        joining = self._state.joining.setdefault(id, Joining(step=step.id, key=key, needed=needed))
        opened = joining.dormant or not joining.received
        joining.dormant = False
        if joining.needed is None and any(seen == topic for seen, _ in joining.received):
            note = f"the join of `{step.id}` got a second message on `{topic}`; the first counts"
            return Taken(id=id, note=note)
        joining.received.append((topic, data))
        joining.parent = parent
        return Taken(id=id, opened=opened, complete=not self._missing_count(joining))

    def key_of(self, join: JoinPlan, data: object) -> str:
        """What the message is joined by, as JSON text; raises `ValueError` when it has no key."""
        value = None if join.key is None else self._expressions.evaluate(join.key, data)
        return json.dumps(value, sort_keys=True)

    def place(self, step: StepPlan, data: object) -> str:
        """The id of the delivery that the message takes part in.

        Raises:
            ValueError: it has no key, so that it takes part in none.
        """
        return _id(step, self.key_of(step.join or JoinPlan(), data))

    def awake(self) -> list[str]:
        """The joins that messages of this run wait in; parts that a fork only keeps do not count."""
        return [id for id, joining in self._state.joining.items() if not joining.dormant]

    def fire(self, id: str) -> tuple[Joining, str, object]:
        """Closes the join: returns it, the id of the delivery to make, and the joined message.

        The message maps each topic to its message, or with a quorum to the list of them.
        """
        joining = self._state.joining.pop(id)
        self._state.joined.append(id)
        if joining.needed is None:
            return joining, id, dict(joining.received)
        lists: dict[str, list[object]] = {}
        for topic, data in joining.received:
            lists.setdefault(topic, []).append(data)
        return joining, id, lists

    def missing(self, joining: Joining) -> str:
        """What the join still lacks, in words."""
        if joining.needed is not None:
            return f"{len(joining.received)} of {joining.needed} messages arrived"
        return "missing " + ", ".join(f"`{topic}`" for topic in self._missing_topics(joining))

    def _missing_count(self, joining: Joining) -> int:
        if joining.needed is not None:
            return max(joining.needed - len(joining.received), 0)
        return len(self._missing_topics(joining))

    def _missing_topics(self, joining: Joining) -> list[str]:
        seen = {topic for topic, _ in joining.received}
        wanted = dict.fromkeys(s.topic for s in self._plan.steps[joining.step].subscribes)
        return [topic for topic in wanted if topic not in seen]

    def _quorum(self, join: JoinPlan, data: object) -> int | None:
        if join.quorum is None or isinstance(join.quorum, int):
            return join.quorum
        value = self._expressions.evaluate(join.quorum, data)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise ValueError(
                f"the quorum `{join.quorum}` is {value!r}, expected a whole number from 1"
            )
        return value


def _id(step: StepPlan, key: str) -> str:
    return child_id(ROOT, 0, f"join {step.id} {key}")
