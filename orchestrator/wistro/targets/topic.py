"""The target `topic`: the answer becomes a message, for flows that subscribe and runs that wait."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from wistro.contract import RunRef
from wistro.errors import Issue
from wistro.issues import did_you_mean
from wistro.options import Options
from wistro.policies import Topic
from wistro.targets.addresses import expect_insider, read_address, refuse
from wistro.targets.interface import Answer, Asked, Receipt
from wistro.targets.services import TargetServices

if TYPE_CHECKING:
    from wistro.project.lock import Lock


class _Address(Options):
    topic: Topic


class TopicTarget:
    """Publishes answers."""

    many = True

    def __init__(self, lock: Callable[[], Lock]) -> None:
        self._lock = lock

    def check(self, address: Mapping[str, object], asked: Asked) -> Mapping[str, object]:
        """`{"topic": …}`: one that a message from outside starts runs by, or that runs wait for."""
        topic = read_address(_Address, address, "topic").topic
        lock = self._lock()
        entries = {name for flow in lock.flows.values() for name in flow.entry_topics}
        awaited = {
            name
            for name, each in lock.topics.items()
            if each.awaited_by and (each.external or each.shared)
        }
        known = sorted(entries | awaited)
        if topic not in known:
            raise refuse(
                "topic",
                Issue(
                    field="topic",
                    message=f"`topic`: no flow begins with a message on `{topic}`, or waits for one",
                    hint=did_you_mean(topic, known) if known else None,
                ),
            )
        expect_insider("topic", "topic", asked, external=lock.topics[topic].external)
        return {"topic": topic}

    async def deliver(
        self, answer: Answer, address: Mapping[str, object], services: TargetServices
    ) -> Receipt:
        """Publish it, once: the delivery's id is the idempotency key."""
        await services.publish(
            str(address["topic"]),
            answer.document(),
            sender=RunRef(flow=answer.flow, run_id=answer.call_id),
            idempotency_key=answer.id,
            client_context=answer.client_context,
            traceparent=answer.traceparent,
        )
        return Receipt()
