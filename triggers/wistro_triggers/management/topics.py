"""Topics: who is at their ends, and the messages that pass.

The journal knows which delivery emitted on which topics, and nothing of what was in the messages: that is
read from the history of one run, for one message, when somebody who may asks for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, cast

from fastapi import APIRouter, Path, Query

from wistro.errors import RunError
from wistro.issues import did_you_mean
from wistro.machine.routing import child_id, told_id
from wistro.machine.state import ROOT
from wistro.runs import DeliveryStatus, DeliveryView, RunDetail
from wistro.stores.journal import JournalEntry, JournalFilter
from wistro_triggers.management.logs import Before
from wistro_triggers.management.site import ERRORS, Site, View, at_level
from wistro_triggers.problems import Problem

if TYPE_CHECKING:
    from wistro.project.lock import TopicLock

TopicPath = Annotated[str, Path(description="The topic.")]

_EMITTED = ("delivery.completed", "delivery.settled", "delivery.failed", "delivery.told")
_PAGES = 5
"""How many pages of the journal are looked through for one page of messages."""


class TopicEnd(View):
    """A step at one end of a topic."""

    step: str
    name: str
    flows: Sequence[str]
    where: str | None = None
    """Which messages it takes, when not all."""
    conditional: bool = False
    """Whether it emits only sometimes."""


class TopicView(View):
    """A topic, and who is at its ends."""

    name: str
    description: str | None = None
    shared: bool
    """Whether its messages start runs of other flows."""
    external: bool
    """Whether its messages come from outside."""
    emitters: list[str]
    subscribers: list[str]
    awaited_by: list[str]
    """The steps by which runs wait for its messages."""
    sources: Sequence[TopicEnd] = ()
    """The emitters, as people call them."""
    receivers: Sequence[TopicEnd] = ()
    """The subscribers and those who await it, as people call them."""
    message: dict[str, object] | None = None
    """The JSON Schema of its messages."""


class PassedMessage(View):
    """A message that passed, without what was in it."""

    seq: int
    """The place of its note in the journal."""
    at: datetime
    flow: str
    run_id: str
    step: str | None = None
    """The step that emitted it; `null` when it came from outside and started the run."""
    delivery_id: str | None = None
    """The delivery whose emission it is."""
    number: int = 0
    """Counts the messages of the topic that the delivery emitted, from 0."""
    told: int = 0
    """Counts what people were told of the tasks of the run, from 1; 0 when it is something else."""
    receivers: Sequence[str] = ()
    """The steps that subscribe, in the flow and, when the topic is shared, in others."""


class PassedMessages(View):
    """Messages of a topic, the newest first."""

    items: Sequence[PassedMessage]
    next: int | None = None
    """Give it as `before` for older ones; `null` at the beginning of the journal."""


class Receipt(View):
    """A delivery that a message made."""

    delivery_id: str
    step: str
    name: str
    status: DeliveryStatus


class MessageData(View):
    """What was in a message, and what became of it in its run."""

    data: object
    receipts: Sequence[Receipt]
    known: bool = True
    """Whether `data` is what was in it: what tells of a failure or a task is kept by whoever receives it."""


def topics_router(site: Site) -> APIRouter:
    """`/topics` and below."""
    router = APIRouter(prefix="/topics", tags=["topics"], responses=ERRORS)

    def found(topic: str) -> TopicLock:
        if topic not in site.lock.topics:
            raise RunError(
                f"The project has no topic `{topic}`.",
                code="topic_not_found",
                hint=did_you_mean(topic, tuple(site.lock.topics)),
            )
        return site.lock.topics[topic]

    @router.get("", summary="List the topics")
    async def list_topics() -> list[TopicView]:
        return [_view(site, name) for name in site.lock.topics]

    @router.get("/{topic}", summary="Show a topic")
    async def show_topic(topic: TopicPath) -> TopicView:
        found(topic)
        return _view(site, topic)

    @router.get("/{topic}/messages", summary="List the messages that passed, the newest first")
    async def list_messages(
        topic: TopicPath,
        flow: Annotated[str | None, Query(description="Only in this flow.")] = None,
        before: Before = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> PassedMessages:
        found(topic)
        return await _passed(site, topic, flow, before, limit)

    @router.get(
        "/{topic}/message", summary="Read what was in a message, from the history of its run"
    )
    @at_level("read")
    async def read_message(
        topic: TopicPath,
        flow: Annotated[str, Query(description="The flow of its run.")],
        run_id: Annotated[str, Query(description="Its run.")],
        delivery_id: Annotated[
            str | None, Query(description="The delivery that emitted it; none: it began the run.")
        ] = None,
        number: Annotated[int, Query(ge=0, description="As the list says.")] = 0,
        told: Annotated[int, Query(ge=0, description="As the list says.")] = 0,
    ) -> MessageData:
        emitters = found(topic).emitters
        run = await site.engine.show(run_id, flow)
        if delivery_id is None:
            return _from_outside(run, topic)
        source = next((each for each in run.deliveries if each.delivery_id == delivery_id), None)
        if source is None:
            raise _no_message(topic, run)
        if message := _emitted(run, topic, source, number, told):
            return message
        if source.step in emitters and (told or source.status == "failed"):
            return MessageData(data=None, receipts=[], known=False)
        raise _no_message(topic, run)

    return router


def _view(site: Site, name: str) -> TopicView:
    topic = site.lock.topics[name]
    return TopicView(
        name=name,
        description=topic.description,
        shared=topic.shared,
        external=topic.external,
        emitters=list(topic.emitters),
        subscribers=list(topic.subscribers),
        awaited_by=list(topic.awaited_by),
        sources=[_end(site, name, step) for step in topic.emitters],
        receivers=[_end(site, name, step) for step in (*topic.subscribers, *topic.awaited_by)],
        message=None if topic.message is None else dict(topic.message),
    )


def _end(site: Site, topic: str, id: str) -> TopicEnd:
    step = site.lock.steps[id]
    taken = [each.where for each in step.subscribes if each.topic == topic]
    if step.awaits is not None and step.awaits.topic == topic:
        taken.append(step.awaits.where)
    return TopicEnd(
        step=id,
        name=step.name,
        flows=step.flows,
        where=next((where for where in taken if where), None),
        conditional=any(each.conditional for each in step.emits if each.topic == topic),
    )


async def _passed(
    site: Site, topic: str, flow: str | None, before: int | None, limit: int
) -> PassedMessages:
    wanted = JournalFilter(flow=flow, kinds=(*_EMITTED, "run.started"), text=topic)
    items: list[PassedMessage] = []
    for _ in range(_PAGES):
        page = await site.journal.back(wanted, before_seq=before, limit=limit)
        items += (message for entry in page.entries for message in _messages(site, topic, entry))
        before = page.next
        if before is None or len(items) >= limit:
            break
    return PassedMessages(items=items, next=before)


def _messages(site: Site, topic: str, entry: JournalEntry) -> Iterator[PassedMessage]:
    """The messages of the topic that an entry speaks of."""
    if entry.flow is None or entry.run_id is None:
        return
    passed = PassedMessage(
        seq=entry.seq,
        at=datetime.fromtimestamp(entry.at, UTC),
        flow=entry.flow,
        run_id=entry.run_id,
        receivers=_receivers(site, topic, entry.flow),
    )
    if entry.kind == "run.started":
        if _came_from_outside(site, topic, entry):
            yield passed
        return
    emitted = cast("Sequence[object]", entry.fields.get("emitted", ()))
    source = {
        "step": entry.step,
        "delivery_id": entry.delivery_id,
        "told": entry.fields.get("told", 0),
    }
    count = sum(each == topic for each in emitted)
    for number in reversed(range(count)):
        yield passed.model_copy(update={**source, "number": number})


def _came_from_outside(site: Site, topic: str, entry: JournalEntry) -> bool:
    """A run that says `event:order.placed`; an operator may also start one at a step of that name."""
    by_operator = entry.message == f"operator:{topic}" and topic not in site.lock.steps
    return entry.message == f"event:{topic}" or by_operator


def _receivers(site: Site, topic: str, flow: str) -> list[str]:
    found = site.lock.topics[topic]
    ids = (*found.subscribers, *found.awaited_by)
    return [id for id in ids if found.shared or flow in site.lock.steps[id].flows]


def _from_outside(run: RunDetail, topic: str) -> MessageData:
    if run.origin is None or run.origin.topic != topic:
        raise _no_message(topic, run)
    return MessageData(data=run.input, receipts=_receipts(run, ROOT, 0))


def _emitted(
    run: RunDetail, topic: str, source: DeliveryView, number: int, told: int
) -> MessageData | None:
    if told:
        return _received(run, topic, told_id(source.delivery_id, told))
    places = [index for index, each in enumerate(source.emissions) if each.topic == topic]
    if number < len(places):
        index = places[number]
        receipts = _receipts(run, source.delivery_id, index)
        return MessageData(data=source.emissions[index].data, receipts=receipts)
    return _received(run, topic, source.delivery_id) if source.status == "failed" else None


def _received(run: RunDetail, topic: str, parent: str) -> MessageData | None:
    """What told of a failure or a task: no attempt emitted it, so whoever got it knows it."""
    receipts = _receipts(run, parent, 0)
    got = {receipt.delivery_id for receipt in receipts}
    for each in run.deliveries:
        if each.delivery_id in got and each.topic == topic:
            return MessageData(data=each.input, receipts=receipts)
    return None


def _receipts(run: RunDetail, parent: str, index: int) -> list[Receipt]:
    """The deliveries of the run that an emission made: their ids say so."""
    return [
        _receipt(each)
        for each in run.deliveries
        if each.delivery_id == child_id(parent, index, each.step)
    ]


def _receipt(delivery: DeliveryView) -> Receipt:
    return Receipt(
        delivery_id=delivery.delivery_id,
        step=delivery.step,
        name=delivery.name,
        status=delivery.status,
    )


def _no_message(topic: str, run: RunDetail) -> Problem:
    return Problem(
        404,
        "message_not_found",
        f"The run `{run.flow}/{run.run_id}` has no such message of `{topic}`. hint: the attempt that noted "
        "it may have been repeated; the run shows what was emitted in the end.",
    )
