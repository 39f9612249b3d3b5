"""The triggers of a flow, with all that is needed to try them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

from fastapi import APIRouter
from pydantic import Field

from wistro.access import Rule
from wistro.errors import RunError
from wistro.issues import did_you_mean
from wistro_triggers.example_scalars import NoExample
from wistro_triggers.examples import example_of
from wistro_triggers.management.site import ERRORS, FlowPath, Site, View
from wistro_triggers.paths import PathTemplate

if TYPE_CHECKING:
    from wistro.policies import Signature
    from wistro.project.descriptor import ApiDescriptor, Descriptor
    from wistro.project.lock import CallableLock, Lock

TriggerKind = Literal["api", "cron", "call", "event"]
Schema = dict[str, object]


class Parameter(View):
    """A parameter of a request."""

    name: str
    description: str | None = None


class SignatureView(View):
    """How senders of a webhook prove who they are."""

    scheme: str
    header: str
    """The header that carries the signature."""
    secret: str
    """The name of the secret, never the secret itself."""
    algorithm: str = "sha256"
    encoding: str = "hex"
    prefix: str = ""
    timestamp_header: str | None = None
    """The header with the moment of signing, which is signed as well."""
    id_header: str | None = None
    """The header that names the delivery."""


class TriggerDetail(View):
    """What starts runs of a flow: a request, the clock, a call, or a message."""

    id: str
    """As runs name what started them: `api:place_order`, `event:order.placed`."""
    kind: TriggerKind
    name: str
    description: str | None = None
    flow: str
    """The flow whose runs it starts."""
    step: str | None = None
    topic: str | None = None
    method: str | None = None
    path: str | None = None
    """Of an address, with parameters in braces: `/orders/{id}`."""
    path_params: tuple[str, ...] = ()
    rest_param: str | None = None
    """The parameter that may have slashes in it."""
    query_params: tuple[Parameter, ...] = ()
    input: Schema | None = None
    """JSON Schema of what is sent: the body, the input of the call, the message."""
    responses: dict[str, Schema] = Field(default_factory=dict[str, Schema])
    """JSON Schema of the answer, by status."""
    answers: bool = True
    """Whether a sender gets the step's own answer; otherwise the run's id at once."""
    signature: SignatureView | None = None
    access: Literal["open", "signature", "token", "rules"] = "open"
    """Who may: everybody, who signs, holders of the management token, or whom rules name."""
    access_words: str
    cron: str | None = None
    time_zone: str | None = None
    example: object = None
    """Something to send, made from the schema."""
    has_example: bool = False

    def taking(self, schema: Mapping[str, object] | None) -> TriggerDetail:
        """The same with what it takes, and an example of it where one can be made."""
        if schema is None:
            return self
        update: dict[str, object] = {"input": dict(schema)}
        with suppress(NoExample):
            update |= {"example": example_of(schema), "has_example": True}
        return self.model_copy(update=update)


def triggers_router(site: Site) -> APIRouter:
    """`/flows/{flow}/triggers`."""
    router = APIRouter(prefix="/flows", tags=["flows"], responses=ERRORS)

    @router.get("/{flow}/triggers", summary="List what starts runs of a flow")
    async def list_triggers(flow: FlowPath) -> list[TriggerDetail]:
        return list(triggers_of(site.lock, flow, development=site.development))

    return router


def triggers_of(lock: Lock, flow: str, *, development: bool) -> Iterator[TriggerDetail]:
    """The triggers of a flow.

    Raises:
        RunError: `flow_not_found`.
    """
    found = lock.flows.get(flow)
    if found is None:
        raise RunError(
            f"The project has no flow `{flow}`.",
            code="flow_not_found",
            hint=did_you_mean(flow, tuple(lock.flows)),
        )
    for id in found.triggers:
        step = lock.steps[id]
        if step.api is not None:
            yield _api(step, step.api)
        elif step.cron is not None:
            yield _cron(step, flow)
        elif found.callable is not None and found.callable.step == id:
            yield _call(step, flow, found.callable, development=development)
    for topic in found.entry_topics:
        yield _event(lock, topic, flow)


def trigger_of(lock: Lock, flow: str, id: str, *, development: bool = False) -> TriggerDetail:
    """One trigger of a flow, by its id.

    Raises:
        RunError: `flow_not_found`, `trigger_not_found`.
    """
    known: list[str] = []
    for trigger in triggers_of(lock, flow, development=development):
        if trigger.id == id:
            return trigger
        known.append(trigger.id)
    raise RunError(
        f"The flow `{flow}` has no trigger `{id}`.",
        code="trigger_not_found",
        hint=did_you_mean(id, tuple(known))
        or f"`/_wistro/api/flows/{flow}/triggers` lists those there are",
    )


def _api(step: Descriptor, api: ApiDescriptor) -> TriggerDetail:
    template = PathTemplate.parse(api.path)
    signature = None if api.signature is None else _signature(api.signature)
    rest = [segment.text for segment in template.segments if segment.kind == "rest"]
    words = "Everybody who reaches the server"
    if signature is not None:
        words = f"Who signs with the secret `{signature.secret}`"
    return TriggerDetail(
        id=f"api:{step.id}",
        kind="api",
        name=step.name,
        description=step.description,
        flow=step.flows[0],
        step=step.id,
        method=api.method,
        path=str(template),
        path_params=template.parameters,
        rest_param=rest[0] if rest else None,
        query_params=tuple(
            Parameter(name=param.name, description=param.description or None)
            for param in api.query_params
        ),
        responses={str(status): dict(schema) for status, schema in api.responses.items()},
        answers=api.mode == "wait",
        signature=signature,
        access="open" if signature is None else "signature",
        access_words=words,
    ).taking(api.body)


def _cron(step: Descriptor, flow: str) -> TriggerDetail:
    assert step.cron is not None
    return TriggerDetail(
        id=f"cron:{step.id}",
        kind="cron",
        name=step.name,
        description=step.description,
        flow=flow,
        step=step.id,
        answers=False,
        access="token",
        access_words="The clock, and operators",
        cron=step.cron.expression,
        time_zone=step.cron.schedule.time_zone,
    )


def _call(step: Descriptor, flow: str, found: CallableLock, *, development: bool) -> TriggerDetail:
    access, words = _who(found, development=development)
    return TriggerDetail(
        id=f"call:{step.id}",
        kind="call",
        name=step.name,
        description=found.description or step.description,
        flow=flow,
        step=step.id,
        method="POST",
        path=f"/call/{quote(flow, safe='')}",
        responses={} if found.output is None else {"200": dict(found.output)},
        access=access,
        access_words=words,
    ).taking(found.input)


def _event(lock: Lock, topic: str, flow: str) -> TriggerDetail:
    found = lock.topics[topic]
    return TriggerDetail(
        id=f"event:{topic}",
        kind="event",
        name=f"Message on {topic}",
        description=found.description,
        flow=flow,
        topic=topic,
        method="POST",
        path=f"/_wistro/topics/{quote(topic, safe='')}",
        answers=False,
        access="token",
        access_words="Steps of other flows, and holders of the management token",
    ).taking(found.message)


def _signature(declared: Signature) -> SignatureView:
    if declared.scheme == "github":
        return SignatureView(
            scheme="github",
            header="X-Hub-Signature-256",
            secret=declared.secret,
            prefix="sha256=",
            id_header="X-GitHub-Delivery",
        )
    return SignatureView(
        scheme="hmac",
        header=declared.header,
        secret=declared.secret,
        algorithm=declared.algorithm,
        encoding=declared.encoding,
        prefix=declared.prefix,
        timestamp_header=declared.timestamp_header,
        id_header=declared.id_header,
    )


def _who(
    found: CallableLock, *, development: bool
) -> tuple[Literal["open", "token", "rules"], str]:
    """Who may call a flow, and the same for people."""
    if found.allow is not None and "public" not in found.allow:
        named = [
            f"the {kind} `{name}`"
            for rule in found.allow
            if isinstance(rule, Rule)
            for kind, name in rule.model_dump(exclude_none=True).items()
        ]
        if not named:
            return "token", "Holders of the management token"
        return "rules", f"Whom its rules name: {', '.join(named)}"
    said = "public" if found.allow is not None else found.access
    if (said or ("public" if development else "token")) == "public":
        return "open", "Everybody who reaches the server" + (
            "" if said else ", as long as it is developed"
        )
    return "token", "Holders of the management token, and other flows"
