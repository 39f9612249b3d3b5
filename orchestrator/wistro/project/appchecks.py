"""Checks of apps: that they get along with the project, and with each other."""

from __future__ import annotations

import json
from collections.abc import Iterator

from wistro.project.appnames import app_of_path
from wistro.project.apps import App
from wistro.project.checks import SETTINGS, Finding
from wistro.project.graph import Graph
from wistro.project.settings import Settings, TopicSettings
from wistro.schemas import json_schema


def check_apps(project: Settings, graph: Graph) -> tuple[Finding, ...]:
    """What is wrong with the apps of a project.

    Args:
        project: What the project itself says, without its apps.
        graph: The whole.
    """
    found = (
        *_topics(project, graph),
        *_flows_of_others(graph),
        *_names(graph),
        *_main_flows(graph),
    )
    return tuple(sorted(found, key=lambda each: (each.file, each.field or "", each.message)))


def _topics(project: Settings, graph: Graph) -> Iterator[Finding]:
    """Two files may say different things of a topic, and never of the same field of it."""
    first: dict[str, list[tuple[str, TopicSettings]]] = {}
    for topic, said in project.topics.items():
        first[topic] = [(SETTINGS, said)]
    for app in graph.apps:
        for topic, said in app.settings.topics.items():
            for file, other in first.setdefault(topic, []):
                for field in _disagreements(said, other):
                    yield _finding(
                        app,
                        "topic_disagreement",
                        f"topics.{topic}.{field}",
                        f"the app `{app.id}` says something else of the topic `{topic}` than `{file}`",
                        f"make `{field}` the same in `{app.file}` and `{file}`, or say it in one of them",
                    )
            first[topic].append((app.file, said))


def _disagreements(one: TopicSettings, other: TopicSettings) -> Iterator[str]:
    for name in sorted(one.model_fields_set & other.model_fields_set - {"description"}):
        if _plain(one, name) != _plain(other, name):
            yield "schema" if name == "message" else name


def _plain(said: TopicSettings, name: str) -> str:
    value: object = getattr(said, name)
    schema = name == "message" and value is not None
    return json.dumps(json_schema(value) if schema else value, sort_keys=True)


def _flows_of_others(graph: Graph) -> Iterator[Finding]:
    """The project's own steps stay out of the flows of apps, whose names begin with the app's."""
    for step in graph.steps:
        for flow in step.flows:
            owner = graph.app_of(flow)
            if owner is not None and app_of_path(step.path) != owner.id:
                yield Finding(
                    severity="error",
                    code="flow_of_an_app",
                    file=step.path,
                    field="flows",
                    message=f"the flow `{flow}` belongs to the app in `{owner.path}`",
                    hint="name the flow without a dot, or put the step into the app",
                )


def _names(graph: Graph) -> Iterator[Finding]:
    flows = set(graph.flows)
    for app in graph.apps:
        if app.id in flows:
            steps = graph.in_flow(app.id)
            yield Finding(
                severity="error",
                code="app_and_flow",
                file=steps[0].path if steps else SETTINGS,
                field="flows" if steps else f"flows.{app.id}",
                message=f"`{app.id}` is a flow of the project and the app in `{app.path}`",
                hint="rename one of them: who calls it would not know which is meant",
            )


def _main_flows(graph: Graph) -> Iterator[Finding]:
    for app in graph.apps:
        callables = graph.callables_of(app)
        if app.call is not None and app.call not in callables:
            known = ", ".join(f"`{flow.removeprefix(f'{app.id}.')}`" for flow in callables)
            yield _finding(
                app,
                "no_main_flow",
                "call",
                f"`{app.settings.call}` is no flow of the app `{app.id}` that can be called",
                f"name one of {known}"
                if known
                else "give the flow a call step, or leave `call` out",
            )


def _finding(app: App, code: str, field: str, message: str, hint: str) -> Finding:
    return Finding(
        severity="error", code=code, file=app.file, field=field, message=message, hint=hint
    )
