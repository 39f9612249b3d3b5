"""A loaded step made ready to run: everything about it that does not change between deliveries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast, get_args, get_origin

from wistro.errors import InvalidMessage, SetupError
from wistro.policies import Policy
from wistro.request import ApiRequest, Response
from wistro.schemas import JsonSchema
from wistro.steps import ApiStep, CallStep
from wistro.values import NotJson
from wistro_worker.loader import LoadedStep
from wistro_worker.shapes import ANYTHING, Shape, shape_of
from wistro_worker.signature import Signature, signature_of

Middleware = Callable[..., object]


@dataclass(frozen=True, kw_only=True)
class PreparedStep:
    """A step that can be run."""

    id: str
    kind: str
    handler: Callable[..., object]
    signature: Signature
    flows: tuple[str, ...]
    input: Shape
    """What messages (for an api step: bodies) look like."""
    output: Shape
    topics: Mapping[str, Shape]
    """What it may emit."""
    responses: Mapping[int, Shape] = field(default_factory=dict[int, Shape])
    """What the body of each status of an api step looks like, as far as declared."""
    middleware: tuple[Middleware, ...] = ()
    terminal: frozenset[str] = frozenset()
    """Names of exception classes that are never retried."""
    lenient: bool = False
    """By Motia's rules: what does not fit is noted and goes on, what is not declared is left out."""

    def load(self, data: object, topic: str | None) -> object:
        """What the handler gets for the data of a delivery.

        Raises:
            InvalidMessage: it names each field that does not fit.
        """
        if self.kind == "api":
            return ApiRequest.of(data)
        if self.kind == "cron":
            return data
        source = f"The message on `{topic}`" if topic else "The input"
        return self.input.load(data, f"{source} for `{self.id}`")

    def check_body(self, request: ApiRequest[Any]) -> None:
        """Make the request's body what the handler wants; done last, after the middleware.

        Raises:
            InvalidMessage: it names each field that does not fit.
        """
        request.body = self.input.load(request.body, f"The body of the request to `{self.id}`")

    def dump(self, returned: object) -> object:
        """The output in its wire form.

        Raises:
            InvalidMessage: when JSON cannot carry it; it names the part that it cannot.
        """
        what = f"What `{self.id}` returned"
        if self.kind == "call" and returned is None:
            return None  # the answer comes from a later step
        if self.kind != "api":
            return self.output.dump(returned, what)
        try:
            return Response.of(returned).output()
        except NotJson as error:
            raise InvalidMessage(
                f"{what} cannot be sent: {error}",
                hint="return plain data, a Pydantic model, or `Response(bytes)`",
            ) from None

    def complaint(self, output: object) -> str | None:
        """What is wrong with the response of an api step, by the schema of its status."""
        form = cast("dict[str, object]", output) if isinstance(output, dict) else {}
        shape = self.responses.get(cast("int", form.get("status", 0)))
        if shape is None or "body_encoding" in form:
            return None
        try:
            shape.load(form.get("body"), f"The {form['status']} response of `{self.id}`")
        except InvalidMessage as error:
            return error.message
        return None


def prepare(
    step: LoadedStep,
    topics: Mapping[str, JsonSchema],
    policy: Policy | None = None,
    *,
    lenient: bool = False,
) -> PreparedStep:
    """Make a step ready.

    Args:
        step: The loaded step; one that has a handler.
        topics: The schemas of topics, for the emissions that declare none themselves.
        policy: The complete policy; that of the config when not given.
        lenient: Whether Motia's rules apply; handlers get plain data then, as they do there.

    Raises:
        SetupError: the handler's arguments, or one of its schemas, cannot be used.
    """
    config, handler = step.config, step.handler
    if handler is None or config.type == "noop":
        raise SetupError(
            f"`{step.id}` has no handler: a noop cannot be run",
            code="no_handler",
            hint="write a handler and give the step another type",
        )
    try:
        emits = {
            emission.topic: shape_of(emission.message or topics.get(emission.topic))
            for emission in config.emissions
        }
        responses = _responses(config) if isinstance(config, ApiStep) else {}
        output = shape_of(config.output) if isinstance(config, CallStep) else ANYTHING
        received = shape_of(step.input_schema) if lenient else _input(step)
    except ValueError as error:
        raise SetupError(
            f"`{step.id}` declares a schema that cannot be used: {error}", code="bad_schema"
        ) from error
    retry = (policy or config.policy).retry
    return PreparedStep(
        id=step.id,
        kind=config.type,
        handler=handler,
        signature=signature_of(handler, kind=config.type, step=step.id),
        flows=tuple(config.flows),
        input=received,
        output=output,
        topics=emits,
        responses=responses,
        middleware=tuple(config.middleware) if isinstance(config, ApiStep) else (),
        terminal=frozenset(str(name) for name in retry.terminal) if retry else frozenset(),
        lenient=lenient,
    )


def _responses(config: ApiStep) -> dict[int, Shape]:
    declared = config.response_schema.items()
    return {status: shape_of(source) for status, source in declared if source is not None}


def _input(step: LoadedStep) -> Shape:
    """A type when the handler wants instances of it; for plain data the schema says more."""
    if step.input_type is None or _is_plain(step.input_type):
        return shape_of(step.input_schema)
    return shape_of(step.input_type)


def _is_plain(declared: object) -> bool:
    kind = get_origin(declared) or declared
    of = get_args(declared)
    return (
        isinstance(kind, type) and issubclass(kind, Mapping) and (not of or of[-1] in (Any, object))
    )
