"""The flows that runs of a test call: run in the harness, or faked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol, cast

from wistro.contract import CallAnswer, CallError, CallStatus, ErrorInfo, RunRef, Trigger
from wistro.errors import WistroError
from wistro.machine.plan import Plan
from wistro.testing.clock import FakeClock
from wistro.values import jsonable

Told = Callable[[CallAnswer], None]
"""Takes the answer to a call."""

DEPTH = 16
"""How many calls in calls there may be."""


@dataclass(frozen=True, kw_only=True)
class FakeFlow:
    """Answers calls of a flow as a test says, and remembers them."""

    flow: str
    answer: object = None
    """Data, or a function that makes it of the input."""
    error: Exception | str | None = None
    status: CallStatus = "answered"
    takes: timedelta = timedelta(0)
    """How long it takes to answer, on the fake clock."""
    calls: list[object] = field(default_factory=list[object])
    """The inputs of the calls so far, in order."""
    cancelled: list[object] = field(default_factory=list[object])
    """Those of the calls that were cancelled before they were answered."""

    def answer_to(self, data: object) -> CallAnswer:
        """The answer to a call with this input."""
        if self.error is not None or self.status != "answered":
            status: CallStatus = "flow_failed" if self.status == "answered" else self.status
            message = str(self.error) if self.error is not None else status.replace("_", " ")
            code = self.error.code if isinstance(self.error, WistroError) else status
            return CallAnswer(status=status, error=CallError(code=code, message=message))
        found = self.answer
        if callable(found):
            found = cast("Callable[[object], object]", found)(data)
        return CallAnswer(status="answered", data=jsonable(found))


@dataclass(frozen=True, kw_only=True)
class FlowAsked:
    """A call that a run makes."""

    flow: str
    run_id: str
    data: object
    caller: RunRef
    trigger: Trigger
    """That of the run that calls."""
    client_context: object = None
    told: Told


class Surroundings(Protocol):
    """What calls need of the test around them."""

    clock: FakeClock
    plans: dict[str, Plan]

    def soon(self, job: Callable[[], Awaitable[None]]) -> None:
        """Has `job` called before the clock moves."""
        ...

    def begin_called(self, asked: FlowAsked, trigger: Trigger) -> None:
        """Starts the run of a call, unless it is there; whoever called is told its answer."""
        ...

    def cancel_called(self, flow: str, run_id: str) -> None:
        """Asks the run of a call to end."""
        ...


class CalledFlows:
    """Makes the calls of a test's runs: each run of a flow that is not faked is one of the harness."""

    def __init__(self, around: Surroundings) -> None:
        self.fakes: dict[str, FakeFlow] = {}
        self._around = around
        self._pending: dict[tuple[str, str], object] = {}
        """Inputs of the calls of fakes that are not answered yet."""

    def call(self, asked: FlowAsked) -> ErrorInfo | None:
        """Makes a call; says why it cannot be made."""
        if asked.trigger.depth >= DEPTH:
            message = f"`{asked.flow}` would be call {DEPTH + 1} in a chain of calls"
            return ErrorInfo(code="call_too_deep", message=message, retryable=False)
        if (fake := self.fakes.get(asked.flow)) is not None:
            self._call_fake(asked, fake)
            return None
        plan = self._around.plans.get(asked.flow)
        step = next((s for s in plan.steps.values() if s.kind == "call"), None) if plan else None
        if step is None:
            message = f"there is no flow `{asked.flow}` that can be called in this test"
            return ErrorInfo(code="not_callable", message=message, retryable=False)
        trigger = Trigger(
            kind="call",
            step=step.id,
            parent=asked.caller,
            by=asked.trigger.by,
            client_context=asked.client_context,
            depth=asked.trigger.depth + 1,
        )
        self._around.begin_called(asked, trigger)
        return None

    def cancel(self, flow: str, run_id: str) -> None:
        """Ends a call that nobody waits for any more."""
        fake = self.fakes.get(flow)
        if fake is not None and (flow, run_id) in self._pending:
            fake.cancelled.append(self._pending.pop((flow, run_id)))
            self._around.clock.clear((flow, run_id))
        else:
            self._around.cancel_called(flow, run_id)

    def _call_fake(self, asked: FlowAsked, fake: FakeFlow) -> None:
        key, clock = (asked.flow, asked.run_id), self._around.clock
        fake.calls.append(asked.data)
        self._pending[key] = asked.data

        async def answer() -> None:
            if key in self._pending:
                del self._pending[key]
                asked.told(fake.answer_to(asked.data))

        if fake.takes > timedelta(0):
            at = clock.time + fake.takes.total_seconds()
            clock.set(key, at, lambda: self._around.soon(answer))
        else:
            self._around.soon(answer)
