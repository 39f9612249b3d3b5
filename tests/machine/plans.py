"""Short ways to write plans in tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from wistro.machine.plan import (
    JoinPlan,
    Limits,
    OnFailure,
    Plan,
    RetryPlan,
    StepPlan,
    SubscriptionPlan,
)
from wistro.testing import FlowHarness

ONCE = RetryPlan(attempts=1)


def step(
    id: str,
    *on: str | SubscriptionPlan,
    kind: str = "event",
    emits: Iterable[str] = (),
    join: JoinPlan | None = None,
    retry: RetryPlan = ONCE,
    on_failure: OnFailure = "fail",
    failure_topic: str | None = None,
    inline: bool = False,
    timeout: float = 900.0,
    delay: float = 0.0,
) -> StepPlan:
    """A step that subscribes to the topics `on`."""
    return StepPlan(
        id=id,
        name=id.replace("_", " ").capitalize(),
        kind=kind,
        queue="shop.runs",
        subscribes=tuple(SubscriptionPlan(topic=t) if isinstance(t, str) else t for t in on),
        emits=tuple(emits),
        join=join,
        retry=retry,
        on_failure=on_failure,
        failure_topic=failure_topic,
        inline=inline,
        timeout=timeout,
        delay=delay,
    )


def plan(
    *steps: StepPlan,
    flow: str = "orders",
    shared: Mapping[str, tuple[str, ...]] | None = None,
    limits: Limits | None = None,
) -> Plan:
    """A flow of these steps."""
    return Plan(
        project="shop",
        flow=flow,
        build="test",
        steps={step.id: step for step in steps},
        shared=dict(shared or {}),
        limits=limits or Limits(),
    )


def project(*plans: Plan) -> FlowHarness:
    """A harness for these flows."""
    return FlowHarness.from_plans({plan.flow: plan for plan in plans})


def flow(*steps: StepPlan, limits: Limits | None = None) -> FlowHarness:
    """A harness for one flow, `orders`, of these steps."""
    return project(plan(*steps, limits=limits))
