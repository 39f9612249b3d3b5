"""One step in full: what it receives and sends, with schemas, and how it is attempted, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Path

from wistro.errors import RunError
from wistro.issues import did_you_mean
from wistro.policies import Emit
from wistro.project.descriptor import Descriptor
from wistro.steps import QueryParam
from wistro_triggers.management.custom_nodes import node_address
from wistro_triggers.management.graph import StepNode, node_of
from wistro_triggers.management.site import ERRORS, Site, View
from wistro_triggers.management.words import Fact, detail_facts, policy_facts

if TYPE_CHECKING:
    from wistro.project.lock import Lock

Schema = dict[str, object]

FlowId = Annotated[str, Path(description="The flow's id.")]
StepId = Annotated[str, Path(description="The id of one of its steps.")]


class Received(View):
    """A topic that a step receives."""

    topic: str
    label: str | None = None
    filter: str | None = None
    """The expression over `message` that must hold."""
    message: Schema | None = None
    """The JSON Schema of its messages, where one is known."""
    sources: list[str]
    """The steps that emit it."""
    external: bool = False
    """Whether it comes from outside of the project."""


class Emitted(View):
    """A topic that a step emits."""

    topic: str
    label: str | None = None
    conditional: bool = False
    """Emitted only sometimes."""
    alternative: bool = False
    """Of all such emissions of the step, exactly one happens."""
    condition: str | None = None
    """The expression over `message` that decides whether it is emitted."""
    on_failure: bool = False
    """Emitted when the step's attempts are exhausted."""
    message: Schema | None = None
    """The JSON Schema of its messages, where one is known."""
    targets: list[str]
    """The steps that receive it."""
    drawn_to: list[str]
    """The steps of what happens outside that are only drawn to receive it."""
    shared: bool = False
    """Whether it starts runs of other flows."""


class Endpoint(View):
    """The request that an api step answers."""

    method: str
    path: str
    body: Schema | None = None
    query_params: list[QueryParam]
    responses: dict[str, Schema]
    """The JSON Schema of the body, by status; an empty one says nothing."""
    signature: str | None = None
    """The scheme by which the sender proves who it is."""


class StepDetail(StepNode):
    """A step with everything that the lock says of it."""

    endpoint: Endpoint | None = None
    received: list[Received]
    emitted: list[Emitted]
    drawn: list[str]
    """The topics of edges that are only drawn."""
    input: Schema | None = None
    """The JSON Schema of what the handler gets, or of what people answer."""
    output: Schema | None = None
    """The JSON Schema of what it returns."""
    calls: str | None = None
    """The flow that it calls."""
    details: list[Fact]
    """What only steps of its kind have: the schedule, the task."""
    policy: list[Fact]
    """How its deliveries are attempted."""
    config: dict[str, object]
    """The step as the lock has it."""


def steps_router(site: Site) -> APIRouter:
    """`/flows/{flow}/steps/{step}`."""
    router = APIRouter(prefix="/flows/{flow}/steps", tags=["flows"], responses=ERRORS)

    @router.get("/{step}", summary="Show a step of a flow")
    async def show_step(flow: FlowId, step: StepId) -> StepDetail:
        return detail_of(site.lock, flow, step, node_address(site))

    return router


def step_in(lock: Lock, flow: str, step: str) -> Descriptor:
    """A step of a flow.

    Raises:
        RunError: `flow_not_found` or `step_not_found`.
    """
    if flow not in lock.flows:
        raise RunError(
            f"The project has no flow `{flow}`.",
            code="flow_not_found",
            hint=did_you_mean(flow, tuple(lock.flows)),
        )
    if step not in lock.flows[flow].steps:
        raise RunError(
            f"The flow `{flow}` has no step `{step}`.",
            code="step_not_found",
            hint=did_you_mean(step, lock.flows[flow].steps),
        )
    return lock.steps[step]


def detail_of(
    lock: Lock, flow: str, step: str, custom_node: Callable[[Descriptor], str | None]
) -> StepDetail:
    """A step in full."""
    found = step_in(lock, flow, step)
    drawn = (*found.virtual_subscribes, *found.virtual_emits)
    return StepDetail(
        **dict(node_of(found, custom_node(found))),
        endpoint=_endpoint(found),
        received=_received(lock, found),
        emitted=_emitted(lock, found),
        drawn=[each.topic for each in drawn],
        input=_schema(found.input),
        output=_schema(found.output),
        calls=found.calls.flow if found.calls else None,
        details=detail_facts(found),
        policy=policy_facts(found, lock.policy(step)) if found.runs else [],
        config=found.model_dump(mode="json", exclude_defaults=True),
    )


def _endpoint(step: Descriptor) -> Endpoint | None:
    api = step.api
    if api is None:
        return None
    return Endpoint(
        method=api.method,
        path=api.path,
        body=_schema(api.body),
        query_params=list(api.query_params),
        responses={str(status): dict(body) for status, body in api.responses.items()},
        signature=api.signature.scheme if api.signature else None,
    )


def _received(lock: Lock, step: Descriptor) -> list[Received]:
    topics = [(each.topic, each.label, each.where) for each in step.subscribes]
    if step.awaits is not None:
        topics.append((step.awaits.topic, None, step.awaits.where))
    return [
        Received(
            topic=topic,
            label=label,
            filter=filter,
            message=_schema(lock.topics[topic].message),
            sources=list(lock.topics[topic].emitters),
            external=lock.topics[topic].external,
        )
        for topic, label, filter in topics
    ]


def _emitted(lock: Lock, step: Descriptor) -> list[Emitted]:
    failure = lock.policy(step.id).on_failure
    emits = [(emit, False) for emit in step.emits]
    if isinstance(failure, Emit) and step.runs:
        emits.append((failure, True))
    return [
        Emitted(
            topic=emit.topic,
            label=emit.label,
            conditional=emit.conditional,
            alternative=emit.alternative,
            condition=emit.where,
            on_failure=on_failure,
            message=_message(lock, emit),
            targets=[*lock.topics[emit.topic].subscribers, *lock.topics[emit.topic].awaited_by],
            drawn_to=[
                each.id
                for each in lock.steps.values()
                if any(emit.topic == virtual.topic for virtual in each.virtual_subscribes)
            ],
            shared=lock.topics[emit.topic].shared,
        )
        for emit, on_failure in emits
    ]


def _message(lock: Lock, emit: Emit) -> Schema | None:
    own = emit.message if isinstance(emit.message, Mapping) else lock.topics[emit.topic].message
    return _schema(own)


def _schema(schema: Mapping[str, object] | None) -> Schema | None:
    return None if schema is None else dict(schema)
