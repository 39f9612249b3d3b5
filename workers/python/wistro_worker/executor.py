"""Runs steps: one attempt of one delivery at a time. Knows nothing of Temporal."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Executor as Pool
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias, TypeVar, cast

from wistro.calls import Calling, FlowCalls
from wistro.context import Cancellation, Context, Level, Secrets, SyncContext
from wistro.contract import ErrorInfo, Invocation, StepResult
from wistro.errors import InvalidMessage, Retryable, SetupError
from wistro.issues import did_you_mean
from wistro.policies import Policy
from wistro.request import ApiRequest
from wistro.schemas import JsonSchema
from wistro.state import State
from wistro.stores.state import StateStore
from wistro.streams import Stream, Streams, SyncStream, SyncStreams
from wistro_worker.calls import AttemptCalls
from wistro_worker.contract import check_version
from wistro_worker.failures import StepFailed, describe
from wistro_worker.loader import LoadedStep
from wistro_worker.prepared import PreparedStep, prepare
from wistro_worker.recording import Recording
from wistro_worker.shapes import ANYTHING, shape_of
from wistro_worker.threads import Blocking, call_in_thread, run_on_loop

StateT = TypeVar("StateT")
StreamsT = TypeVar("StreamsT")
CallingT = TypeVar("CallingT")


def _ignore(details: object) -> None:
    _ = details


def _no_streams(invocation: Invocation) -> Streams:
    _ = invocation
    return Streams()


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """What the surroundings of an attempt know of it."""

    number: int = 1
    """Counts the attempts of the delivery, from 1."""
    cancelled: Cancellation = field(default_factory=Cancellation)
    heartbeat: Callable[[object], None] = _ignore
    """Called on the loop with what the handler reports."""
    inline: bool = False
    """Whether it is made next to the workflow, which waits meanwhile."""


@dataclass(frozen=True, kw_only=True)
class Services:
    """What handlers reach through their context."""

    state: Callable[[Invocation], StateStore]
    """The state as the run of an invocation may use it."""
    secrets: Secrets
    streams: Callable[[Invocation], Streams] = _no_streams
    """The streams as the run of an invocation may use them."""
    calls: Callable[[Invocation], FlowCalls] | None = None
    """What makes the calls of the run of an invocation."""
    log: Callable[[Invocation, int, Level, str, Mapping[str, object]], None]
    """Takes invocation, attempt, level, message and fields; called from any thread."""
    threads: Pool
    """Where `def` handlers run."""


class Executor:
    """Runs the steps of a project by their ids."""

    def __init__(
        self,
        steps: Sequence[LoadedStep],
        services: Services,
        *,
        topics: Mapping[str, JsonSchema] | None = None,
        policies: Mapping[str, Policy] | None = None,
        root: Path | None = None,
        broken: Mapping[str, SetupError] | None = None,
        answers: Mapping[str, JsonSchema] | None = None,
        lenient: bool = False,
    ) -> None:
        """Prepare the steps; one that cannot be used fails when it is run, and only then.

        Args:
            steps: The loaded steps. Noops are left out.
            services: What handlers reach.
            topics: The schemas of topics, from the lock.
            policies: The policies of steps, from the lock; those of their configs otherwise.
            root: The project's folder; stack traces show its frames.
            broken: Steps that did not load, and why.
            answers: The schemas of what flows answer to those who call them, by flow.
            lenient: Whether Motia's rules apply: what does not fit is noted and goes on.

        Raises:
            SetupError: the schema of an answer cannot be used.
        """
        self._answers = {flow: shape_of(schema) for flow, schema in (answers or {}).items()}
        self._services = services
        self._root = None if root is None else root.resolve()
        self._broken = dict(broken or {})
        self._steps: dict[str, PreparedStep] = {}
        for step in steps:
            try:
                if step.handler is not None:
                    policy = (policies or {}).get(step.id)
                    self._steps[step.id] = prepare(step, topics or {}, policy, lenient=lenient)
            except SetupError as error:
                self._broken[step.id] = error

    @property
    def broken(self) -> Mapping[str, SetupError]:
        """The steps that cannot be run, and why."""
        return self._broken

    async def run(self, invocation: Invocation, attempt: Attempt) -> StepResult:
        """Make one attempt.

        Raises:
            StepFailed: with the error in its portable form.
            asyncio.CancelledError: when the caller cancels; what the handler did has no effect then.
        """
        terminal: frozenset[str] = frozenset()
        try:
            step = self._find(invocation)
            terminal = step.terminal
            return await self._attempt(step, invocation, attempt)
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            # Nobody asked: the handler awaited something that was cancelled.
            raise StepFailed(describe(error, root=self._root)) from error
        except (Exception, SystemExit) as error:
            raise StepFailed(describe(error, terminal=terminal, root=self._root)) from error

    async def outcome(self, invocation: Invocation) -> StepResult | ErrorInfo:
        """Make one attempt, and give an error back instead of raising it."""
        try:
            return await self.run(invocation, Attempt(number=invocation.attempt + 1))
        except StepFailed as failed:
            return failed.info

    async def _attempt(
        self, step: PreparedStep, invocation: Invocation, attempt: Attempt
    ) -> StepResult:
        loop = asyncio.get_running_loop()
        log = partial(self._services.log, invocation, attempt.number)
        recording = Recording(
            step.id,
            step.topics,
            log=log,
            heartbeat=lambda details: _on_loop(loop, attempt.heartbeat, details),
            answer=self._answers.get(invocation.flow, ANYTHING),
            lenient=step.lenient,
        )
        try:
            call = _Call(step, invocation, attempt, recording, self._services)
            output = step.dump(await call.run())
            if complaint := step.complaint(output):
                log("warn", complaint, {})
            return recording.result(output)
        finally:
            recording.close()

    def _find(self, invocation: Invocation) -> PreparedStep:
        check_version(invocation.version)
        step = self._steps.get(invocation.step)
        if step is not None:
            return step
        if invocation.step in self._broken:
            raise self._broken[invocation.step]
        # Another worker may have it, or this one after it was updated.
        raise Retryable(
            f"This worker has no step `{invocation.step}`",
            code="unknown_step",
            hint=did_you_mean(invocation.step, sorted(self._steps)),
        )


_GoOn: TypeAlias = Callable[[ApiRequest[Any]], Awaitable[object]]


class _Call:
    """One call of a handler, with its middleware around it."""

    def __init__(
        self,
        step: PreparedStep,
        invocation: Invocation,
        attempt: Attempt,
        recording: Recording,
        services: Services,
    ) -> None:
        self._step = step
        self._invocation = invocation
        self._attempt = attempt
        self._recording = recording
        self._services = services
        self._state = State(services.state(invocation))
        self._streams = services.streams(invocation)
        self._calls = AttemptCalls(
            invocation,
            services.calls and services.calls(invocation),
            check=recording.check_open,
            cancelled=attempt.cancelled,
            inline=attempt.inline,
        )

    async def run(self) -> object:
        """What the handler, or a middleware in its stead, returned."""
        given, topic = self._invocation.data, self._invocation.topic
        data = self._tolerate(lambda: self._step.load(given, topic), given)
        if not isinstance(data, ApiRequest):
            return await self._handle(data)
        going_on: _GoOn = self._handle_request
        for middleware in reversed(self._step.middleware):
            going_on = partial(self._pass, middleware, going_on)
        return await going_on(cast("ApiRequest[Any]", data))

    async def _pass(
        self, middleware: Callable[..., object], going_on: _GoOn, request: ApiRequest[Any]
    ) -> object:
        def go_on(changed: ApiRequest[Any] = request) -> Awaitable[object]:
            return going_on(changed)

        return await _settled(middleware(request, self._context(), go_on))

    async def _handle_request(self, request: ApiRequest[Any]) -> object:
        self._tolerate(lambda: self._step.check_body(request), None)
        return await self._handle(request)

    def _tolerate(self, check: Callable[[], object], otherwise: object) -> object:
        """What `check` gives; by Motia's rules `otherwise` and a warning, when data does not fit."""
        try:
            return check()
        except InvalidMessage as error:
            if not self._step.lenient:
                raise
            self._recording.log("warn", error.message, {})
            return otherwise

    async def _handle(self, data: object) -> object:
        step = self._step
        if step.signature.is_async:
            arguments = step.signature.arguments(data, self._context())
            return await _settled(step.handler(*arguments))
        arguments = step.signature.arguments(data, self._blocking_context())
        return await _settled(
            await call_in_thread(self._services.threads, step.handler, *arguments)
        )

    def _context(self) -> Context:
        return self._context_of(self._state, self._streams, cast("Calling", self._calls))

    def _blocking_context(self) -> SyncContext:
        loop = asyncio.get_running_loop()

        def blocking(target: object, name: str) -> Any:
            return Blocking(target, self._recording.check_open, name, loop)

        def call(*arguments: Any, **options: Any) -> Any:
            return run_on_loop(self._calls(*arguments, **options), loop)

        def stream(target: Stream) -> SyncStream:
            return blocking(target, f"streams.{target.name}")

        streams = SyncStreams(self._streams, stream)
        return self._context_of(blocking(self._state, "state"), streams, call)

    def _context_of(
        self, state: StateT, streams: StreamsT, call: CallingT
    ) -> Context[StateT, StreamsT, CallingT]:
        return Context(
            self._invocation,
            effects=self._recording,
            state=state,
            streams=streams,
            call=call,
            secrets=self._services.secrets,
            flows=self._step.flows,
            attempt=self._attempt.number,
            cancelled=self._attempt.cancelled,
        )


async def _settled(returned: object) -> object:
    return await cast("Awaitable[object]", returned) if inspect.isawaitable(returned) else returned


def _on_loop(
    loop: asyncio.AbstractEventLoop, report: Callable[[object], None], details: object
) -> None:
    """Report at once from the loop itself, soon from a thread."""
    try:
        inside = asyncio.get_running_loop() is loop
    except RuntimeError:
        inside = False
    if inside:
        report(details)
    else:
        loop.call_soon_threadsafe(report, details)
