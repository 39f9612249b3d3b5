"""A context for testing one handler by itself, as the plain function that it is."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

from wistro.context import Cancellation, Context, Level, SyncContext
from wistro.contract import Emission, Invocation, Trigger
from wistro.errors import Terminal
from wistro.state import State, SyncState
from wistro.stores.memory import MemoryState
from wistro.stores.memory_stream import MemoryStreams
from wistro.stores.stream import Place
from wistro.streams import ItemSchema, Stream, Streams, SyncStream, SyncStreams
from wistro.testing.calls import FakeCalls
from wistro.testing.fakes import Log
from wistro.values import jsonable

RUN_ID = "0123456789abcdef0123456789abcdef"


@dataclass(kw_only=True)
class Effects:
    """What a handler under test did."""

    step: str
    topics: frozenset[str] | None
    emissions: list[Emission] = field(default_factory=list[Emission])
    responses: list[object] = field(default_factory=list[object])
    logs: list[Log] = field(default_factory=list[Log])
    heartbeats: list[object] = field(default_factory=list[object])

    def emit(self, topic: str, data: object) -> None:
        """Keep a message."""
        if self.topics is not None and topic not in self.topics:
            raise Terminal(f"`{topic}` is not one of the test's `topics`", code="undeclared_topic")
        self.emissions.append(Emission(topic=topic, data=jsonable(data)))

    def respond(self, data: object) -> None:
        """Keep an answer."""
        self.responses.append(jsonable(data))

    def log(self, level: Level, message: str, fields: Mapping[str, object]) -> None:
        """Keep a line of the log."""
        self.logs.append(Log(step=self.step, level=level, message=message, fields=fields))

    def heartbeat(self, details: object) -> None:
        """Keep a report of progress."""
        self.heartbeats.append(jsonable(details))


class FakeContext(Context[State]):
    """A `Context` that remembers what the handler did.

    ```python
    ctx = FakeContext()
    await handler(Order(id="7", total=Decimal("12.50")), ctx)
    assert ctx.emitted("payment.taken") == [{"order_id": "7"}]
    ```

    `FakeContext(calls={"refunds": {"approved": True}})` answers the flows that it calls.
    For a `def` handler, pass `ctx.sync`.
    """

    def __init__(  # noqa: PLR0913 # each is one word in a test
        self,
        *,
        step: str = "step",
        flow: str = "flow",
        run_id: str = RUN_ID,
        attempt: int = 1,
        topic: str | None = None,
        topics: Iterable[str] | None = None,
        secrets: Mapping[str, str] | None = None,
        streams: Iterable[str] | None = None,
        calls: Mapping[str, object] | None = None,
        trigger: Trigger | None = None,
    ) -> None:
        """Make a context.

        Args:
            step: The id of the step.
            flow: The flow that runs.
            run_id: The run.
            attempt: Which attempt this is.
            topic: The topic of the message that the handler gets.
            topics: What the handler may emit; anything unless given.
            secrets: The secrets by name.
            streams: The names of the project's streams; any name is one unless given.
            calls: What the flows answer that the handler calls, by flow: data, a function that
                makes it of the input, or an error such as `CallFailed`.
            trigger: What started the run; a message on `topic` unless given.
        """
        invocation = Invocation(
            project="test",
            flow=flow,
            run_id=run_id,
            build="test",
            step=step,
            delivery_id="0" * 16,
            idempotency_key=f"{run_id}:{'0' * 16}",
            trigger=trigger or Trigger(kind="event", topic=topic),
            topic=topic,
        )
        self.effects = Effects(step=step, topics=None if topics is None else frozenset(topics))
        """Everything that the handler did."""
        cancelled = Cancellation()
        self._secrets = _Secrets(secrets or {})
        self.calls = FakeCalls(calls or {})
        """The calls that the handler made: `ctx.calls.made`."""
        super().__init__(
            invocation,
            effects=self.effects,
            state=State(MemoryState()),
            streams=_streams(streams),
            call=self.calls,
            secrets=self._secrets,
            attempt=attempt,
            cancelled=cancelled,
        )

    @property
    def sync(self) -> SyncContext:
        """The same context for a `def` handler: the methods of `state` and `streams` return their values."""
        return Context(
            self._invocation,
            effects=self.effects,
            state=cast("SyncState", _AtOnce(self.state, "state")),
            streams=SyncStreams(self.streams, _stream_at_once),
            call=self.calls.at_once,
            secrets=self._secrets,
            attempt=self.attempt,
            cancelled=self.cancelled,
        )

    def emitted(self, topic: str) -> list[object]:
        """The messages on a topic, as JSON values, in the order emitted."""
        return [emission.data for emission in self.effects.emissions if emission.topic == topic]


@dataclass(frozen=True)
class _Secrets:
    values: Mapping[str, str]

    def get(self, name: str) -> str:
        if name in self.values:
            return self.values[name]
        raise Terminal(
            f"There is no secret `{name}`",
            code="unknown_secret",
            hint=f"give `FakeContext(secrets={{{name!r}: …}})`",
        )


def fake_token(where: Place | str, expires: timedelta, context: object) -> str:
    """A token for tests, which says what it is good for."""
    return f"token for {where} for {expires.total_seconds():g} s, context {context!r}"


def _streams(names: Iterable[str] | None) -> Streams:
    schemas = None if names is None else {name: ItemSchema(None) for name in names}
    return Streams(MemoryStreams(), schemas, fake_token)


def _stream_at_once(stream: Stream) -> SyncStream:
    return cast("SyncStream", _AtOnce(stream, f"streams.{stream.name}"))


class _AtOnce:
    """The methods of something in memory, without `await`: nothing in them ever waits."""

    def __init__(self, target: object, name: str) -> None:
        self._target = target
        self._name = name

    def __getattr__(self, name: str) -> Callable[..., object]:
        method: Callable[..., Coroutine[Any, Any, object]] = getattr(self._target, name)

        def call(*arguments: object, **options: object) -> object:
            try:
                method(*arguments, **options).send(None)
            except StopIteration as done:
                return done.value
            raise RuntimeError(
                f"`{self._name}.{name}` waits for something, although it is in memory"
            )

        return call
