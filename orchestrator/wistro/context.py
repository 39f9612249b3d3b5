"""What a handler sees of the world: its `Context`."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import TYPE_CHECKING, Generic, Literal, NoReturn, Protocol, TypeAlias, cast, overload

from typing_extensions import TypedDict, TypeVar

from wistro.calls import Calling, SyncCalling
from wistro.errors import Terminal
from wistro.state import State, SyncState
from wistro.streams import Streams, SyncStreams

if TYPE_CHECKING:
    from wistro.contract import Invocation, Trigger

Level = Literal["debug", "info", "warn", "error"]


class Message(TypedDict, total=False):
    """A message in the form that Motia's steps emit."""

    topic: str
    data: object
    messageGroupId: str


class Effects(Protocol):
    """Where the doings of a handler go: to the worker's recording, or to a test's."""

    def emit(self, topic: str, data: object) -> None:
        """Record a message; raises `Terminal` when the step may not emit it."""
        ...

    def respond(self, data: object) -> None:
        """Record the answer of a callable flow; raises `Terminal` when there is one already."""
        ...

    def log(self, level: Level, message: str, fields: Mapping[str, object]) -> None:
        """Write a line to the run's log."""
        ...

    def heartbeat(self, details: object) -> None:
        """Report progress."""
        ...


class Done:
    """Something that is already done, so that it may be awaited and need not be."""

    def __await__(self) -> Generator[None, None, None]:
        yield from ()


_DONE = Done()


class Cancellation:
    """Whether the handler was asked to stop: true or false, and awaitable.

    `if ctx.cancelled:` asks, `await ctx.cancelled` waits for it in an async handler, and
    `ctx.cancelled.wait(seconds)` waits for it in a `def` handler.
    """

    def __init__(self) -> None:
        self.reason: str | None = None
        """Why: `cancelled`, `timeout`, `worker_stopping`, or `superseded` by another attempt."""
        self._event = threading.Event()
        self._waiting: list[Callable[[], None]] = []

    def __bool__(self) -> bool:
        return self._event.is_set()

    def __await__(self) -> Generator[object, None, None]:
        return self._wait().__await__()

    def wait(self, timeout: float | None = None) -> bool:
        """Block the thread for at most `timeout` seconds; says whether the handler was asked to stop."""
        return self._event.wait(timeout)

    def set(self, reason: str) -> None:
        """Ask the handler to stop. The first reason counts."""
        if not self._event.is_set():
            self.reason = reason
            self._event.set()
        for wake in self._waiting:
            wake()

    async def _wait(self) -> None:
        loop = asyncio.get_running_loop()
        asked = asyncio.Event()

        def wake() -> None:
            loop.call_soon_threadsafe(asked.set)

        self._waiting.append(wake)
        try:
            # Looked at after `wake` is registered: a `set` in between cannot be missed.
            if not self:
                await asked.wait()
        finally:
            self._waiting.remove(wake)


class Secrets(Protocol):
    """Where secrets come from."""

    def get(self, name: str) -> str:
        """The value of the secret; it is masked in logs and error messages from now on.

        Raises:
            Terminal: when there is no such secret.
        """
        ...


def _fields(given: object, more: Mapping[str, object]) -> Mapping[str, object]:
    if given is None:
        return more
    table = cast("Mapping[str, object]", given) if isinstance(given, Mapping) else {"data": given}
    return {**table, **more}


class Logger:
    """Writes to the run's log: `ctx.logger.info("Charged", {"order": 7})` or `(…, order=7)`."""

    def __init__(self, write: Callable[[Level, str, Mapping[str, object]], None]) -> None:
        self._write = write

    def debug(
        self, message: str, fields: Mapping[str, object] | object = None, /, **more: object
    ) -> None:
        """For the author of the step."""
        self._write("debug", message, _fields(fields, more))

    def info(
        self, message: str, fields: Mapping[str, object] | object = None, /, **more: object
    ) -> None:
        """For whoever follows the run."""
        self._write("info", message, _fields(fields, more))

    def warn(
        self, message: str, fields: Mapping[str, object] | object = None, /, **more: object
    ) -> None:
        """Something is odd, and the step goes on."""
        self._write("warn", message, _fields(fields, more))

    def error(
        self, message: str, fields: Mapping[str, object] | object = None, /, **more: object
    ) -> None:
        """Something went wrong."""
        self._write("error", message, _fields(fields, more))

    warning = warn


StateT = TypeVar("StateT", default=State)
StreamsT = TypeVar("StreamsT", default=Streams)
CallingT = TypeVar("CallingT", default=Calling)


class Context(Generic[StateT, StreamsT, CallingT]):
    """What a handler sees: what it may do, who it is and why it runs.

    An async handler gets a `Context`. A `def` handler runs in a thread and gets a `SyncContext`, in
    which `call` and the methods of `state` and `streams` return their values instead of awaitables;
    all else is the same.
    """

    def __init__(  # noqa: PLR0913 - what a handler reaches
        self,
        invocation: Invocation,
        *,
        effects: Effects,
        state: StateT,
        secrets: Secrets,
        streams: StreamsT | None = None,
        call: CallingT | None = None,
        flows: Sequence[str] = (),
        attempt: int = 1,
        cancelled: Cancellation | None = None,
    ) -> None:
        self._invocation = invocation
        self._effects = effects
        self.state = state
        """Durable values by group and key, shared by the flows of the project."""
        self.streams: StreamsT = cast("StreamsT", Streams()) if streams is None else streams
        """The project's live collections: `streams.chat.set(group, id, item)`."""
        self.call: CallingT = cast("CallingT", _no_calls) if call is None else call
        """Runs a callable flow and gives its answer: `await ctx.call("refunds", {"order": 7})`."""
        self.secrets = secrets
        """`secrets.get(name)`: passwords and keys, masked in logs."""
        self.flows = tuple(flows) or (invocation.flow,)
        """The flows that the step belongs to."""
        self.attempt = attempt
        """Counts the attempts of this delivery, from 1."""
        # Not `or`: one that nobody has set yet is false.
        self.cancelled = Cancellation() if cancelled is None else cancelled
        """Whether the handler was asked to stop."""

    # -------------------------------------------------------------------- what it may do

    @overload
    def emit(self, topic: str, data: object = None, /) -> Done: ...
    @overload
    def emit(self, topic: Message, /) -> Done: ...
    def emit(self, topic: str | Message, data: object = None, /) -> Done:
        """Emit a message on a topic that the step declares; sent when the handler has succeeded.

        `await ctx.emit("order.placed", order)`, or `ctx.emit({"topic": …, "data": …})` as in Motia.
        The message is copied at once: changing `data` later does not change it.

        Raises:
            Terminal: when the step does not declare the topic, or the message does not fit its schema.
        """
        if isinstance(topic, str):
            self._effects.emit(topic, data)
        elif isinstance(name := topic.get("topic"), str):
            self._effects.emit(name, topic.get("data"))
        else:
            raise Terminal(
                f"`ctx.emit` expected a topic or `{{'topic': …, 'data': …}}`, found `{topic!r}`",
                code="invalid_emission",
                hint='call `ctx.emit("some.topic", data)`',
            )
        return _DONE

    def respond(self, data: object) -> Done:
        """Give the answer of a callable flow, once per run; recorded when the handler has succeeded.

        Raises:
            Terminal: when the handler has answered already.
        """
        self._effects.respond(data)
        return _DONE

    def heartbeat(self, details: object = None) -> Done:
        """Report progress, for example `{"done": 3, "of": 10}`; workers show signs of life by themselves."""
        self._effects.heartbeat(details)
        return _DONE

    @property
    def logger(self) -> Logger:
        """The run's log: `logger.info("Charged the card", {"order": 7})`."""
        return Logger(self._effects.log)

    # -------------------------------------------------------------------- who it is

    @property
    def run_id(self) -> str:
        """The id of the run: 32 hex digits."""
        return self._invocation.run_id

    @property
    def trace_id(self) -> str:
        """The id of the run, which is also the id of its trace."""
        return self._invocation.run_id

    @property
    def step(self) -> str:
        """The id of the step."""
        return self._invocation.step

    @property
    def flow(self) -> str:
        """The id of the flow that runs."""
        return self._invocation.flow

    @property
    def delivery_id(self) -> str:
        """The id of this delivery, the same in each attempt."""
        return self._invocation.delivery_id

    @property
    def idempotency_key(self) -> str:
        """The same in each attempt, and in no other delivery of any run: give it to services that you call."""
        return self._invocation.idempotency_key

    # -------------------------------------------------------------------- why it runs

    @property
    def topic(self) -> str | None:
        """The topic of the message, when a message set the step off."""
        return self._invocation.topic

    @property
    def trigger(self) -> Trigger:
        """What started the run."""
        return self._invocation.trigger

    @property
    def client_context(self) -> object:
        """What the caller said about itself."""
        return self._invocation.trigger.client_context


SyncContext: TypeAlias = Context[SyncState, SyncStreams, SyncCalling]
"""What a `def` handler sees: as `Context`, with `call` and methods of `state` and `streams` that return values."""


def _no_calls(flow: str, *_: object, **__: object) -> NoReturn:
    raise Terminal(
        f"`ctx.call({flow!r})`: there is nothing here that runs flows",
        code="not_available",
        hint="in a test, fake the step, or give `FakeContext(calls={…})` its answer",
    )
