"""Who emits and who subscribes: the questions that the compiler and its checks ask of the steps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from wistro.policies import BUILT_IN, Emit, Policy
from wistro.project.appnames import DEFAULT_FLOW
from wistro.project.apps import App, with_apps
from wistro.project.descriptor import Descriptor, StreamDescriptor
from wistro.project.settings import SETTINGS_FILES, Settings

TRIGGER_KINDS = frozenset({"api", "cron", "call"})


@dataclass(frozen=True)
class Graph:
    """The steps of a project and its settings; a step without a flow is in the default one."""

    settings: Settings
    """With those of the apps."""
    steps: tuple[Descriptor, ...]
    streams: tuple[StreamDescriptor, ...] = ()
    apps: tuple[App, ...] = ()

    @classmethod
    def of(
        cls,
        settings: Settings,
        steps: Iterable[Descriptor],
        streams: Iterable[StreamDescriptor] = (),
        apps: Iterable[App] = (),
    ) -> Graph:
        """The graph of the steps and streams, in the order of their ids; `settings` are the project's."""
        apps = tuple(apps)
        placed = (
            step if step.flows else step.model_copy(update={"flows": (DEFAULT_FLOW,)})
            for step in steps
        )
        return cls(
            with_apps(settings, apps),
            tuple(sorted(placed, key=lambda step: step.id)),
            tuple(sorted(streams, key=lambda stream: stream.name)),
            apps,
        )

    @cached_property
    def defaults(self) -> Policy:
        """What applies to a step that does not say."""
        return self.settings.defaults.over(BUILT_IN)

    @cached_property
    def flows(self) -> tuple[str, ...]:
        """Every flow: those of the settings and those that steps name."""
        named = {flow for step in self.steps for flow in step.flows}
        return tuple(sorted(named | set(self.settings.flows)))

    @cached_property
    def topics(self) -> tuple[str, ...]:
        """Every topic that is emitted, subscribed to, awaited, or in the settings."""
        subscribed = {each.topic for step in self.steps for each in step.subscribes}
        subscribed |= {step.awaits.topic for step in self.steps if step.awaits}
        emitted = {topic for step in self.steps for topic in self.emitted(step)}
        return tuple(sorted(subscribed | emitted | set(self.settings.topics)))

    def app_of(self, flow: str) -> App | None:
        """The app that a flow belongs to: the one whose name is before its first dot."""
        name, dot, _ = flow.partition(".")
        return next((app for app in self.apps if dot and app.id == name), None)

    def flows_of(self, app: App) -> tuple[str, ...]:
        """The flows of an app."""
        return tuple(flow for flow in self.flows if self.app_of(flow) is app)

    def callables_of(self, app: App) -> tuple[str, ...]:
        """Those of them that can be called."""
        return tuple(
            flow
            for flow in self.flows_of(app)
            if any(step.kind == "call" for step in self.in_flow(flow))
        )

    def declared_beside(self, flow: str) -> tuple[str, tuple[str, ...]]:
        """The settings file that lists the flow or would, and the flows that it lists."""
        app = self.app_of(flow)
        if app is not None:
            return app.file, tuple(app.flows)
        return SETTINGS_FILES[0], tuple(f for f in self.settings.flows if self.app_of(f) is None)

    def file_of_topic(self, topic: str) -> str:
        """The settings file that says something about the topic."""
        files = (app.file for app in self.apps if topic in app.settings.topics)
        return next(files, SETTINGS_FILES[0])

    def in_flow(self, flow: str) -> tuple[Descriptor, ...]:
        """The steps of a flow."""
        return tuple(step for step in self.steps if flow in step.flows)

    def emitted(self, step: Descriptor) -> tuple[str, ...]:
        """The topics a step emits, the one for its failures included."""
        topics = [emit.topic for emit in step.emits]
        failure = step.policy.over(self.defaults).on_failure
        if isinstance(failure, Emit) and step.runs:
            topics.append(failure.topic)
        return tuple(dict.fromkeys(topics))

    def emitters(self, topic: str, flow: str | None = None) -> tuple[Descriptor, ...]:
        """The steps that emit a topic, in one flow or anywhere."""
        return _within(flow, self._emitters.get(topic, ()))

    def subscribers(self, topic: str, flow: str | None = None) -> tuple[Descriptor, ...]:
        """The steps that subscribe to a topic, in one flow or anywhere."""
        return _within(flow, self._subscribers.get(topic, ()))

    def awaiters(self, topic: str, flow: str | None = None) -> tuple[Descriptor, ...]:
        """The steps by which runs wait for a topic, in one flow or anywhere."""
        return _within(flow, self._awaiters.get(topic, ()))

    def receivers(self, topic: str, flow: str | None = None) -> tuple[Descriptor, ...]:
        """The steps that subscribe to a topic or by which runs wait for it."""
        return (*self.subscribers(topic, flow), *self.awaiters(topic, flow))

    @cached_property
    def _emitters(self) -> Mapping[str, Sequence[Descriptor]]:
        return _by_topic((step, self.emitted(step)) for step in self.steps)

    @cached_property
    def _subscribers(self) -> Mapping[str, Sequence[Descriptor]]:
        return _by_topic((step, [each.topic for each in step.subscribes]) for step in self.steps)

    @cached_property
    def _awaiters(self) -> Mapping[str, Sequence[Descriptor]]:
        return _by_topic((step, [step.awaits.topic]) for step in self.steps if step.awaits)

    def drawn_into(self, topic: str, flow: str) -> bool:
        """Whether a virtual edge says that the topic comes from outside."""
        return any(topic == e.topic for step in self.in_flow(flow) for e in step.virtual_emits)

    def drawn_out(self, topic: str, flow: str) -> bool:
        """Whether a virtual edge says that the topic is received outside."""
        return any(topic == e.topic for step in self.in_flow(flow) for e in step.virtual_subscribes)

    def external(self, topic: str) -> bool:
        """Whether the settings say that the topic's messages come from outside."""
        return topic in self.settings.topics and self.settings.topics[topic].external

    def arrives(self, topic: str, flow: str) -> bool:
        """Whether messages on the topic come into the flow from somewhere else."""
        if self.external(topic) or self.drawn_into(topic, flow):
            return True
        elsewhere = any(set(step.flows) - {flow} for step in self.emitters(topic))
        return self.settings.shared(topic) and elsewhere

    def entry_topics(self, flow: str) -> tuple[str, ...]:
        """The topics whose messages start runs of the flow."""
        subscribed = {
            each.topic for step in self.in_flow(flow) if step.runs for each in step.subscribes
        }
        return tuple(sorted(topic for topic in subscribed if self.arrives(topic, flow)))


def _by_topic(
    steps: Iterable[tuple[Descriptor, Iterable[str]]],
) -> Mapping[str, Sequence[Descriptor]]:
    found: dict[str, list[Descriptor]] = {}
    for step, topics in steps:
        for topic in dict.fromkeys(topics):
            found.setdefault(topic, []).append(step)
    return found


def _within(flow: str | None, steps: Sequence[Descriptor]) -> tuple[Descriptor, ...]:
    return tuple(step for step in steps if flow is None or flow in step.flows)
