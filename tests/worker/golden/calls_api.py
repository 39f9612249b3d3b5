"""Golden messages of the worker API's calls."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel

from tests.worker.golden.making import Answer, Invalid, Valid, answered, asked, bad_request
from wistro.contract import CallAnswer, CallError
from wistro_triggers import calls_worker_api

FLOW = "refunds"
"""The flow that every request is about."""
CALL = "00112233445566778899aabbccddeeff"
_DELIVERY = {
    "delivery_id": "5f1d7e0c2b3a4c5d",
    "idempotency_key": "0123456789abcdef0123456789abcdef:5f1d7e0c2b3a4c5d",
}


class CallsCallAnswer(Answer):
    """The call, and its answer; null when there is none within the time to wait."""

    flow: str
    """The flow that was meant: where an app was named, its flow."""
    call_id: str
    answer: CallAnswer | None


class CallsFetchAnswer(Answer):
    """The call, and its answer; null when there is none within the time to wait."""

    flow: str
    call_id: str
    answer: CallAnswer | None


ANSWERS: tuple[type[BaseModel], ...] = (CallsCallAnswer, CallsFetchAnswer)


def requests() -> dict[str, type[BaseModel]]:
    """The shape of each request, by its path: the very ones that the API reads."""
    return {f"calls/{name}": shape for name, shape in calls_worker_api._OPERATIONS.items()}


_ANSWERED = CallAnswer(status="answered", data={"refund": "12.50 €", "approved": True})
_FAILED = CallAnswer(
    status="flow_failed",
    error=CallError(code="unknown_order", message="there is no order `7`", http_status=404),
)
_NOT_REACHED = CallAnswer(
    status="response_not_reached",
    error=CallError(code="response_not_reached", message="the run ended without an answer"),
    path=("ask_for_refund", "refuse"),
)

VALID: Mapping[str, Valid] = {
    "calls_call": asked("calls/call", flow=FLOW, number=1, **_DELIVERY),
    "calls_call_whole": asked(
        "calls/call",
        flow=FLOW,
        input={"order": "größe 7 🍏", "lines": [1, 2.5, None]},
        number=2,
        key=None,
        **_DELIVERY,
        released=1,
        depth=3,
        detached=False,
        by="key:shop-frontend",
        client_context={"app": "shop"},
        traceparent="00-0123456789abcdef0123456789abcdef-0123456789abcdef-01",
        wait=25,
    ),
    "calls_call_by_key": asked(
        "calls/call", flow=FLOW, input=None, key="refund of line 3", detached=True, **_DELIVERY
    ),
    "calls_fetch": asked("calls/fetch", flow=FLOW, call_id=CALL),
    "calls_fetch_waiting": asked("calls/fetch", flow=FLOW, call_id=CALL, wait=2.5),
    "calls_call_answer": answered(CallsCallAnswer(flow=FLOW, call_id=CALL, answer=_ANSWERED)),
    "calls_call_answer_later": answered(CallsCallAnswer(flow=FLOW, call_id=CALL, answer=None)),
    "calls_call_answer_failed": answered(CallsCallAnswer(flow=FLOW, call_id=CALL, answer=_FAILED)),
    "calls_fetch_answer": answered(CallsFetchAnswer(flow=FLOW, call_id=CALL, answer=_ANSWERED)),
    "calls_fetch_answer_not_reached": answered(
        CallsFetchAnswer(flow=FLOW, call_id=CALL, answer=_NOT_REACHED)
    ),
}
INVALID: Mapping[str, Invalid] = {
    "calls_call_without_flow": bad_request(
        "calls/call", "flow", "it is missing", number=1, **_DELIVERY
    ),
    "calls_call_number_zero": bad_request(
        "calls/call", "number", "calls are counted from 1", flow=FLOW, number=0, **_DELIVERY
    ),
    "calls_call_unknown_member": bad_request(
        "calls/call", "flows", "there is no such member", flow=FLOW, flows=[], number=1, **_DELIVERY
    ),
    "calls_fetch_wait_too_long": bad_request(
        "calls/fetch", "wait", "it is over 25 seconds", flow=FLOW, call_id=CALL, wait=60
    ),
    "calls_fetch_without_call": bad_request("calls/fetch", "call_id", "it is missing", flow=FLOW),
}
