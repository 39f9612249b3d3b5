"""Which ways a called flow may go, and how often each of them answers.

A step answers (`responds: true`), or answers and ends or else goes on (`responds: conditional`). What a
step emits happens together; an emission that is `conditional` happens or does not. Errors are not ways:
a run that fails gives its caller `flow_failed`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from wistro.project.descriptor import Descriptor
from wistro.project.graph import Graph

_MOST_WAYS = 500
"""Beyond this many the flow is too wide to say anything about all of its ways."""


@dataclass(frozen=True, kw_only=True)
class Way:
    """One way that a run may go."""

    answers: int
    """How many steps answer: 0, 1, or 2 for more."""
    path: tuple[str, ...]
    """Steps on it, in order: up to the second answer, or to an end that no answer came before."""
    ended_early: str | None = None
    """The step that emits nothing on this way, though it may on others."""
    joins: frozenset[str] = frozenset()
    """The joins that it leads to: each fires once, however many of its messages arrive."""


_NOTHING = Way(answers=0, path=())


class TooManyWays(Exception):
    """The flow is too wide to look at each of its ways."""


def ways(graph: Graph, flow: str, entry: Descriptor) -> list[Way]:
    """The ways from the call step of a flow, those of the same kind once; without loops.

    Raises:
        TooManyWays: there are too many to look at.
    """
    return _Walk(graph, flow).all_from(entry)


class _Walk:
    def __init__(self, graph: Graph, flow: str) -> None:
        self._graph = graph
        self._flow = flow
        self._known: dict[str, list[Way]] = {}

    def all_from(self, entry: Descriptor) -> list[Way]:
        """Every way, with the joins that it leads to followed too."""
        found: list[Way] = []
        waiting = [(way, frozenset[str]()) for way in self._from(entry, ())]
        while waiting:
            way, fired = waiting.pop()
            pending = sorted(way.joins - fired)
            if not pending:
                found.append(way)
                continue
            (step,) = (each for each in self._graph.steps if each.id == pending[0])
            onward = [_together([way, after]) for after in self._from(step, ())]
            waiting += [(more, fired | {step.id}) for more in onward]
            if len(waiting) + len(found) > _MOST_WAYS:
                raise TooManyWays
        return _distinct(found)

    def _from(self, step: Descriptor, above: tuple[str, ...]) -> list[Way]:
        """The ways from a step on, up to the joins that they lead to."""
        if step.id in above:
            return []  # A loop: its ways out are found where it is left.
        if step.id not in self._known:
            found = _distinct(self._own(step, (*above, step.id)))
            if above and any(id in above for id in self._reached(step)):
                return found  # It depends on where the loop was entered.
            self._known[step.id] = found
        return self._known[step.id]

    def _own(self, step: Descriptor, here: tuple[str, ...]) -> Iterator[Way]:
        if step.responds == "conditional":
            yield Way(answers=1, path=(step.id,))
        own = 1 if step.responds is True else 0
        optional = _may_emit_nothing(step)
        for after in self._after(step, here):
            early = step.id if optional and not after.path and not after.joins else None
            yield Way(
                answers=min(own + after.answers, 2),
                path=(step.id, *after.path),
                ended_early=after.ended_early or early,
                joins=after.joins,
            )

    def _after(self, step: Descriptor, here: tuple[str, ...]) -> list[Way]:
        """Everything that may follow a step, its emissions taken together."""
        return self._combined(self._choices(step, here))

    def _choices(self, step: Descriptor, here: tuple[str, ...]) -> Iterator[list[Way]]:
        """For each emission, and for the alternatives together: the ways it may go on with."""
        # A step that answers or goes on emits something when it goes on: with one emission, that one.
        sure = step.responds == "conditional" and len(step.emits) == 1
        either: list[Way] = []
        for emit in step.emits:
            found = self._combined(self._received(emit.topic, here))
            if emit.alternative:
                either += found
            elif emit.conditional and not sure:
                yield [*found, _NOTHING]
            else:
                yield found
        if either:
            yield either

    def _received(self, topic: str, here: tuple[str, ...]) -> Iterator[list[Way]]:
        """For each subscriber of the topic: the ways it may go on with."""
        for subscriber in self._graph.subscribers(topic, self._flow):
            if not subscriber.runs:
                continue
            if subscriber.join is not None:
                found = [Way(answers=0, path=(), joins=frozenset({subscriber.id}))]
            else:
                found = self._from(subscriber, here)
            filtered = any(s.topic == topic and s.where for s in subscriber.subscribes)
            yield [*found, _NOTHING] if filtered else found

    def _combined(self, choices: Iterable[list[Way]]) -> list[Way]:
        """Every combination of what is chosen at the same time."""
        found = [_NOTHING]
        for choice in choices:
            found = _distinct(_together([way, more]) for way in found for more in choice)
            if len(found) > _MOST_WAYS:
                raise TooManyWays
        return found

    def _reached(self, step: Descriptor) -> set[str]:
        topics = [emit.topic for emit in step.emits]
        return {s.id for topic in topics for s in self._graph.subscribers(topic, self._flow)}


def _may_emit_nothing(step: Descriptor) -> bool:
    if step.responds == "conditional":
        return False  # then it answers
    return bool(step.emits) and all(e.conditional and not e.alternative for e in step.emits)


def _together(branches: Iterable[Way]) -> Way:
    """Ways that are gone at the same time, as one; its path is that of the branch that matters."""
    given = list(branches)
    answers = min(sum(way.answers for way in given), 2)
    telling = [way for way in given if way.answers] if answers else given
    path = max((way.path for way in telling), key=len, default=())
    if answers == 2:
        path = tuple(dict.fromkeys(id for way in telling for id in way.path))
    early = next((way.ended_early for way in given if way.ended_early), None)
    return Way(
        answers=answers,
        path=path,
        ended_early=None if answers else early,
        joins=frozenset[str]().union(*(way.joins for way in given)),
    )


def _distinct(found: Iterable[Way]) -> list[Way]:
    """One way of each kind: with the same number of answers, the same joins and the same end."""
    kinds: dict[tuple[int, frozenset[str], str | None], Way] = {}
    for way in found:
        kinds.setdefault((way.answers, way.joins, way.ended_early), way)
    return list(kinds.values())
