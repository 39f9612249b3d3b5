"""Names the loop that a run goes round in, for the error of a run with too many deliveries."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from wistro.machine.plan import Plan


def loop_of(plan: Plan, step: str, created: Mapping[str, int]) -> list[str]:
    """The shortest loop through `step`, along the busiest steps where there is a choice.

    Returns its steps in order with the first repeated at the end, or nothing when `step` is in
    no loop (a fan-out can reach the bound, too).
    """
    previous: dict[str, str] = {}
    waiting = deque([step])
    while waiting:
        here = waiting.popleft()
        for following in sorted(_receivers(plan, here), key=lambda id: -created.get(id, 0)):
            if following == step:
                return [*_path(previous, step, here), step]
            if following not in previous:
                previous[following] = here
                waiting.append(following)
    return []


def _receivers(plan: Plan, step: str) -> list[str]:
    sender = plan.steps.get(step)
    if sender is None:
        return []
    topics = (*sender.emits, *([sender.failure_topic] if sender.failure_topic else []))
    return [receiver.id for topic in topics for receiver, _ in plan.routes.get(topic, ())]


def _path(previous: Mapping[str, str], start: str, end: str) -> list[str]:
    path = [end]
    while path[-1] != start:
        path.append(previous[path[-1]])
    return path[::-1]
