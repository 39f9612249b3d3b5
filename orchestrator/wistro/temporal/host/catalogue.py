"""The flows that can be started, as plans."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from wistro.errors import RunError
from wistro.machine.plan import Plan
from wistro.project.lock import Lock
from wistro.project.plan import compile_plan


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """The plans of a project's flows."""

    project: str
    plans: Mapping[str, Plan]

    @classmethod
    def of(cls, lock: Lock) -> Catalogue:
        """Compiles the plan of every flow in the lock."""
        plans = {flow: compile_plan(lock, flow) for flow in lock.flows}
        return cls(project=lock.project, plans=plans)

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

    @cached_property
    def receivers(self) -> Mapping[str, tuple[str, ...]]:
        """For each topic, the flows with a step that subscribes to it."""
        found: dict[str, list[str]] = {}
        for flow, plan in self.plans.items():
            for topic in plan.routes:
                found.setdefault(topic, []).append(flow)
        return {topic: tuple(flows) for topic, flows in found.items()}
