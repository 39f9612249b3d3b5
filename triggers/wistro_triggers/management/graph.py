"""A flow as a graph: its steps, the messages between them, and where they cross to other flows.

It has what is drawn, and no more: the rest of a step is in `steps.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Literal

from wistro.policies import Emit
from wistro_triggers.management.site import View
from wistro_triggers.management.words import join_badge, join_words, trigger_words, waiting_words

if TYPE_CHECKING:
    from wistro.project.descriptor import Descriptor
    from wistro.project.lock import Lock

StepKind = Literal["api", "event", "cron", "call", "noop"]
WaitsFor = Literal["people", "message", "flow"]


class JoinView(View):
    """Several messages that a step waits for."""

    badge: str
    """How many it needs, as short as it can be said: `all`, `2`, or `n` when an expression says."""
    words: str


class StepNode(View):
    """A step of the flow."""

    id: str
    kind: StepKind
    waits_for: WaitsFor | None = None
    """Of a step without a handler: who answers it. Without one it is only drawn."""
    name: str
    description: str | None = None
    language: str
    path: str
    """Its file, relative to the project."""
    flows: list[str]
    trigger: str | None = None
    """What starts runs at it, in words: `POST /orders`, `every day at 03:00 UTC`."""
    waiting: str | None = None
    """What a step without a handler waits for, in words."""
    join: JoinView | None = None
    receives: list[str]
    """The topics that it subscribes to or waits for."""
    emits: list[str]
    responds: bool | Literal["conditional"] = False
    """Whether it answers those who called the flow."""
    custom_node: str | None = None
    """Where the React component that draws it is served, when there is one beside its file."""


class Edge(View):
    """A topic that leads from one step to another."""

    topic: str
    source: str
    """The step that emits; empty when the topic comes from outside."""
    target: str
    """The step that subscribes or waits for a message; of a call, the call step of the other flow."""
    kind: Literal["message", "failure", "virtual", "cross_flow", "call", "outside"]
    """`failure`: emitted when the source's attempts are exhausted. `virtual`: only drawn, it stands for
    what happens outside. `cross_flow`: a shared topic, which starts a run of the other flow or reaches
    one that waits for it. `call`: the source calls the target's flow, and waits for its answer.
    `outside`: its messages come from outside of the project."""
    conditional: bool = False
    """Emitted only sometimes."""
    alternative: bool = False
    """Of all such emissions of the source, exactly one happens."""
    label: str | None = None
    condition: str | None = None
    """The expression that decides whether it is emitted."""
    filter: str | None = None
    """The expression that decides whether the target receives it."""
    source_flow: str | None = None
    """The other flow that the source is in, when the edge comes from there."""
    target_flow: str | None = None
    """The other flow that the target is in, when the edge leads there."""


class OtherFlow(View):
    """A flow at the other end of an edge."""

    id: str
    name: str


class Graph(View):
    """The steps of a flow and the edges between them."""

    nodes: list[StepNode]
    edges: list[Edge]
    others: list[OtherFlow]
    """The flows that edges come from or lead to."""


def graph_of(
    lock: Lock, flow: str, custom_node: Callable[[Descriptor], str | None] = lambda _: None
) -> Graph:
    """The graph of a flow of the lock.

    Args:
        lock: The compiled project.
        flow: One of its flows.
        custom_node: Where the component that draws a step is served, when there is one.
    """
    inside = [lock.steps[id] for id in lock.flows[flow].steps]
    others = [step for step in lock.steps.values() if flow not in step.flows]
    sent = {step.id: _sent(lock, step) for step in (*inside, *others)}
    heard = {step.id: _heard(step) for step in (*inside, *others)}

    def meet(source: Descriptor, target: Descriptor) -> bool:
        return not sent[source.id].isdisjoint(heard[target.id])

    edges = [
        edge
        for source in inside
        for target in inside
        if meet(source, target)
        for edge in _between(lock, source, target)
    ]
    for step in inside:
        edges += [*_from_outside(lock, step), *_call(lock, step)]
        for other in others:
            if meet(step, other):
                edges += [_across(edge, target=other) for edge in _shared(lock, step, other)]
            if meet(other, step):
                edges += [_across(edge, source=other) for edge in _shared(lock, other, step)]
    named = {flow for e in edges for flow in (e.source_flow, e.target_flow) if flow}
    return Graph(
        nodes=[node_of(step, custom_node(step)) for step in inside],
        edges=edges,
        others=[OtherFlow(id=id, name=lock.flows[id].name) for id in sorted(named)],
    )


def node_of(step: Descriptor, custom_node: str | None = None) -> StepNode:
    """A step as it is drawn."""
    join = step.join
    return StepNode(
        id=step.id,
        kind=step.kind,
        waits_for=_waits_for(step),
        name=step.name,
        description=step.description,
        language=step.language,
        path=step.path,
        flows=list(step.flows),
        trigger=trigger_words(step),
        waiting=waiting_words(step),
        join=None
        if join is None
        else JoinView(badge=join_badge(join), words=join_words(step) or ""),
        receives=list(_received(step)),
        emits=[emit.topic for emit in step.emits],
        responds=step.responds,
        custom_node=custom_node,
    )


def _waits_for(step: Descriptor) -> WaitsFor | None:
    if step.task is not None:
        return "people"
    if step.awaits is not None:
        return "message"
    return "flow" if step.calls is not None else None


def _received(step: Descriptor) -> dict[str, tuple[str | None, str | None]]:
    """The label and the filter of each topic that the step receives."""
    found = {each.topic: (each.label, each.where) for each in step.subscribes}
    if step.awaits is not None:
        found.setdefault(step.awaits.topic, (None, step.awaits.where))
    return found


def _sent(lock: Lock, step: Descriptor) -> frozenset[str]:
    """The topics of edges that leave the step."""
    return frozenset((*_emissions(lock, step), *(each.topic for each in step.virtual_emits)))


def _heard(step: Descriptor) -> frozenset[str]:
    """The topics of edges that lead to the step."""
    return frozenset((*_received(step), *(each.topic for each in step.virtual_subscribes)))


def _between(lock: Lock, source: Descriptor, target: Descriptor) -> Iterator[Edge]:
    """The edges between two steps of one flow."""
    received = _received(target)
    drawn = {each.topic: each.label for each in target.virtual_subscribes}
    for topic, emission in _emissions(lock, source).items():
        if topic in received:
            label, filter = received[topic]
            yield emission.model_copy(
                update={"target": target.id, "label": emission.label or label, "filter": filter}
            )
        elif topic in drawn:
            label = emission.label or drawn[topic]
            yield emission.model_copy(
                update={"target": target.id, "label": label, "kind": "virtual"}
            )
    for virtual in source.virtual_emits:
        if virtual.topic in received or virtual.topic in drawn:
            label, filter = received.get(virtual.topic, (drawn.get(virtual.topic), None))
            yield Edge(
                topic=virtual.topic,
                source=source.id,
                target=target.id,
                kind="virtual",
                conditional=virtual.conditional,
                label=virtual.label or label,
                filter=filter,
            )


def _shared(lock: Lock, source: Descriptor, target: Descriptor) -> Iterator[Edge]:
    """The edges of shared topics between steps that have no flow in common."""
    if not target.runs:
        return
    for edge in _between(lock, source, target):
        if edge.kind != "virtual" and lock.topics[edge.topic].shared:
            yield edge.model_copy(update={"kind": "cross_flow"})


def _from_outside(lock: Lock, step: Descriptor) -> Iterator[Edge]:
    """The edges of topics whose messages come from outside of the project."""
    for topic, (label, filter) in _received(step).items() if step.runs else ():
        if lock.topics[topic].external:
            yield Edge(
                topic=topic, source="", target=step.id, kind="outside", label=label, filter=filter
            )


def _call(lock: Lock, step: Descriptor) -> Iterator[Edge]:
    """The edge to the flow that the step calls."""
    if step.calls is None or step.calls.flow not in lock.flows:
        return
    called = lock.flows[step.calls.flow].callable
    if called is not None:
        yield Edge(
            topic=step.calls.flow,
            source=step.id,
            target=called.step,
            kind="call",
            target_flow=step.calls.flow,
        )


def _across(
    edge: Edge, *, source: Descriptor | None = None, target: Descriptor | None = None
) -> Edge:
    return edge.model_copy(
        update={
            "source_flow": source.flows[0] if source else None,
            "target_flow": target.flows[0] if target else None,
        }
    )


def _emissions(lock: Lock, step: Descriptor) -> dict[str, Edge]:
    """An edge that leads nowhere yet, for each topic that the step emits."""
    found = {
        emit.topic: Edge(
            topic=emit.topic,
            source=step.id,
            target="",
            kind="message",
            conditional=emit.conditional or emit.where is not None,
            alternative=emit.alternative,
            label=emit.label,
            condition=emit.where,
        )
        for emit in step.emits
    }
    failure = lock.policy(step.id).on_failure
    if isinstance(failure, Emit) and step.runs and failure.topic not in found:
        found[failure.topic] = Edge(
            topic=failure.topic, source=step.id, target="", kind="failure", label=failure.label
        )
    return found
