"""Any plan, any order of events: nothing is lost, nothing is done twice, every run ends."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from pydantic import TypeAdapter

from tests.machine.ledger import Ledger
from tests.machine.strategies import TOPICS, hops_of, message, plans
from wistro.contract import Emission, ErrorInfo, Report, StepResult, Trigger
from wistro.expressions import CelExpressions
from wistro.machine.events import (
    KEEP,
    CancelAsked,
    DeliveryCancelled,
    DeliveryCompleted,
    DeliveryFailed,
    Event,
    MessageArrived,
    OperatorAsked,
    RunResumed,
    RunStarted,
    SegmentCompleted,
    TimerFired,
)
from wistro.machine.plan import Plan
from wistro.machine.reducer import Machine
from wistro.machine.routing import deliveries_of
from wistro.machine.state import Delivery, RunState

STATE = TypeAdapter(RunState)
CEL = CelExpressions()
emitted = st.lists(st.tuples(st.sampled_from(TOPICS), st.integers(0, 2)), max_size=3)
picks = st.integers(0, 10**6)


class AnyRun(RuleBasedStateMachine):
    """Workers, operators, clocks and callers do what they like to one run."""

    @initialize(plan=plans(), topic=st.sampled_from(TOPICS))
    def start(self, plan: Plan, topic: str) -> None:
        """A run starts with a message."""
        self.now = 0.0
        self.ledger = Ledger(plan)
        self.machine = Machine(plan, RunState(run_id="run"), CEL)
        first = Emission(topic=topic, data=message())
        self.ledger.route((first,), own_flow_only=True)
        self.apply(RunStarted(at=0, trigger=Trigger(kind="event", topic=topic), data=first.data))

    @property
    def state(self) -> RunState:
        """The state of the run."""
        return self.machine.state

    @property
    def over(self) -> bool:
        """Whether the run has ended."""
        return self.state.outcome is not None

    def apply(self, event: Event) -> None:
        """An event happens."""
        self.ledger.take(self.machine.apply(event), self.state)

    # Workers

    def at_work(self, pick: int, *, inline: bool) -> Delivery:
        """One of the deliveries that workers have."""
        steps = self.machine.plan.steps
        found = [
            d
            for d in self.ledger.in_flight.values()
            if (d.flow is None and steps[d.step].inline) is inline
        ]
        return found[pick % len(found)]

    def some_at_work(self, *, inline: bool) -> bool:
        """Whether workers have such deliveries."""
        steps = self.machine.plan.steps
        return any(
            (d.flow is None and steps[d.step].inline) is inline
            for d in self.ledger.in_flight.values()
        )

    def result(self, data: object, emits: list[tuple[str, int]]) -> StepResult:
        """What a handler does with `data`: nothing any more after a few hops."""
        hops = hops_of(data)
        pairs = emits if hops > 0 else []
        return StepResult(
            emissions=tuple(Emission(topic=t, data=message(id, hops - 1)) for t, id in pairs)
        )

    @precondition(lambda self: not self.over and self.some_at_work(inline=False))
    @rule(pick=picks, emits=emitted)
    def a_worker_completes(self, pick: int, emits: list[tuple[str, int]]) -> None:
        """A handler is done, or a linked run is started."""
        delivery = self.at_work(pick, inline=False)
        link = delivery.flow is not None
        result = StepResult() if link else self.result(delivery.data, emits)
        del self.ledger.in_flight[delivery.id]
        self.ledger.completed.add(delivery.id)
        self.ledger.route(result.emissions)
        self.apply(DeliveryCompleted(at=self.now, delivery_id=delivery.id, result=result))

    @precondition(lambda self: not self.over and self.some_at_work(inline=False))
    @rule(pick=picks, retryable=st.booleans(), after=st.sampled_from([None, 7.0]))
    def a_worker_fails(self, pick: int, retryable: bool, after: float | None) -> None:
        """An attempt fails."""
        delivery = self.at_work(pick, inline=False)
        error = ErrorInfo(code="no", message="no", retryable=retryable, retry_after=after)
        attempts = delivery.attempts + 1
        del self.ledger.in_flight[delivery.id]
        self.apply(
            DeliveryFailed(at=self.now, delivery_id=delivery.id, error=error, attempts=attempts)
        )

    @precondition(lambda self: not self.over and self.some_at_work(inline=True))
    @rule(pick=picks, outcomes=st.lists(st.one_of(st.none(), emitted), min_size=1, max_size=6))
    def a_segment_completes(self, pick: int, outcomes: list[list[tuple[str, int]] | None]) -> None:
        """A worker goes on with inline children; `None` stands for an attempt that fails."""
        first = self.at_work(pick, inline=True)
        del self.ledger.in_flight[first.id]
        todo = [(first.id, first.step, first.data)]
        reports: list[Report] = []
        for emits in outcomes:
            if not todo:
                break
            id, step, data = todo.pop(0)
            times = {"started_at": self.now, "finished_at": self.now}
            if emits is None:
                error = ErrorInfo(code="no", message="no")
                reports.append(Report(delivery_id=id, step=step, error=error, **times))
                continue
            result = self.result(data, emits)
            self.ledger.completed.add(id)
            self.ledger.route(result.emissions)
            reports.append(Report(delivery_id=id, step=step, result=result, **times))
            room = self.machine.plan.limits.deliveries - self.state.created - len(todo)
            children = deliveries_of(self.machine.plan, id, result.emissions, CEL)
            todo.extend(
                (child.delivery_id, child.step.id, child.data)
                for child in children
                if child.inline and room > 20
            )
        self.apply(SegmentCompleted(at=self.now, reports=tuple(reports)))

    @precondition(lambda self: not self.over and self.state.ending and self.ledger.in_flight)
    @rule(pick=picks)
    def a_worker_obeys(self, pick: int) -> None:
        """A handler stops when the run is ending."""
        ids = list(self.ledger.in_flight)
        id = ids[pick % len(ids)]
        del self.ledger.in_flight[id]
        self.apply(DeliveryCancelled(at=self.now, delivery_id=id))

    def resting(self) -> list[Delivery]:
        """Open deliveries that no worker has."""
        return [d for d in self.state.deliveries.values() if d.status != "running"]

    @precondition(lambda self: not self.over and self.resting())
    @rule(pick=picks)
    def a_worker_reports_late(self, pick: int) -> None:
        """Somebody reports a delivery that is not his (any more): that changes nothing."""
        found = self.resting()
        id = found[pick % len(found)].id
        before = STATE.dump_json(self.state)
        result = StepResult(emissions=(Emission(topic="t0", data=message()),))
        self.apply(DeliveryCompleted(at=self.now, delivery_id=id, result=result))
        self.apply(DeliveryCancelled(at=self.now, delivery_id=id))
        assert STATE.dump_json(self.state) == before

    # Time

    @precondition(lambda self: not self.over and self.state.timers)
    @rule()
    def time_passes(self) -> None:
        """The next timer is due."""
        timer, at = min(self.state.timers.items(), key=lambda item: (item[1], item[0]))
        if self.state.ending is not None:
            timer, at = "grace", self.state.timers.get("grace", at)
        self.now = max(self.now, at)
        if timer == "grace" and timer in self.state.timers:
            self.ledger.in_flight.clear()
        self.apply(TimerFired(at=self.now, timer=timer))

    @precondition(lambda self: not self.over)
    @rule(draining=st.booleans())
    def it_goes_on_elsewhere(self, draining: bool) -> None:
        """The state goes through JSON, with or without waiting for workers first."""
        self.machine.draining = draining
        if self.machine.running == 0 and self.state.ending is None:
            state = STATE.validate_json(STATE.dump_json(self.state))
            self.machine = Machine(self.machine.plan, state, CEL)
            self.apply(RunResumed(at=self.now))
        elif not draining:
            self.ledger.take(self.machine.release(self.now), self.state)

    # People

    @precondition(lambda self: not self.over)
    @rule(topic=st.sampled_from(TOPICS), id=st.integers(0, 2))
    def a_message_arrives(self, topic: str, id: int) -> None:
        """Somebody outside sends a message to the run."""
        data = message(id, 1)
        self.ledger.route((Emission(topic=topic, data=data),))
        self.apply(MessageArrived(at=self.now, topic=topic, data=data))

    def repairable(self) -> list[Delivery]:
        """What an operator may touch."""
        if self.state.ending is not None:
            return []
        return [d for d in self.state.deliveries.values() if d.status in ("held", "waiting")]

    @precondition(lambda self: not self.over and self.repairable())
    @rule(pick=picks, edit=st.booleans())
    def an_operator_retries(self, pick: int, edit: bool) -> None:
        """A held or waiting delivery is attempted again."""
        found = self.repairable()
        delivery = found[pick % len(found)]
        step = self.machine.plan.steps.get(delivery.step)
        joining = step is not None and step.join is not None
        if joining and delivery.topic is not None:
            return  # A message that its join could not place: see `test_joins`.
        data = message(1, 1) if edit and not joining else KEEP
        self.apply(OperatorAsked(at=self.now, action="retry", delivery_id=delivery.id, data=data))

    @precondition(lambda self: not self.over and self.repairable())
    @rule(pick=picks)
    def an_operator_skips(self, pick: int) -> None:
        """A held or waiting delivery is given up."""
        found = self.repairable()
        delivery = found[pick % len(found)]
        self.apply(OperatorAsked(at=self.now, action="skip", delivery_id=delivery.id))

    @precondition(lambda self: not self.over)
    @rule()
    def somebody_cancels(self) -> None:
        """The run is asked to end."""
        self.apply(CancelAsked(at=self.now))

    @precondition(lambda self: self.over)
    @rule()
    def nothing_happens_any_more(self) -> None:
        """A run that is over takes nothing in, and wants nothing."""
        before = STATE.dump_json(self.state)
        late = DeliveryCompleted(at=self.now, delivery_id="late", result=StepResult())
        for event in (late, CancelAsked(at=self.now), TimerFired(at=self.now, timer="deadline")):
            assert self.machine.apply(event) == []
        assert STATE.dump_json(self.state) == before

    # What always holds

    @invariant()
    def the_books_agree(self) -> None:
        """Nothing is lost, nothing is doubled, the window holds."""
        if hasattr(self, "machine"):
            self.ledger.check(self.state, self.machine.running)

    @invariant()
    def the_state_is_plain_data(self) -> None:
        """It goes through JSON unchanged."""
        if hasattr(self, "machine"):
            assert STATE.validate_json(STATE.dump_json(self.state)) == self.state

    def teardown(self) -> None:
        """Every run ends once all workers have answered and operators have decided."""
        if not hasattr(self, "machine"):
            return
        self.ledger.take(self.machine.release(self.now), self.state)
        for _ in range(5_000):
            if self.over:
                break
            self.go_on()
            self.the_books_agree()
        assert self.over, f"it waits for ever: {self.state}"
        assert self.ledger.in_flight == {}

    def go_on(self) -> None:
        """Whoever the run waits for does what is expected."""
        if self.some_at_work(inline=False):
            self.a_worker_completes(0, [])
        elif self.some_at_work(inline=True):
            self.a_segment_completes(0, [[]])
        elif self.repairable():
            self.an_operator_skips(0)
        else:
            self.time_passes()


AnyRun.TestCase.settings = settings(
    max_examples=60, stateful_step_count=40, report_multiple_bugs=False
)
TestAnyRun = AnyRun.TestCase
