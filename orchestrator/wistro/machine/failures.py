"""What the machine says when it fails something by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, cast

from wistro.contract import ErrorInfo
from wistro.machine.loops import loop_of
from wistro.machine.plan import Limits, OnFailure, Plan
from wistro.machine.state import Count, Delivery

JoinFailure = Literal["join_timeout", "join_incomplete"]

_JOIN_FAILURES: dict[JoinFailure, str] = {
    "join_timeout": "not all its messages arrived in time",
    "join_incomplete": "the run came to rest before all its messages arrived",
}


def too_many_deliveries(plan: Plan, step: str, counts: Mapping[str, Count]) -> ErrorInfo:
    """The error of a run that reached its bound on deliveries at `step`."""
    loop = loop_of(plan, step, {step: count.created for step, count in counts.items()})
    path = f"the loop {' → '.join(loop)}" if loop else f"step `{step}`"
    message = (
        f"the run reached its bound of {plan.limits.deliveries} deliveries in {path}; "
        "hint: end the loop, or raise `limits.deliveries` of the flow"
    )
    return ErrorInfo(code="too_many_deliveries", message=message, retryable=False)


def deadline_passed(limits: Limits) -> ErrorInfo:
    """The error of a run that was not over in time."""
    return ErrorInfo(code="timeout", message=f"the run took longer than its {limits.timeout:g} s")


def cancelled(reason: str) -> ErrorInfo:
    """The error of a run that somebody cancelled."""
    return ErrorInfo(code="cancelled", message=reason or "the run was cancelled")


def given_back() -> ErrorInfo:
    """The error of an attempt that a worker broke off without being asked to."""
    return ErrorInfo(code="cancelled", message="the worker broke off before the step was done")


def join_overdue(code: JoinFailure, missing: str) -> ErrorInfo:
    """The error of a join that did not get its messages; `missing` says which."""
    message = f"{_JOIN_FAILURES[code]}: {missing}"
    return ErrorInfo(code=code, message=message, retryable=False)


def failure_message(delivery: Delivery, error: ErrorInfo) -> dict[str, object]:
    """What is emitted on the failure topic of a step with `on_failure="emit"`."""
    return {
        "step": delivery.step,
        "delivery_id": delivery.id,
        "topic": delivery.topic,
        "data": delivery.data,
        "error": {"code": error.code, "message": error.message, "type": error.type},
        "attempts": delivery.attempts,
    }


def choice_of(plan: Plan, delivery: Delivery) -> tuple[OnFailure, str | None]:
    """What to do about a delivery without attempts left, and where to tell of it."""
    if delivery.flow is not None:
        # A message for another flow must not be lost, and is no reason to end this one.
        return "hold", None
    step = plan.steps[delivery.step]
    if step.on_failure == "emit" and _goes_round(plan, delivery):
        return "fail", None
    return step.on_failure, step.failure_topic


def _goes_round(plan: Plan, delivery: Delivery) -> bool:
    """Whether the delivery failed on a message that tells of a failure of its own step.

    Telling that again would put the message into itself, deeper each time round.
    """
    told = {step.failure_topic for step in plan.steps.values() if step.on_failure == "emit"}
    topic, data = delivery.topic, delivery.data
    while topic in told and isinstance(data, dict):
        failure = cast("dict[str, object]", data)
        if failure.get("step") == delivery.step:
            return True
        topic, data = failure.get("topic"), failure.get("data")
    return False
