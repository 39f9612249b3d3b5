"""What the caller of a flow gets: the run's answer, or why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from wistro.contract import CallAnswer, CallError, CallStatus, ErrorInfo
from wistro.machine.commands import Respond
from wistro.machine.plan import Plan
from wistro.machine.state import Outcome, RunState

_STATUSES: Mapping[Outcome, CallStatus] = {
    "completed": "response_not_reached",
    "failed": "flow_failed",
    "timed_out": "timeout",
    "cancelled": "cancelled",
}
_MESSAGES: Mapping[CallStatus, str] = {
    "response_not_reached": "the run ended without an answer",
    "flow_failed": "the flow failed",
    "timeout": "the flow took too long",
    "cancelled": "the run was cancelled",
}


def call_answer(plan: Plan, state: RunState) -> CallAnswer | None:
    """The answer as soon as it is known: a step gave it, or the run has ended.

    A flow that answers several times has one answer in the end, the list of them all.
    """
    if plan.responses == "many":
        if state.outcome == "completed" and state.responses:
            return CallAnswer(status="answered", data=list(state.responses))
    elif state.responded:
        return CallAnswer(status="answered", data=state.response)
    if state.outcome is None:
        return None
    status = _STATUSES[state.outcome]
    path = tuple(state.counts) if status == "response_not_reached" else ()
    return CallAnswer(status=status, error=_public(status, state.error), path=path)


def told_answer(
    plan: Plan, state: RunState, told: Respond, *, many: bool = True
) -> CallAnswer | None:
    """What a response target is told: each of several answers by itself, and then that it was the last.

    One that does not take `many` is told nothing before the end, and then the list of them all.
    """
    if plan.responses == "one" or not many:
        return call_answer(plan, state) if told.last else None
    if not told.last:
        return CallAnswer(status="answered", data=state.responses[told.number - 1])
    if state.outcome == "completed" and state.responses:
        return CallAnswer(status="ended")
    return call_answer(plan, state)


def _public(status: CallStatus, error: ErrorInfo | None) -> CallError:
    """What a stranger may know: the error itself only where a step meant it for the caller.

    A handler says so with `Terminal(…, details={"status": 402})`.
    """
    if status == "flow_failed" and error is not None and not error.retryable:
        http = _member(error.details, "status")
        if isinstance(http, int) and 400 <= http < 600:
            return CallError(code=error.code, message=error.message, http_status=http)
    return CallError(code=status, message=_MESSAGES[status])


def _member(details: object, name: str) -> object:
    return cast("dict[str, object]", details).get(name) if isinstance(details, dict) else None
