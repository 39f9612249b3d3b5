"""Describes steps by their configs: the one place where a config becomes a descriptor."""

from __future__ import annotations

from wistro.errors import SetupError
from wistro.policies import Emit
from wistro.project.appnames import app_of_path, qualified, qualified_flows
from wistro.project.declared import Declared, DeclaredStep, DeclaredStream
from wistro.project.descriptor import (
    ApiDescriptor,
    CronDescriptor,
    Descriptor,
    Discovered,
    Language,
    LoadError,
    StreamDescriptor,
    TaskDescriptor,
)
from wistro.project.files import step_id
from wistro.project.outside import answered_schema
from wistro.schemas import json_schema
from wistro.steps import (
    ApiStep,
    CallStep,
    CronStep,
    EventStep,
    HandlerStep,
    NoopStep,
    StepConfig,
    parse_config,
)
from wistro.stream_config import StreamConfig, parse_stream


def describe_config(
    config: StepConfig,
    *,
    path: str,
    language: Language,
    input: dict[str, object] | None,
    hash: str,
) -> Descriptor:
    """The descriptor of a step.

    Args:
        config: What its file says.
        path: The file, relative to the project.
        language: What the file is written in.
        input: The JSON Schema of its messages; for an api step of the request's body.
        hash: Of everything that the step is made of.
    """
    return Descriptor(
        id=qualified(config.id or step_id(path), path),
        path=path,
        app=app_of_path(path),
        language=language,
        kind=config.type,
        name=config.name,
        description=config.description,
        flows=qualified_flows(config.flows, path),
        subscribes=config.subscriptions,
        join=config.join if isinstance(config, EventStep) else None,
        emits=_emits(config, input),
        virtual_subscribes=config.virtual_subscriptions,
        virtual_emits=config.virtual_emissions,
        input=None if isinstance(config, ApiStep) else input,
        output=_schema(config.output) if isinstance(config, CallStep) else None,
        api=_api(config, input) if isinstance(config, ApiStep) else None,
        cron=_cron(config) if isinstance(config, CronStep) else None,
        task=_task(config) if isinstance(config, NoopStep) else None,
        awaits=config.awaits if isinstance(config, NoopStep) else None,
        calls=config.call if isinstance(config, NoopStep) else None,
        policy=config.policy,
        responds=config.responds if isinstance(config, HandlerStep) else False,
        fifo=isinstance(config, EventStep) and config.fifo,
        hash=hash,
    )


def describe_stream(
    config: StreamConfig, *, path: str, language: Language, has_access: bool, hash: str
) -> StreamDescriptor:
    """The descriptor of a stream.

    Args:
        config: What its file says.
        path: The file, relative to the project.
        language: What the file is written in.
        has_access: Whether it has a function that decides who may subscribe.
        hash: Of everything that the stream is made of.
    """
    return StreamDescriptor(
        name=config.name,
        path=path,
        language=language,
        item=_schema(config.item),
        access=config.access,
        has_access=has_access,
        hash=hash,
    )


def describe_declared(declared: Declared) -> Discovered:
    """The descriptors of what another language's discoverer declares, and what is wrong with the rest."""
    steps: list[Descriptor] = []
    errors = list(declared.errors)
    for step in declared.steps:
        try:
            steps.append(_describe(step, declared.language))
        except SetupError as error:
            errors.extend(load_errors(error, step.path, line=step.line))
    streams: list[StreamDescriptor] = []
    for stream in declared.streams:
        try:
            streams.append(_describe_stream(stream, declared.language))
        except SetupError as error:
            errors.extend(load_errors(error, stream.path))
    return Discovered(
        language=declared.language,
        steps=tuple(steps),
        streams=tuple(streams),
        errors=tuple(errors),
    )


def load_errors(error: SetupError, path: str, *, line: int | None = None) -> list[LoadError]:
    """What is wrong with the file at `path`: an entry for each field of a config, else one for the file.

    Args:
        error: What loading the file raised.
        path: Relative to the project.
        line: Where its config stands, when the error does not say.
    """
    line = error.line or line
    if not error.issues:
        return [LoadError(path=path, error=error.message, hint=error.hint, line=line)]
    return [
        LoadError(
            path=path,
            error=issue.message,
            hint=issue.hint,
            line=issue.line or line,
            field=issue.field,
        )
        for issue in error.issues
    ]


def _describe(step: DeclaredStep, language: Language) -> Descriptor:
    config = parse_config(step.config, file=step.path)
    if not step.has_handler and not isinstance(config, NoopStep):
        raise SetupError(
            f"`{step.path}` has no handler: expected a function called `handler`, found none",
            code="no_handler",
            hint="export a `handler`, or give it the type `noop` for a step without one",
            file=step.path,
        )
    return describe_config(
        config, path=step.path, language=language, input=_input(config), hash=step.hash
    )


def _describe_stream(stream: DeclaredStream, language: Language) -> StreamDescriptor:
    return describe_stream(
        parse_stream(stream.config, file=stream.path),
        path=stream.path,
        language=language,
        has_access=stream.has_access,
        hash=stream.hash,
    )


def _input(config: StepConfig) -> dict[str, object] | None:
    if isinstance(config, ApiStep):
        return _schema(config.body_schema)
    return None if isinstance(config, CronStep) else _schema(config.input)


def _api(config: ApiStep, body: dict[str, object] | None) -> ApiDescriptor:
    responses = {status: _schema(source) or {} for status, source in config.response_schema.items()}
    return ApiDescriptor(
        method=config.method,
        path=config.route,
        mode=config.mode,
        body=body,
        query_params=tuple(config.query_params),
        responses=responses,
        signature=config.signature,
    )


def _cron(config: CronStep) -> CronDescriptor:
    return CronDescriptor(expression=config.cron, schedule=config.schedule)


def _task(config: NoopStep) -> TaskDescriptor | None:
    if config.input is None:
        return None
    return TaskDescriptor(
        anyone=not (config.assignees or config.roles),
        assignees=tuple(config.assignees),
        roles=tuple(config.roles),
        approval=config.approval,
        deadline=config.deadline,
        notify=config.notify,
    )


def _emits(config: StepConfig, input: dict[str, object] | None) -> tuple[Emit, ...]:
    """What a step emits; the messages of one that something outside answers have a form of their own."""
    emissions = tuple(_with_schema(emit) for emit in config.emissions)
    if not isinstance(config, NoopStep) or not config.executable:
        return emissions
    form = answered_schema(input, by_people=config.input is not None)
    chosen = sum(emit.where is not None for emit in emissions)

    def answered(emit: Emit) -> Emit:
        if emit.topic in config.notices:
            return emit
        # Conditions that tell one answer from the other; a single one leaves the other open.
        choice = {"conditional": True, "alternative": chosen > 1} if emit.where else {}
        return emit.model_copy(update={"message": emit.message or form, **choice})

    return tuple(answered(emit) for emit in emissions)


def _with_schema(emit: Emit) -> Emit:
    return emit.model_copy(update={"message": _schema(emit.message)})


def _schema(source: object) -> dict[str, object] | None:
    return None if source is None else json_schema(source)
