"""How a delivery is handed over to a worker, or to another flow."""

from __future__ import annotations

from wistro.machine.commands import Dispatch, StartRun
from wistro.machine.plan import Plan, RetryPlan
from wistro.machine.routing import linked_run_id
from wistro.machine.state import Delivery, RunState

SEGMENT_BUDGET = 64
"""Deliveries in one segment: bounds what is repeated when a worker dies within it."""

_LINK_RETRY = RetryPlan(attempts=1_000_000, first_delay=1.0, max_delay=60.0)


def hand_over(plan: Plan, state: RunState, delivery: Delivery) -> Dispatch | StartRun:
    """The command that has the delivery made."""
    if delivery.flow is not None:
        run_id = linked_run_id(delivery.origin or state.run_id, delivery.id)
        return StartRun(delivery=delivery, flow=delivery.flow, run_id=run_id)
    step = plan.steps[delivery.step]
    left = plan.limits.deliveries - state.created + 1
    return Dispatch(
        delivery=delivery,
        attempts_left=max(step.retry.attempts - delivery.attempts, 1),
        inline=step.inline,
        budget=max(1, min(SEGMENT_BUDGET, left)),
    )


def retry_of(plan: Plan, delivery: Delivery) -> RetryPlan:
    """When the delivery is attempted again: its step says so, and a message never gives up."""
    return _LINK_RETRY if delivery.flow is not None else plan.steps[delivery.step].retry
