"""The target `run`: another run that waits for the answer as for a message."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated

from wistro.errors import Issue
from wistro.issues import did_you_mean
from wistro.options import Options, matching
from wistro.policies import Topic
from wistro.targets.addresses import expect_insider, read_address, refuse
from wistro.targets.interface import Answer, Asked, Receipt, Undeliverable
from wistro.targets.services import TargetServices

if TYPE_CHECKING:
    from wistro.project.lock import Lock


class _Address(Options):
    flow: str
    run_id: Annotated[str, *matching(r"[0-9a-zA-Z:._-]{1,200}", "the id of a run")]
    topic: Topic


class RunTarget:
    """Checks addresses. The run that answers tells the other one itself, by a signal."""

    many = False

    def __init__(self, lock: Callable[[], Lock]) -> None:
        self._lock = lock

    def check(self, address: Mapping[str, object], asked: Asked) -> Mapping[str, object]:
        """`{"flow": …, "run_id": …, "topic": …}`: the run gets the answer as a message on the topic."""
        wanted = read_address(_Address, address, "run")
        lock = self._lock()
        if wanted.flow not in lock.flows:
            hint = did_you_mean(wanted.flow, sorted(lock.flows))
            message = f"`flow`: there is no flow `{wanted.flow}`"
            raise refuse("run", Issue(field="flow", message=message, hint=hint))
        topic = lock.topics.get(wanted.topic)
        if topic is None or not (topic.subscribers or topic.awaited_by):
            message = f"`topic`: nobody waits for messages on `{wanted.topic}`"
            hint = did_you_mean(wanted.topic, sorted(lock.topics)) if lock.topics else None
            raise refuse("run", Issue(field="topic", message=message, hint=hint))
        expect_insider("run", "run_id", asked, external=topic.external)
        return {"flow": wanted.flow, "run_id": wanted.run_id, "topic": wanted.topic}

    async def deliver(
        self, answer: Answer, address: Mapping[str, object], services: TargetServices
    ) -> Receipt:
        """Never asked to, except when an operator chooses it for an answer that was on its way."""
        _ = answer, address, services
        raise Undeliverable(
            "only the run that answers can tell another run",
            hint="choose another target for this delivery",
        )
