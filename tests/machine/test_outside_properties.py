"""Any mix of steps, people, messages, calls and clocks: nobody is left waiting, nothing is told twice."""

from __future__ import annotations

from collections import Counter

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from pydantic import TypeAdapter

from tests.machine.outside import outside
from tests.machine.plans import plan, step
from wistro.contract import CallAnswer, CallError, Emission, ErrorInfo, StepResult, Trigger
from wistro.expressions import CelExpressions
from wistro.machine.commands import (
    CancelCall,
    Command,
    Finish,
    Respond,
    ShowTask,
    ShowWait,
    StartCall,
)
from wistro.machine.events import (
    CallAnswered,
    CancelAsked,
    DeliveryCancelled,
    DeliveryCompleted,
    DeliveryFailed,
    Event,
    MessageArrived,
    OperatorAsked,
    PersonActed,
    RunResumed,
    RunStarted,
    TimerFired,
)
from wistro.machine.plan import (
    ApprovalPlan,
    AwaitPlan,
    CallPlan,
    OutcomePlan,
    Plan,
    StepPlan,
    TaskPlan,
)
from wistro.machine.reducer import Machine
from wistro.machine.state import RunState

TOPICS = ("t0", "t1", "t2")
PEOPLE = ("ada", "bob", "eve")
STATE = TypeAdapter(RunState)
CEL = CelExpressions()
HOPS = 12
"""Deliveries after which handlers and people emit nothing any more, so that a run ends."""

seconds = st.sampled_from([None, 10.0, 1000.0])
approvals = st.builds(ApprovalPlan, needed=st.integers(1, 2), veto=st.booleans())
tasks = st.builds(
    TaskPlan,
    assignees=st.sampled_from([(), ("ada",), PEOPLE]),
    approval=st.one_of(st.none(), approvals),
    deadline=seconds,
    close=st.booleans(),
    reminders=st.sampled_from([(), (5.0,)]),
    reminder_topic=st.just("told"),
    escalation_topic=st.sampled_from([None, "told"]),
)
awaits = st.builds(
    AwaitPlan,
    topic=st.sampled_from(["in", *TOPICS]),
    where=st.sampled_from([None, "message.n == 1"]),
    timeout=seconds,
)
calls = st.builds(CallPlan, flow=st.just("other"), timeout=seconds, detached=st.booleans())


@st.composite
def steps(draw: st.DrawFn, id: str) -> StepPlan:
    """A step with a handler, or one that something outside answers."""
    topic = draw(st.sampled_from(TOPICS))
    choice = draw(st.sampled_from(["fail", "hold", "ignore"]))
    kind = draw(st.sampled_from(["handler", "task", "await", "call"]))
    if kind == "handler":
        return step(id, topic, emits=TOPICS, on_failure=choice)
    emits = tuple(
        OutcomePlan(topic=each, where=draw(st.sampled_from([None, 'message.answer == "on"'])))
        for each in draw(st.lists(st.sampled_from(TOPICS), max_size=2, unique=True))
    )
    return outside(
        id,
        topic,
        emits=emits,
        on_failure=choice,
        task=draw(tasks) if kind == "task" else None,
        awaits=draw(awaits) if kind == "await" else None,
        calls=draw(calls) if kind == "call" else None,
    )


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """A flow of a few of them, and one that hears reminders."""
    count = draw(st.integers(1, 4))
    return plan(*[draw(steps(f"s{n}")) for n in range(count)], step("hear", "told"))


picks = st.integers(0, 10**6)


class AnyOutside(RuleBasedStateMachine):
    """Everybody outside does what they like to one run."""

    @initialize(plan=plans(), topic=st.sampled_from(TOPICS))
    def start(self, plan: Plan, topic: str) -> None:
        """A run starts with a message."""
        self.now = 0.0
        self.shown: dict[str, bool] = {}
        """The tasks that people see, and whether they are open."""
        self.known: dict[str, bool] = {}
        """The same of waits for messages."""
        self.called: set[str] = set()
        self.revision = 0
        self.told: list[Respond] = []
        self.finished = 0
        self.machine = Machine(plan, RunState(run_id="run"), CEL)
        self.apply(RunStarted(at=0, trigger=Trigger(kind="event", topic=topic), data={"n": 1}))

    @property
    def state(self) -> RunState:
        """The state of the run."""
        return self.machine.state

    @property
    def over(self) -> bool:
        """Whether the run has ended."""
        return self.state.outcome is not None

    def apply(self, event: Event) -> None:
        """An event happens; what the machine wants is noted."""
        for command in self.machine.apply(event):
            self._note(command)

    def _note(self, command: Command) -> None:
        match command:
            case ShowTask():
                assert command.revision > self.revision, "late reports could not be told"
                self.revision = command.revision
                assert command.opened != self.shown.get(command.delivery.id, False) or (
                    not command.opened
                )
                self.shown[command.delivery.id] = command.task is not None
            case ShowWait():
                # One that a message had come for before is closed without having been shown.
                assert command.closed or not self.known.get(command.delivery.id, False)
                self.known[command.delivery.id] = not command.closed
            case StartCall():
                assert command.run_id not in self.called, "the same call twice"
                self.called.add(command.run_id)
            case CancelCall():
                assert not command.call.detached
                assert command.call.run_id in self.called
            case Respond():
                self.told.append(command)
            case Finish():
                self.finished += 1
            case _:
                pass

    def waiting(self, kind: str) -> list[str]:
        """The deliveries that wait for a person, a message or a call."""
        steps = self.machine.plan.steps
        return [
            d.id
            for d in self.state.deliveries.values()
            if d.status == "outside" and getattr(steps[d.step], kind) is not None
        ]

    def at_work(self) -> list[str]:
        """The deliveries that workers have."""
        return [d.id for d in self.state.deliveries.values() if d.status == "running"]

    def _emissions(self, topics: list[str]) -> tuple[Emission, ...]:
        some = topics if self.state.created < HOPS else []
        return tuple(Emission(topic=topic, data={"n": 1}) for topic in some)

    @precondition(lambda self: not self.over and self.at_work())
    @rule(pick=picks, topics=st.lists(st.sampled_from(TOPICS), max_size=2))
    def a_worker_completes(self, pick: int, topics: list[str]) -> None:
        """A handler is done."""
        work = self.at_work()
        result = StepResult(emissions=self._emissions(topics))
        id = work[pick % len(work)]
        self.apply(DeliveryCompleted(at=self.now, delivery_id=id, result=result))

    @precondition(lambda self: not self.over and self.at_work())
    @rule(pick=picks)
    def a_worker_fails(self, pick: int) -> None:
        """A handler fails for good."""
        work = self.at_work()
        error = ErrorInfo(code="handler_error", message="no", retryable=False)
        self.apply(
            DeliveryFailed(at=self.now, delivery_id=work[pick % len(work)], error=error, attempts=1)
        )

    @precondition(lambda self: not self.over and self.state.ending is None and self.waiting("task"))
    @rule(pick=picks, who=st.sampled_from(PEOPLE), approved=st.booleans())
    def a_person_answers(self, pick: int, who: str, approved: bool) -> None:
        """Somebody answers a task that they may answer."""
        open_tasks = self.waiting("task")
        id = open_tasks[pick % len(open_tasks)]
        if any(vote.by == who for vote in self.state.tasks[id].votes):
            return
        on = self.state.created < HOPS
        data = {"approved": approved, "on": on}
        event = PersonActed(
            at=self.now, delivery_id=id, action="answer", by=who, anyone=True, data=data
        )
        self.apply(event)

    @precondition(lambda self: not self.over)
    @rule(topic=st.sampled_from(["in", *TOPICS]), n=st.integers(0, 1))
    def a_message_comes(self, topic: str, n: int) -> None:
        """A message arrives from outside."""
        if self.state.created < HOPS:
            self.apply(MessageArrived(at=self.now, topic=topic, data={"n": n}))

    @precondition(lambda self: not self.over and self.state.calls)
    @rule(pick=picks, well=st.booleans())
    def a_call_is_answered(self, pick: int, well: bool) -> None:
        """A called flow answers, or fails."""
        open_calls = list(self.state.calls.values())
        call = open_calls[pick % len(open_calls)]
        answer = CallAnswer(status="answered", data="on" if self.state.created < HOPS else "off")
        if not well:
            error = CallError(code="flow_failed", message="no")
            answer = CallAnswer(status="flow_failed", error=error)
        self.apply(
            CallAnswered(
                at=self.now, delivery_id=call.delivery_id, run_id=call.run_id, answer=answer
            )
        )

    @precondition(lambda self: not self.over and self.state.timers)
    @rule()
    def time_passes(self) -> None:
        """The next timer fires."""
        at, timer = min((at, timer) for timer, at in self.state.timers.items())
        self.now = max(self.now, at)
        self.apply(TimerFired(at=self.now, timer=timer))

    @precondition(lambda self: not self.over and self.state.ending is None)
    @rule(pick=picks, again=st.booleans())
    def an_operator_helps(self, pick: int, again: bool) -> None:
        """A person retries or skips what is held or waits."""
        found = [d.id for d in self.state.deliveries.values() if d.status in ("held", "outside")]
        if found:
            action = "retry" if again and self.state.created < HOPS else "skip"
            id = found[pick % len(found)]
            self.apply(OperatorAsked(at=self.now, action=action, delivery_id=id))

    @precondition(lambda self: not self.over and not self.at_work())
    @rule()
    def it_goes_on_in_a_fresh_history(self) -> None:
        """The state goes through storage."""
        state = STATE.validate_json(STATE.dump_json(self.state))
        self.machine = Machine(self.machine.plan, state, CEL)
        self.apply(RunResumed(at=self.now))

    @precondition(lambda self: not self.over)
    @rule()
    def somebody_cancels(self) -> None:
        """The run is asked to end."""
        self.apply(CancelAsked(at=self.now))
        for id in self.at_work():
            self.apply(DeliveryCancelled(at=self.now, delivery_id=id))

    @rule()
    def nothing_happens(self) -> None:
        """Not even when it is over."""

    @invariant()
    def those_who_wait_are_known(self) -> None:
        """State, tasks, calls and timers agree on what waits for something outside."""
        if not hasattr(self, "machine"):
            return
        state, steps = self.state, self.machine.plan.steps
        outside_now = {d.id for d in state.deliveries.values() if d.status == "outside"}
        assert set(state.opened) == outside_now
        assert set(state.tasks) == {
            id for id in outside_now if steps[state.deliveries[id].step].task is not None
        }
        assert {id for id, is_open in self.shown.items() if is_open} == set(state.tasks)
        assert {id for id, is_open in self.known.items() if is_open} == set(self.waiting("awaits"))
        assert {call.delivery_id for call in state.calls.values()} == set(self.waiting("calls"))
        for timer in state.timers:
            kind, _, rest = timer.partition(":")
            if kind in ("due", "remind", "check"):
                assert rest.partition(":")[0] in outside_now

    @invariant()
    def nothing_is_lost(self) -> None:
        """Every delivery is done, or open."""
        if not hasattr(self, "machine"):
            return
        open_steps = Counter(d.step for d in self.state.deliveries.values())
        for name, count in self.state.counts.items():
            done = count.completed + count.ignored + count.skipped
            assert count.created == done + open_steps[name]

    @invariant()
    def the_caller_is_told_once(self) -> None:
        """Exactly one last answer, when it is over."""
        if hasattr(self, "machine"):
            assert self.finished == len(self.told) == int(self.over)

    def teardown(self) -> None:
        """Whatever happened, cancelling ends it and leaves nobody waiting."""
        if not hasattr(self, "machine"):
            return
        if not self.over:
            self.somebody_cancels()
        assert self.over
        assert not self.state.opened
        assert not any(self.shown.values())
        assert not any(self.known.values())
        assert not self.state.calls


AnyOutside.TestCase.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
TestAnyOutside = AnyOutside.TestCase
