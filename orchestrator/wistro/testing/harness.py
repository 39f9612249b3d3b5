"""Runs flows in memory: no server, no waiting, the same machine that decides in production."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime, timedelta
from hashlib import sha256

from wistro.contract import (
    CallAnswer,
    CallStatus,
    ErrorInfo,
    Invocation,
    RunRef,
    StepResult,
    Trigger,
    TriggerKind,
)
from wistro.errors import InvalidMessage, to_info
from wistro.expressions import CelExpressions
from wistro.issues import did_you_mean
from wistro.machine.commands import ShowWait, StartRun
from wistro.machine.events import RunResumed, RunStarted
from wistro.machine.fork import fork_at, fork_state
from wistro.machine.plan import Plan
from wistro.machine.routing import Expressions
from wistro.machine.state import RunState
from wistro.project.lock import Lock
from wistro.project.plan import compile_plan
from wistro.schemas import SchemaCheck
from wistro.state import State
from wistro.stores.memory import MemoryState
from wistro.stores.memory_stream import MemoryStreams
from wistro.stores.state import StateStore
from wistro.streams import Streams
from wistro.testing.called import CalledFlows, FakeFlow, FlowAsked
from wistro.testing.clock import START, FakeClock
from wistro.testing.driver import RunDriver
from wistro.testing.fakes import NO_ANSWER, Fake, FakeHandler, Log, emission
from wistro.testing.handler_calls import HandlerCalls
from wistro.testing.kept import KeptMessages
from wistro.testing.run import HarnessRun
from wistro.testing.turns import Turns
from wistro.values import jsonable

Executor = Callable[[Invocation], Awaitable[StepResult | ErrorInfo]]
"""Makes one attempt of a delivery with the real handler."""

_PATIENCE = 200_000
"""Jobs without the clock moving after which flows are taken to start each other for ever."""

_KINDS: Mapping[str, TriggerKind] = {"api": "api", "cron": "cron", "call": "call"}


class FlowHarness:
    """A project under test, with a fake clock.

    ```python
    project.fake("charge_card", emits=[("payment.refused", {"order_id": "7"})])
    run = await project.emit("orders", "order.placed", {"id": "7", "total": "12.50"})
    await project.advance(hours=24)
    assert run.emitted("order.cancelled") == [{"order_id": "7"}]
    ```

    Everything that needs no time has happened when `emit`, `trigger`, `request` or `advance`
    return. Everything else happens when `advance` moves the clock: retries, delays, timeouts of
    joins, deadlines.
    """

    def __init__(
        self,
        plans: Iterable[Plan],
        *,
        executor: Executor | None = None,
        expressions: Expressions | None = None,
        store: StateStore | None = None,
        streams: Streams | None = None,
        start: datetime = START,
    ) -> None:
        """Set up a project of these flows.

        Args:
            plans: The plans of the flows.
            executor: Runs the steps that are not faked; without one they do nothing, and succeed.
                With one, fakes may emit only what their steps declare.
            expressions: Evaluates filters and joins; CEL unless given.
            store: What `state` and the context of fakes work on; in memory unless given.
            streams: The live collections that tests look at and fakes use; any name, in memory, unless
                given.
            start: The time on the clock.
        """
        self.plans = {plan.flow: plan for plan in plans}
        self.clock = FakeClock(start)
        self.expressions: Expressions = expressions or CelExpressions()
        self.state = State(store or MemoryState())
        """The state that the handlers share."""
        self.streams = streams or Streams(MemoryStreams())
        """The streams that the handlers share."""
        self.logs: list[Log] = []
        """What faked handlers logged."""
        self._executor = executor
        self._fakes: dict[str, Fake] = {}
        self._runs: dict[tuple[str, str], HarnessRun] = {}
        self._jobs: deque[Callable[[], Awaitable[None]]] = deque()
        self._turns = Turns()
        self._kept = KeptMessages(self.clock, self.expressions)
        self._called = CalledFlows(self)
        self._answers: dict[str, CallAnswer] = {}
        """What the calls of handlers were answered, by the runs that were called."""
        self._forms: dict[str, SchemaCheck] = {}
        """What people may answer, by step."""

    @classmethod
    def of(
        cls,
        lock: Lock,
        *,
        executor: Executor,
        store: StateStore | None = None,
        streams: Streams | None = None,
    ) -> FlowHarness:
        """A harness for all flows of a compiled project, with its real handlers."""
        plans = [compile_plan(lock, flow) for flow in lock.flows]
        harness = cls(plans, executor=executor, store=store, streams=streams)
        harness._kept.keep = {name: topic.keep for name, topic in lock.topics.items() if topic.keep}
        harness._forms = {
            id: SchemaCheck(step.input)
            for id, step in lock.steps.items()
            if step.task and step.input
        }
        return harness

    @classmethod
    def from_plans(cls, plans: Mapping[str, Plan]) -> FlowHarness:
        """A harness for flows without code: steps that are not faked do nothing, and succeed."""
        return cls(plans.values())

    # -------------------------------------------------------------------- what steps do

    def fake(  # noqa: PLR0913 # each is one word in a test
        self,
        step: str,
        *,
        emits: Iterable[tuple[str, object]] = (),
        output: object = None,
        response: object = NO_ANSWER,
        error: BaseException | ErrorInfo | str | None = None,
        times: int | None = None,
        handler: FakeHandler | None = None,
        takes: timedelta = timedelta(0),
        stubborn: bool = False,
    ) -> Fake:
        """Decide what a step does from now on, instead of running its handler.

        Args:
            step: The id of the step.
            emits: Topics and messages that it emits.
            output: What it returns.
            response: What it answers with `respond`.
            error: What it fails with: an exception, or the message of one.
            times: How many attempts of each delivery fail with `error`, before one succeeds;
                all of them without.
            handler: Called with the message and a `Context`, as the handlers of steps are.
            takes: How long an attempt takes, on the fake clock.
            stubborn: Whether it goes on when it is asked to stop.
        """
        steps = {id: found for plan in self.plans.values() for id, found in plan.steps.items()}
        if step not in steps:
            hint = did_you_mean(step, sorted(steps))
            raise LookupError(f"expected the id of a step, found `{step}`; hint: {hint}")
        topics = None if self._executor is None else steps[step].emits
        self._fakes[step] = fake = Fake(
            topics=topics,
            emits=tuple(emission(step, topic, data, topics) for topic, data in emits),
            output=jsonable(output),
            response=response if response is NO_ANSWER else jsonable(response),
            error=_info(error),
            times=times,
            handler=handler,
            takes=takes,
            stubborn=stubborn,
        )
        return fake

    def unfake(self, step: str) -> None:
        """Let the step's own handler work again."""
        self._fakes.pop(step, None)

    def fake_call(
        self,
        flow: str,
        answer: object = None,
        *,
        error: Exception | str | None = None,
        status: CallStatus = "answered",
        takes: timedelta = timedelta(0),
    ) -> FakeFlow:
        """Decide what calls of a flow are answered from now on, instead of running it.

        Args:
            flow: The flow, as those who call it name it.
            answer: The data, or a function that makes it of the input.
            error: What the flow fails with instead: `flow_failed`, or what `status` says.
            status: How it ends without an answer: `response_not_reached`, `timeout`, `cancelled`.
            takes: How long it takes to answer, on the fake clock.

        Returns:
            What remembers the calls: `fake.calls` are their inputs.
        """
        fake = FakeFlow(flow=flow, answer=answer, error=error, status=status, takes=takes)
        self._called.fakes[flow] = fake
        return fake

    # -------------------------------------------------------------------- what happens

    async def emit(self, flow: str, topic: str, data: object = None) -> HarnessRun:
        """Start a run of a flow with a message, and let it go as far as it goes without waiting."""
        routes = self._plan(flow).routes
        if topic not in routes:
            hint = did_you_mean(topic, sorted(routes))
            raise LookupError(f"no step of flow `{flow}` subscribes to `{topic}`; hint: {hint}")
        return await self._start(flow, Trigger(kind="event", topic=topic), data)

    async def publish(self, topic: str, data: object = None) -> list[HarnessRun]:
        """Start a run in every flow that subscribes to a topic, as a message from outside does.

        It reaches the runs that wait for it, too, and is kept for those that will.
        """
        waiting = list(self._runs.values())
        flows = [flow for flow, plan in self.plans.items() if topic in plan.routes]
        started = [await self.emit(flow, topic, data) for flow in flows]
        self._kept.publish(topic, jsonable(data), [run.driver for run in waiting])
        await self.settle()
        return started

    async def trigger(
        self, step: str, data: object = None, *, flow: str | None = None, context: object = None
    ) -> HarnessRun:
        """Set off a step itself: a cron or call step, or any step, as an operator may.

        Args:
            step: The id of the step.
            data: Its input.
            flow: The flow to run; needed when the step is in several.
            context: What the caller says about itself: the `client_context` of handlers.
        """
        flows = [id for id, plan in self.plans.items() if step in plan.steps]
        found = [id for id in flows if flow is None or id == flow]
        if len(found) != 1:
            known = sorted({id for plan in self.plans.values() for id in plan.steps})
            names = ", ".join(f"`{id}`" for id in flows)
            hint = f"give `flow`, one of {names}" if flows else did_you_mean(step, known)
            raise LookupError(f"expected one flow with step `{step}`, found {len(found)}; {hint}")
        kind = _KINDS.get(self.plans[found[0]].steps[step].kind, "operator")
        return await self._start(
            found[0], Trigger(kind=kind, step=step, client_context=context), data
        )

    async def request(
        self,
        step: str,
        body: object = None,
        *,
        path_params: Mapping[str, str] | None = None,
        query_params: Mapping[str, str | list[str]] | None = None,
        headers: Mapping[str, str] | None = None,
        flow: str | None = None,
    ) -> HarnessRun:
        """Make a request to an api step; `run.answer.output` is the response."""
        request = {
            "method": "",
            "path": "",
            "path_params": dict(path_params or {}),
            "query_params": dict(query_params or {}),
            "headers": {name.lower(): value for name, value in (headers or {}).items()},
            "body": body,
            "raw_body": None,
        }
        return await self.trigger(step, request, flow=flow)

    async def advance(
        self,
        delta: timedelta = timedelta(0),
        *,
        days: float = 0,
        hours: float = 0,
        minutes: float = 0,
        seconds: float = 0,
    ) -> None:
        """Let time pass, and everything happen that is due in it, in its order."""
        more = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        until = self.clock.after(delta + more)
        await self.settle()
        while self.clock.step(until):
            await self.settle()

    # -------------------------------------------------------------------- what there is

    @property
    def now(self) -> datetime:
        """The time on the fake clock."""
        return self.clock.now

    @property
    def time(self) -> float:
        """The time on the fake clock, in seconds since the epoch."""
        return self.clock.time

    def runs(self, flow: str | None = None) -> list[HarnessRun]:
        """The runs so far, of one flow or of all, in the order in which they started."""
        return [run for run in self._runs.values() if flow is None or run.flow == flow]

    # -------------------------------------------------------------------- for the runs

    async def settle(self) -> None:
        """Let everything happen that needs no time."""
        for _ in range(_PATIENCE):
            if not self._jobs:
                return
            await self._turns.run(self._jobs.popleft())
        flows = ", ".join(f"`{flow}`" for flow in sorted({run.flow for run in self.runs()}))
        raise RuntimeError(f"the runs of {flows} never come to rest; hint: look for a loop in them")

    def soon(self, job: Callable[[], Awaitable[None]]) -> None:
        """Have `job` called before the clock moves."""
        self._jobs.append(job)

    def fake_of(self, step: str) -> Fake | None:
        """What stands in for the step, if anything does."""
        return self._fakes.get(step)

    async def perform(self, invocation: Invocation) -> StepResult | ErrorInfo:
        """Make one attempt with the step's fake or its real handler."""
        fake = self._fakes.get(invocation.step)
        if fake is not None:
            return await fake.perform(
                invocation,
                state=self.state,
                streams=self.streams,
                logs=self.logs,
                call=self.calls_of(invocation).calling(),
            )
        if self._executor is None:
            return StepResult()
        try:
            return await self._executor(invocation)
        except Exception as error:  # noqa: BLE001 # whatever a handler raises fails its attempt
            return to_info(error)

    def link(self, command: StartRun, parent: RunRef, trigger: Trigger) -> ErrorInfo | None:
        """Start the linked run of a shared message, unless it is there already."""
        if command.flow not in self.plans:
            message = f"there is no flow `{command.flow}` in this test"
            return ErrorInfo(code="unknown_flow", message=message, retryable=False)
        plan, topic = self.plans[command.flow], command.delivery.topic or ""
        if any(step.awaits and step.awaits.topic == topic for step in plan.steps.values()):
            runs = [run.driver for run in self.runs(command.flow)]
            self._kept.publish(topic, command.delivery.data, runs, flow=command.flow)
            if topic not in plan.routes:
                return None
        if (command.flow, command.run_id) not in self._runs:
            linked = Trigger(
                kind="flow",
                topic=command.delivery.topic,
                parent=parent,
                client_context=trigger.client_context,
            )
            run = self._add(self.plans[command.flow], RunState(run_id=command.run_id), linked)
            data = command.delivery.data
            run.driver.apply(RunStarted(at=self.time, trigger=linked, data=data))
        return None

    def check_answer(self, step: str, data: object) -> None:
        """Refuse what is no answer to a task.

        Raises:
            InvalidMessage: as people are told.
        """
        form = self._forms.get(step)
        if form is not None and (issues := form.issues(data, root="data")):
            raise InvalidMessage(f"the answer does not fit the form of `{step}`", issues=issues)

    def calls_of(self, invocation: Invocation) -> HandlerCalls:
        """What makes the calls of a handler: `ctx.call`."""
        return HandlerCalls(
            invocation,
            self._runs[invocation.flow, invocation.run_id].driver,
            job=asyncio.current_task(),
            turns=self._turns,
            make=self._called.call,
            soon=self.soon,
            answers=self._answers,
        )

    def call(self, asked: FlowAsked) -> ErrorInfo | None:
        """See `World.call`."""
        return self._called.call(asked)

    def cancel_call(self, flow: str, run_id: str) -> None:
        """See `World.cancel_call`."""
        self._called.cancel(flow, run_id)

    def begin_called(self, asked: FlowAsked, trigger: Trigger) -> None:
        """Start the run of a call, unless it is there; whoever called is told its answer."""

        def told(answer: CallAnswer) -> None:
            async def tell() -> None:
                asked.told(answer)

            self.soon(tell)

        run = self._runs.get((asked.flow, asked.run_id))
        if run is not None:
            run.driver.callers.append(told)
            if run.call_answer is not None:
                told(run.call_answer)
            return
        run = self._add(self.plans[asked.flow], RunState(run_id=asked.run_id), trigger)
        run.driver.callers.append(told)
        run.driver.apply(RunStarted(at=self.time, trigger=trigger, data=asked.data))

    def cancel_called(self, flow: str, run_id: str) -> None:
        """Ask the run of a call to end."""
        run = self._runs.get((flow, run_id))

        async def cancel() -> None:
            if run is not None and run.outcome is None:
                run.driver.cancel("the run that called is over")

        self.soon(cancel)

    def waits(self, command: ShowWait, run: RunDriver) -> None:
        """See `World.waits`."""
        tell = None if command.closed else self._kept.opened(command, run)
        if tell is not None:

            async def told() -> None:
                tell()

            self.soon(told)

    async def fork(self, run: HarnessRun, delivery_id: str | None, data: object) -> HarnessRun:
        """Start a new run that makes what the ended one left open."""
        state = fork_state(
            run.state, self._new_run_id(), at=self.time, delivery_id=delivery_id, data=data
        )
        return await self._fork(run, delivery_id, state)

    async def fork_at(self, run: HarnessRun, delivery_id: str, data: object) -> HarnessRun:
        """Start a new run that makes one delivery of another again, and what follows from it."""
        state = fork_at(
            run.driver.plan,
            run.state,
            run.driver.records.made(run.state),
            self._new_run_id(),
            at=self.time,
            delivery_id=delivery_id,
            data=data,
            expressions=self.expressions,
        )
        return await self._fork(run, delivery_id, state)

    async def _fork(self, run: HarnessRun, delivery_id: str | None, state: RunState) -> HarnessRun:
        parent = RunRef(flow=run.flow, run_id=run.run_id, delivery_id=delivery_id)
        fork = self._add(run.driver.plan, state, Trigger(kind="fork", parent=parent))
        fork.driver.apply(RunResumed(at=self.time))
        await self.settle()
        return fork

    async def _start(self, flow: str, trigger: Trigger, data: object) -> HarnessRun:
        run = self._add(self._plan(flow), RunState(run_id=self._new_run_id()), trigger)
        run.driver.apply(RunStarted(at=self.time, trigger=trigger, data=jsonable(data)))
        await self.settle()
        return run

    def _add(self, plan: Plan, state: RunState, trigger: Trigger) -> HarnessRun:
        state.started_at = self.time
        run = HarnessRun(RunDriver(plan, state, trigger, self), self)
        self._runs[plan.flow, state.run_id] = run
        return run

    def _plan(self, flow: str) -> Plan:
        if flow not in self.plans:
            hint = did_you_mean(flow, sorted(self.plans))
            raise LookupError(f"expected the id of a flow, found `{flow}`; hint: {hint}")
        return self.plans[flow]

    def _new_run_id(self) -> str:
        return sha256(f"run {len(self._runs) + 1}".encode()).hexdigest()[:32]


def _info(error: BaseException | ErrorInfo | str | None) -> ErrorInfo | None:
    if isinstance(error, str):
        return ErrorInfo(code="handler_error", message=error, type="RuntimeError")
    return to_info(error, stack=False) if isinstance(error, BaseException) else error
