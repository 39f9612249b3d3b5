"""A flow as a graph: its steps, and the messages between them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from wistro.policies import Emit
from wistro_triggers.management.site import View

if TYPE_CHECKING:
    from wistro.project.descriptor import Descriptor
    from wistro.project.lock import Lock

StepKind = Literal["api", "event", "cron", "call", "noop"]


class StepNode(View):
    """A step of the flow."""

    id: str
    kind: StepKind
    name: str
    description: str | None = None
    language: str
    path: str
    """Its file, relative to the project."""
    flows: list[str]
    config: dict[str, object]
    """The step as the lock has it: route or schedule, subscriptions, emissions, schemas, policy."""


class Edge(View):
    """A topic that leads from one step to another."""

    topic: str
    source: str
    """The step that emits."""
    target: str
    """The step that subscribes, or that waits for a message."""
    kind: Literal["message", "failure", "virtual", "cross_flow"]
    """`failure`: emitted when the source's attempts are exhausted. `virtual`: only drawn, it stands for
    what happens outside. `cross_flow`: a shared topic, which starts a run of the other flow or reaches
    one that waits for it."""
    conditional: bool = False
    """Emitted only sometimes."""
    label: str | None = None
    source_flow: str | None = None
    """The other flow that the source is in, when the edge comes from there."""
    target_flow: str | None = None
    """The other flow that the target is in, when the edge leads there."""


class Graph(View):
    """The steps of a flow and the edges between them."""

    nodes: list[StepNode]
    edges: list[Edge]


def graph_of(lock: Lock, flow: str) -> Graph:
    """The graph of a flow of the lock."""
    inside = [lock.steps[id] for id in lock.flows[flow].steps]
    others = [step for step in lock.steps.values() if flow not in step.flows]
    edges = [
        edge for source in inside for target in inside for edge in _between(lock, source, target)
    ]
    for step in inside:
        for other in others:
            edges += [_across(edge, target=other) for edge in _shared(lock, step, other)]
            edges += [_across(edge, source=other) for edge in _shared(lock, other, step)]
    return Graph(nodes=[_node(step) for step in inside], edges=edges)


def _between(lock: Lock, source: Descriptor, target: Descriptor) -> Iterator[Edge]:
    """The edges between two steps of one flow."""
    received = {each.topic: each.label for each in target.subscribes}
    if target.awaits is not None:
        received.setdefault(target.awaits.topic, None)
    drawn = {each.topic: each.label for each in target.virtual_subscribes}
    for topic, emission in _emissions(lock, source).items():
        if topic in received:
            label = emission.label or received[topic]
            yield emission.model_copy(update={"target": target.id, "label": label})
        elif topic in drawn:
            label = emission.label or drawn[topic]
            yield emission.model_copy(
                update={"target": target.id, "label": label, "kind": "virtual"}
            )
    for virtual in source.virtual_emits:
        if virtual.topic in received or virtual.topic in drawn:
            label = virtual.label or received.get(virtual.topic) or drawn.get(virtual.topic)
            yield Edge(
                topic=virtual.topic,
                source=source.id,
                target=target.id,
                kind="virtual",
                label=label,
            )


def _shared(lock: Lock, source: Descriptor, target: Descriptor) -> Iterator[Edge]:
    """The edges of shared topics between steps that have no flow in common."""
    if not target.runs:
        return
    for edge in _between(lock, source, target):
        if edge.kind != "virtual" and lock.topics[edge.topic].shared:
            yield edge.model_copy(update={"kind": "cross_flow"})


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
            conditional=emit.conditional,
            label=emit.label,
        )
        for emit in step.emits
    }
    failure = lock.policy(step.id).on_failure
    if isinstance(failure, Emit) and step.runs and failure.topic not in found:
        found[failure.topic] = Edge(
            topic=failure.topic, source=step.id, target="", kind="failure", label=failure.label
        )
    return found


def _node(step: Descriptor) -> StepNode:
    return StepNode(
        id=step.id,
        kind=step.kind,
        name=step.name,
        description=step.description,
        language=step.language,
        path=step.path,
        flows=list(step.flows),
        config=step.model_dump(mode="json", exclude_defaults=True),
    )
