"""Publishes what comes from answers: to the flows that subscribe, and to the runs that wait."""

from __future__ import annotations

from dataclasses import dataclass

from wistro.contract import RunRef
from wistro.temporal import wire
from wistro.temporal.activities.waits import WaitKeeper
from wistro.temporal.host.engine import Engine


@dataclass(frozen=True, kw_only=True)
class Publisher:
    """A `wistro.targets.services.Publish`."""

    engine: Engine
    waits: WaitKeeper | None

    async def __call__(
        self,
        topic: str,
        data: object,
        *,
        sender: RunRef,
        idempotency_key: str,
        client_context: object = None,
        traceparent: str | None = None,
    ) -> None:
        """See `Publish`."""
        await self.engine.publish(
            topic,
            data,
            client_context=client_context,
            traceparent=traceparent,
            idempotency_key=idempotency_key,
        )
        said = self.engine.lock.topics.get(topic)
        if self.waits is not None and said is not None and said.awaited_by:
            await self.waits.share(
                wire.SharedMessage(topic=topic, data=data, key=idempotency_key, sender=sender)
            )
