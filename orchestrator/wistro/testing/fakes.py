"""What stands in for the handler of a step in a test."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

from wistro.calls import Calling
from wistro.context import Context, Level
from wistro.contract import Emission, ErrorInfo, Invocation, StepResult
from wistro.errors import Terminal, to_info
from wistro.issues import did_you_mean
from wistro.state import State
from wistro.streams import Streams
from wistro.values import jsonable

FakeHandler = Callable[[Any, Context[State]], object]
"""A handler as a step file has it: gets the message and a context, async or not."""

NO_ANSWER = object()
"""Stands for "does not respond"."""


@dataclass(frozen=True, kw_only=True)
class Log:
    """A line that a faked handler logged."""

    step: str
    level: Level
    message: str
    fields: Mapping[str, object]


@dataclass(frozen=True, kw_only=True)
class Fake:
    """Does what a test says instead of what the step's handler does."""

    topics: tuple[str, ...] | None = None
    """What it may emit; anything when `None`."""
    emits: tuple[Emission, ...] = ()
    output: object = None
    response: object = NO_ANSWER
    error: ErrorInfo | None = None
    times: int | None = None
    """How many attempts of each delivery fail with `error`; all of them without."""
    handler: FakeHandler | None = None
    takes: timedelta = timedelta(0)
    """How long each attempt takes on the fake clock."""
    stubborn: bool = False
    """Whether it goes on when it is asked to stop."""
    attempts: Counter[str] = field(default_factory=Counter[str])
    """Attempts by idempotency key."""

    async def perform(
        self,
        invocation: Invocation,
        *,
        state: State,
        streams: Streams,
        logs: list[Log],
        call: Calling | None = None,
    ) -> StepResult | ErrorInfo:
        """Make one attempt."""
        self.attempts[invocation.idempotency_key] += 1
        made = self.attempts[invocation.idempotency_key]
        if self.error is not None and (self.times is None or made <= self.times):
            return self.error
        effects = _Effects(
            step=invocation.step, topics=self.topics, logs=logs, emissions=list(self.emits)
        )
        if self.response is not NO_ANSWER:
            effects.respond(self.response)
        output = self.output
        if self.handler is not None:
            attempt = invocation.attempt + 1
            context = Context(
                invocation,
                effects=effects,
                state=state,
                streams=streams,
                call=call,
                secrets=_NoSecrets(),
                attempt=attempt,
            )
            try:
                output = jsonable(await _settled(self.handler(invocation.data, context)))
            except AssertionError:
                raise  # The test itself complains: that is no failure of the step.
            except Exception as error:  # noqa: BLE001 # whatever a handler raises fails its attempt
                return to_info(error, stack=False)
        return StepResult(
            emissions=tuple(effects.emissions),
            output=output,
            response=effects.response,
            responded=effects.responded,
        )


def emission(
    step: str, topic: str, data: object, topics: tuple[str, ...] | None = None
) -> Emission:
    """A message as a fake emits it.

    Raises:
        AssertionError: the step does not declare the topic: the test does not fit the project.
    """
    if topics is not None and topic not in topics:
        raise AssertionError(
            f"`{step}` does not declare the topic `{topic}`; hint: {did_you_mean(topic, topics)}"
        )
    return Emission(topic=topic, data=jsonable(data))


@dataclass(kw_only=True)
class _Effects:
    step: str
    topics: tuple[str, ...] | None
    logs: list[Log]
    emissions: list[Emission]
    response: object = None
    responded: bool = False

    def emit(self, topic: str, data: object) -> None:
        self.emissions.append(emission(self.step, topic, data, self.topics))

    def respond(self, data: object) -> None:
        self.response, self.responded = jsonable(data), True

    def log(self, level: Level, message: str, fields: Mapping[str, object]) -> None:
        self.logs.append(Log(step=self.step, level=level, message=message, fields=dict(fields)))

    def heartbeat(self, details: object) -> None:
        pass


class _NoSecrets:
    def get(self, name: str) -> str:
        raise Terminal(f"a fake has no secret `{name}`", hint="let the fake do without it")


async def _settled(returned: object) -> object:
    return await cast("Awaitable[object]", returned) if inspect.isawaitable(returned) else returned
