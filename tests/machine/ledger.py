"""Books kept beside a machine: what should have reached whom, told from the events alone.

Written without the machine's routing and join code, so that the two can disagree.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.machine.strategies import FILTER, id_of
from wistro.contract import Emission
from wistro.machine.commands import Announce, Command, Dispatch, Finish, StartRun
from wistro.machine.plan import Plan, StepPlan
from wistro.machine.routing import child_id
from wistro.machine.state import ROOT, Delivery, RunState


@dataclass
class _Open:
    """A join that waits."""

    needed: int | None
    topics: list[str] = field(default_factory=list[str])

    def complete(self, step: StepPlan) -> bool:
        if self.needed is not None:
            return len(self.topics) >= self.needed
        return set(self.topics) == {s.topic for s in step.subscribes}


class Ledger:
    """What a run owes to whom."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.created: Counter[str] = Counter()
        """Deliveries that each step should have been given (links: `→ flow`)."""
        self.failed_over: Counter[str] = Counter()
        """Deliveries that became a message on their failure topic."""
        self.in_flight: dict[str, Delivery] = {}
        self.completed: set[str] = set()
        self.finished = 0
        self.joins: dict[tuple[str, str], _Open] = {}
        self.fired: set[tuple[str, str]] = set()

    # What should happen

    def route(self, emissions: tuple[Emission, ...], *, own_flow_only: bool = False) -> None:
        """Messages that somebody should receive."""
        for emission in emissions:
            for step in self.plan.steps.values():
                if any(
                    s.topic == emission.topic and self._passes(s.where, emission.data)
                    for s in step.subscribes
                ):
                    self._reach(step, emission)
            if not own_flow_only:
                for flow in self.plan.shared.get(emission.topic, ()):
                    self.created[f"→ {flow}"] += 1

    def _passes(self, where: str | None, data: object) -> bool:
        assert where in (None, FILTER)
        return where is None or id_of(data) == 1

    def _reach(self, step: StepPlan, emission: Emission) -> None:
        join, id = step.join, id_of(emission.data)
        if join is None:
            self.created[step.id] += 1
            return
        if id is None and (join.key is not None or isinstance(join.quorum, str)):
            self.created[step.id] += 1  # It cannot be placed and fails by itself.
            return
        place = (step.id, json.dumps(None if join.key is None else id))
        if place in self.fired:
            return
        needed = join.quorum if not isinstance(join.quorum, str) else (id or 0) + 1
        waiting = self.joins.setdefault(place, _Open(needed))
        if waiting.needed is None and emission.topic in waiting.topics:
            return
        waiting.topics.append(emission.topic)
        if waiting.complete(step):
            self._fire(place)

    def _fire(self, place: tuple[str, str]) -> None:
        del self.joins[place]
        self.fired.add(place)
        self.created[place[0]] += 1

    def _sync(self, state: RunState) -> None:
        """Joins fire incomplete when their time is up, or the run comes to rest."""
        for step, key in list(self.joins):
            if child_id(ROOT, 0, f"join {step} {key}") in state.joined:
                self._fire((step, key))

    # What the machine wants

    def take(self, commands: list[Command], state: RunState) -> None:
        """Checks what the machine wants against the plan, and remembers it."""
        self._sync(state)
        for command in commands:
            if isinstance(command, Dispatch | StartRun):
                self._check(command)
                assert command.delivery.id not in self.in_flight, "dispatched twice at once"
                assert command.delivery.id not in self.completed, "dispatched after it was done"
                self.in_flight[command.delivery.id] = command.delivery
            elif isinstance(command, Announce) and command.emissions:
                self.failed_over[command.delivery.step] += 1
                self.route(command.emissions)
                self._sync(state)
            elif isinstance(command, Finish):
                self.finished += 1

    def _check(self, command: Dispatch | StartRun) -> None:
        """Isolation: a message goes to subscribers of its topic, or where its topic is shared."""
        delivery = command.delivery
        if isinstance(command, StartRun):
            assert command.flow in self.plan.shared[delivery.topic or ""]
            return
        step = self.plan.steps[delivery.step]
        topics = {s.topic for s in step.subscribes}
        if step.join is None:
            assert delivery.topic in topics
        elif delivery.topic is None:
            assert isinstance(delivery.data, Mapping)
            assert set(delivery.data) <= topics

    # Whether it agrees

    def check(self, state: RunState, running: int) -> None:
        """Compares the books with the state of the machine."""
        open_steps = Counter(d.step or f"→ {d.flow}" for d in state.deliveries.values())
        for name, count in state.counts.items():
            done = count.completed + count.ignored + count.skipped + self.failed_over[name]
            assert count.created == done + open_steps[name], f"{name} lost or doubled a delivery"
        counted = {name: count.created for name, count in state.counts.items() if count.created}
        assert counted == dict(self.created), "not everybody got what was sent"
        by_status = Counter(d.status for d in state.deliveries.values())
        assert running == by_status["running"]
        assert running <= self.plan.limits.in_flight
        if state.outcome is None:
            at_work = {id for id, d in state.deliveries.items() if d.status == "running"}
            assert at_work == set(self.in_flight)
        queued = [id for id, d in state.deliveries.items() if d.status == "queued"]
        assert sorted(state.queue) == sorted(queued)
        waiting = {f"wake:{id}" for id, d in state.deliveries.items() if d.status == "waiting"}
        assert waiting == {timer for timer in state.timers if timer.startswith("wake:")}
        received = {
            (joining.step, joining.key): [topic for topic, _ in joining.received]
            for joining in state.joining.values()
        }
        assert received == {place: waiting.topics for place, waiting in self.joins.items()}
        assert self.finished == (state.outcome is not None)
