"""The flows that can be started, as plans."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from wistro.errors import InvalidMessage, Issue, RunError
from wistro.machine.plan import Plan
from wistro.project.lock import Lock
from wistro.project.plan import compile_plan
from wistro.schemas import SchemaCheck


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """The plans of a project's flows."""

    project: str
    plans: Mapping[str, Plan]
    inputs: Mapping[str, SchemaCheck]
    """What the flows take that say so, of those that can be called."""
    receivers: Mapping[str, tuple[str, ...]]
    """For each topic, the flows that a message from outside starts a run of."""
    awaiting: Mapping[str, tuple[tuple[str, str | None], ...]]
    """For each topic, the flows whose runs wait for its messages, and the `where` of each wait."""

    @classmethod
    def of(cls, lock: Lock) -> Catalogue:
        """Compiles the plan of every flow in the lock."""
        plans = {flow: compile_plan(lock, flow) for flow in lock.flows}
        inputs = {
            id: SchemaCheck(flow.callable.input)
            for id, flow in lock.flows.items()
            if flow.callable is not None and flow.callable.input is not None
        }
        receivers = _receivers(lock, plans)
        return cls(
            project=lock.project,
            plans=plans,
            inputs=inputs,
            receivers=receivers,
            awaiting=_awaiting(plans),
        )

    def waits(self, flow: str, topic: str) -> bool:
        """Whether runs of the flow may wait for messages on the topic."""
        return any(flow == waiting for waiting, _ in self.awaiting.get(topic, ()))

    def only_waits(self, flow: str, topic: str) -> bool:
        """Whether they do, and no message on the topic starts one."""
        return self.waits(flow, topic) and flow not in self.receivers.get(topic, ())

    def plan(self, flow: str) -> Plan:
        """The plan of a flow.

        Raises:
            RunError: `flow_not_found`.
        """
        try:
            return self.plans[flow]
        except KeyError:
            known = ", ".join(f"`{name}`" for name in sorted(self.plans)) or "none"
            raise RunError(
                f"the project has no flow `{flow}`; its flows are {known}",
                flow=flow,
                code="flow_not_found",
                hint="name one of these, or run `wistro lock` if you added the flow just now",
            ) from None

    def input_issues(self, flow: str, data: object) -> list[Issue]:
        """What is wrong with the input of a call; fields are dotted paths below `input`."""
        check = self.inputs.get(flow)
        return check.issues(data, root="input") if check is not None else []

    def check_input(self, flow: str, data: object) -> None:
        """Refuses what a callable flow does not take.

        Raises:
            InvalidMessage: it names every field that is wrong.
        """
        if issues := self.input_issues(flow, data):
            listed = "; ".join(f"`{issue.field}`: {issue.message}" for issue in issues[:5])
            raise InvalidMessage(
                f"the input does not fit what `{flow}` takes: {listed}",
                issues=issues,
                hint="send what the schema of its call step describes",
            )


def _receivers(lock: Lock, plans: Mapping[str, Plan]) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for flow, plan in plans.items():
        for topic, subscribers in plan.routes.items():
            if any(step.id in lock.flows[flow].steps for step, _ in subscribers):
                found.setdefault(topic, []).append(flow)
    # By Motia's rules every flow's run reaches every subscriber: one run is enough.
    return {topic: tuple(flows[:1] if lock.motia else flows) for topic, flows in found.items()}


def _awaiting(plans: Mapping[str, Plan]) -> Mapping[str, tuple[tuple[str, str | None], ...]]:
    found: dict[str, list[tuple[str, str | None]]] = {}
    for flow, plan in plans.items():
        for step in plan.steps.values():
            if step.awaits is not None:
                found.setdefault(step.awaits.topic, []).append((flow, step.awaits.where))
    return {topic: tuple(dict.fromkeys(waits)) for topic, waits in found.items()}
