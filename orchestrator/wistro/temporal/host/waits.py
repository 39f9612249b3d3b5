"""Brings messages from outside to the runs that wait for them, and keeps those that come too early."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta
from typing import cast

from wistro.contract import RunRef
from wistro.correlation import Correlation, value_at
from wistro.errors import RunNotFound
from wistro.expressions import CelExpressions
from wistro.machine.routing import accepts
from wistro.stores.waits import KeptMessage, OpenWait, Path, Sealed, WaitId, WaitStore
from wistro.temporal import wire
from wistro.temporal.host.connect import engine_errors
from wistro.temporal.host.engine import Engine
from wistro_codec import PROJECT_FLOW, Keys, keyed_digest, seal, unseal

REPEATABLE = timedelta(hours=24)
"""How long a message is known again by its idempotency key."""

_PAGE = 200
_AT_ONCE = 32
_RPC = timedelta(seconds=10)


class Waits:
    """A `WaitKeeper` that keeps waits and messages in a store.

    A message and a wait meet once: of the two transactions that store them the later one sees what the
    earlier one stored, and looks. Whoever dies between storing and telling the run does it again: the
    activity of the run is retried, the publisher repeats its request, with the key that it gave. The
    run knows a message by its id and takes it once.
    """

    def __init__(
        self, engine: Engine, store: WaitStore, keys: Keys, *, now: Callable[[], float] = time.time
    ) -> None:
        """Look up waits in `store`, and tell the runs of `engine`."""
        self._engine = engine
        self._store = store
        self._keys = keys
        self._now = now
        self._expressions = CelExpressions()
        self._telling = asyncio.Semaphore(_AT_ONCE)

    # Waits

    async def show(self, shown: wire.WaitShown) -> None:
        """See `WaitKeeper.show`."""
        id = WaitId(shown.flow, shown.run_id, shown.delivery_id, shown.opening)
        if shown.closed:
            await self._store.leave(id)
            return
        wait = await self._store.enter(self._sealed(id, shown))
        message = await self._store.taken(id) or await self._take(wait)
        if message is not None and message.content is not None:
            await self._tell(id, message, self._opened(message.content))

    async def _take(self, wait: OpenWait) -> KeptMessage | None:
        """The first kept message that is for the wait, which no other run of its flow gets then."""
        after = 0
        while True:
            page = await self._store.kept(wait, now=self._now(), after=after, limit=_PAGE)
            for message in page:
                after = message.seq
                fits = message.content and self._fits(wait, self._opened(message.content))
                if fits and await self._store.reach(message.seq, wait.id, only_first=True):
                    return message
            if len(page) < _PAGE:
                return None

    def _sealed(self, id: WaitId, shown: wire.WaitShown) -> OpenWait:
        correlation = Correlation.of(shown.where)
        value = correlation and value_at(shown.request, correlation.request)
        request = None if shown.where is None else shown.request
        return OpenWait(
            id=id,
            topic=shown.topic,
            path=correlation.message if correlation and value is not None else None,
            digest=self._digest(shown.topic, Path(shown.flow, correlation.message), value)
            if correlation and value is not None
            else None,
            content=self._seal(shown.flow, {"where": shown.where, "request": request}),
        )

    # Messages

    async def share(self, message: wire.SharedMessage) -> wire.Reached:
        """See `WaitKeeper.share`."""
        return await self.publish(message.topic, message.data, key=message.key, flow=message.flow)

    async def publish(
        self, topic: str, data: object, *, key: str | None = None, flow: str | None = None
    ) -> wire.Reached:
        """Brings a message to the runs that wait for it, and keeps it for flows that it did not reach.

        Args:
            topic: Its topic.
            data: A JSON value.
            key: A second message with the same key is the first one again.
            flow: The flow whose runs it is for; any, when not given.

        Raises:
            RunError: `message_too_large`, `message_not_json`.
            EngineUnavailable: Temporal is away; with a `key` it is safe to repeat.
            StoreError: The store is.
        """
        known = await self._store.paths(topic)
        flows = self._engine.catalogue.awaiting.get(topic, ())
        awaiting = {name for name, _ in flows if flow in (None, name)}
        if not awaiting and not known:
            return wire.Reached()
        self._engine.check_message(topic, data)
        paths = known | {
            Path(name, correlation.message)
            for name, where in flows
            if (correlation := Correlation.of(where)) is not None
        }
        message = await self._store.add(self._message(topic, data, key, flow, paths), paths)
        if message is None:  # a wait of another kind was opened just now
            return await self.publish(topic, data, key=key, flow=flow)
        await self._reach(message, data, flow)
        reached = await self._store.reached(message.seq)
        missing = awaiting - {id.flow for id in reached}
        runs = dict.fromkeys((id.flow, id.run_id) for id in reached)
        return wire.Reached(
            runs=[RunRef(flow=flow, run_id=run_id) for flow, run_id in runs],
            kept=bool(missing) and message.keep_until > self._now(),
        )

    async def prune(self) -> int:
        """Forgets messages that are past their time."""
        return await self._store.prune(self._now())

    async def _reach(self, message: KeptMessage, data: object, flow: str | None) -> None:
        """Tells every run whose wait was open when the message came."""
        told = set(await self._store.reached(message.seq))
        after = 0
        while True:
            page = await self._store.waiting(message, flow=flow, after=after, limit=_PAGE)
            found = [w for w in page if w.id not in told and self._fits(w, data)]
            await _all(self._tell_waiting(wait, message, data) for wait in found)
            if len(page) < _PAGE:
                return
            after = page[-1].seq

    async def _tell_waiting(self, wait: OpenWait, message: KeptMessage, data: object) -> None:
        if await self._tell(wait.id, message, data):
            await self._store.reach(message.seq, wait.id)

    async def _tell(self, id: WaitId, message: KeptMessage, data: object) -> bool:
        """Signals a run; false when it is over, and its wait with it."""
        signal = wire.Message(topic=message.topic, data=data, id=message.id)
        try:
            async with self._telling:
                with engine_errors(id.flow, id.run_id):
                    handle = self._engine.handle(id.flow, id.run_id)
                    await handle.signal(wire.MESSAGE_SIGNAL, signal, rpc_timeout=_RPC)
        except RunNotFound:  # somebody ended it by force: it told nobody
            await self._store.leave(id)
            return False
        return True

    def _message(
        self, topic: str, data: object, key: str | None, flow: str | None, paths: Iterable[Path]
    ) -> KeptMessage:
        values = ((path, value_at(data, path.field)) for path in paths if flow in (None, path.flow))
        said, now = self._engine.lock.topics.get(topic), self._now()
        keep = said.keep.total_seconds() if said and said.keep else 0.0
        scope = f"{flow or ''}\0{topic}\0{key}"
        return KeptMessage(
            id=secrets.token_hex(16)
            if key is None
            else keyed_digest(self._keys, "message", scope, flow=PROJECT_FLOW),
            topic=topic,
            digests=tuple(self._digest(topic, path, value) for path, value in values if value),
            content=self._seal(PROJECT_FLOW, data) if keep else None,
            keep_until=now + keep,
            forget_at=now + max(keep, 0.0 if key is None else REPEATABLE.total_seconds()),
        )

    # Small change

    def _fits(self, wait: OpenWait, data: object) -> bool:
        asked = cast("dict[str, object]", self._opened(wait.content))
        where = cast("str | None", asked["where"])
        return accepts(self._expressions, where, data, asked["request"])

    def _digest(self, topic: str, path: Path, value: str | None) -> str:
        text = f"{topic}\0{path.field}\0{value}"
        return keyed_digest(self._keys, "correlation", text, flow=path.flow)

    def _seal(self, flow: str, content: object) -> Sealed:
        key = self._keys.active(flow)
        return Sealed(str(key.id), seal(key, json.dumps(content).encode()))

    def _opened(self, sealed: Sealed) -> object:
        return json.loads(unseal(self._keys.get(sealed.key), sealed.envelope))


async def _all(work: Iterable[Awaitable[None]]) -> None:
    """Does all of it, also when some fails, and then says so."""
    ended = await asyncio.gather(*work, return_exceptions=True)
    for error in ended:
        if isinstance(error, BaseException):
            raise error
