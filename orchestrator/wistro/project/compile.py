"""Compiles settings and discovered steps to the lock."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from wistro.project.apps import App
from wistro.project.descriptor import Descriptor
from wistro.project.graph import TRIGGER_KINDS, Graph
from wistro.project.lock import AppLock, CallableLock, FlowLock, Lock, Runtime, TopicLock
from wistro.project.settings import (
    CallableSettings,
    EndpointSettings,
    FlowLimits,
    FlowSettings,
    Settings,
    TopicSettings,
)
from wistro.schemas import json_schema


def compile_lock(graph: Graph) -> Lock:
    """The lock of a project whose steps are sound; see `wistro.project.checks` for those that are not."""
    settings = graph.settings
    lock = Lock(
        project=settings.project,
        compatibility=settings.compatibility,
        apps={app.id: _app(graph, app) for app in graph.apps},
        flows={flow: _flow(graph, flow) for flow in graph.flows},
        routes={
            f"{step.api.method} {step.api.path}": step.id
            for step in sorted(
                graph.steps, key=lambda s: (s.api.path, s.api.method) if s.api else ("", "")
            )
            if step.api
        },
        schedules={
            step.id: f"{step.cron.expression} {step.cron.schedule.time_zone}"
            for step in graph.steps
            if step.cron
        },
        topics={topic: _topic(graph, topic) for topic in graph.topics},
        steps={step.id: step for step in graph.steps},
        streams={stream.name: stream for stream in graph.streams},
        defaults=graph.defaults,
        limits=settings.limits,
        runtime=Runtime(
            state=settings.state,
            storage=settings.storage,
            encryption=settings.encryption,
            endpoints=_endpoints(settings),
            auth=settings.auth,
            workers=settings.workers,
            answers=settings.answers,
            traces=settings.traces,
            workbench=settings.workbench,
        ),
    )
    return lock.sealed()


def in_words(id: str) -> str:
    """An id as a name: `order-processing` is `Order processing`."""
    words = re.sub(r"[-_.\s]+", " ", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", id)).strip().lower()
    return words[:1].upper() + words[1:] or id


def _endpoints(settings: Settings) -> EndpointSettings:
    """Those of the settings; Motia lets every page call its endpoints."""
    said = settings.endpoints
    if not settings.motia or "cors_origins" in said.model_fields_set:
        return said
    return said.model_copy(update={"cors_origins": ("*",)})


def _app(graph: Graph, app: App) -> AppLock:
    said = app.settings
    return AppLock(
        name=said.name or in_words(app.id),
        description=said.description,
        version=said.version,
        owner=said.owner,
        path=app.path,
        flows=graph.flows_of(app),
        callable=main_flow(graph, app),
    )


def main_flow(graph: Graph, app: App) -> str | None:
    """The flow that is meant when the app is called: the one that it names, or the only one."""
    callables = graph.callables_of(app)
    if app.call is not None:
        return app.call if app.call in callables else None
    return callables[0] if len(callables) == 1 else None


def _flow(graph: Graph, flow: str) -> FlowLock:
    said = graph.settings.flows.get(flow, FlowSettings())
    steps, app = graph.in_flow(flow), graph.app_of(flow)
    return FlowLock(
        name=said.name or in_words(flow),
        app=None if app is None else app.id,
        description=said.description,
        owner=said.owner,
        triggers=tuple(step.id for step in steps if step.kind in TRIGGER_KINDS),
        entry_topics=graph.entry_topics(flow),
        steps=tuple(step.id for step in steps),
        limits=_limits(graph, said.limits),
        callable=_callable(steps, said.callable or CallableSettings()),
    )


def _callable(steps: Sequence[Descriptor], said: CallableSettings) -> CallableLock | None:
    step = next((step for step in steps if step.kind == "call"), None)
    if step is None:
        return None
    return CallableLock(
        step=step.id,
        description=said.description or step.description,
        input=step.input if said.input is None else json_schema(said.input),
        output=step.output if said.output is None else json_schema(said.output),
        timeout=said.timeout,
        access=said.access,
        responses=said.responses,
        allow=said.allow,
        internal=said.internal,
    )


def _limits(graph: Graph, own: FlowLimits | None) -> FlowLimits | None:
    """The project's limits, where the flow does not say."""
    if own is None:
        return None
    project = graph.settings.limits
    return FlowLimits.model_validate(
        {
            name: getattr(own if name in own.model_fields_set else project, name)
            for name in FlowLimits.model_fields
        }
    )


def _topic(graph: Graph, topic: str) -> TopicLock:
    said = graph.settings.topics.get(topic, TopicSettings())
    return TopicLock(
        description=said.description,
        shared=graph.settings.shared(topic),
        external=said.external,
        emitters=tuple(step.id for step in graph.emitters(topic)),
        subscribers=tuple(step.id for step in graph.subscribers(topic)),
        awaited_by=tuple(step.id for step in graph.awaiters(topic)),
        keep=said.keep if graph.awaiters(topic) else None,
        message=json_schema(said.message) if said.message else _agreed(graph, topic),
    )


def _agreed(graph: Graph, topic: str) -> dict[str, object] | None:
    """The schema that every emitter of the topic declares, when they declare the same one."""
    declared = [e.message for step in graph.steps for e in step.emits if e.topic == topic]
    schemas = [json_schema(message) for message in declared if message is not None]
    distinct = {json.dumps(schema, sort_keys=True) for schema in schemas}
    return schemas[0] if len(distinct) == 1 and len(schemas) == len(declared) else None
