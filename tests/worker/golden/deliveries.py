"""Golden messages of deliveries: invocations, results and errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tests.worker.golden.making import Invalid, Json, Valid, broken, nested, plain
from wistro.contract import (
    Emission,
    ErrorInfo,
    Invocation,
    Report,
    RunRef,
    Segment,
    SegmentResult,
    StepResult,
    Trigger,
)
from wistro.machine.plan import JoinPlan, Plan, RetryPlan, StepPlan, SubscriptionPlan

RUN = "0af7651916cd43dd8448eb211c80319c"
DELIVERY = "b7ad6b7169203331"

EVENT = Invocation(
    project="shop",
    flow="orders",
    run_id=RUN,
    build="4f2a9c",
    step="charge_card",
    delivery_id=DELIVERY,
    idempotency_key=f"{RUN}:{DELIVERY}",
    trigger=Trigger(
        kind="api",
        step="place_order",
        by="ada",
        client_context={"app": "till"},
        traceparent=f"00-{RUN}-00f067aa0ba902b7-01",
    ),
    topic="order.placed",
    data={"id": "7", "total": "12.50", "note": "zwölf Äpfel 🍏", "lines": [], "big": 2**53 - 1},
)
API = replace(
    EVENT,
    step="place_order",
    topic=None,
    data={
        "path_params": {"shop": "berlin"},
        "query_params": {"tag": ["a", "b"], "dry": "1"},
        "headers": {"content-type": "application/json", "x-signature": "abc"},
        "body": {"id": "7"},
        "raw_body": "eyJpZCI6ICI3In0=",
    },
)
CRON = replace(
    EVENT,
    run_id="cron.nightly-2026-11-21T03:00:00Z",
    idempotency_key=f"cron.nightly-2026-11-21T03:00:00Z:{DELIVERY}",
    trigger=Trigger(kind="cron", step="nightly"),
    step="nightly",
    topic=None,
    data=None,
)
PLAN = Plan(
    project="shop",
    flow="orders",
    build="4f2a9c",
    steps={
        "charge_card": StepPlan(
            id="charge_card",
            name="Charge the customer's card",
            kind="event",
            queue="shop.runs",
            inline=True,
            subscribes=(SubscriptionPlan(topic="order.placed", where="message.total != '0'"),),
            emits=("payment.taken", "payment.refused"),
            retry=RetryPlan(attempts=5, first_delay=2.0, terminal=("CardExpired",)),
            on_failure="emit",
            failure_topic="payment.failed",
        ),
        "ship": StepPlan(
            id="ship",
            name="Ship the order",
            kind="event",
            queue="shop.steps.ship",
            subscribes=(
                SubscriptionPlan(topic="payment.taken"),
                SubscriptionPlan(topic="stock.ready"),
            ),
            join=JoinPlan(key="message.id", timeout=3600.0, on_timeout="deliver"),
        ),
    },
    shared={"order.shipped": ("notifications",)},
)
ERROR = ErrorInfo(
    code="validation_failed",
    message="The message on `order.placed` for `charge_card` does not fit `Order`: `total`: Field required",
    type="InvalidMessage",
    stack=None,
    details={"issues": [{"field": "total", "message": "Field required"}], "hint": "send `total`"},
    retryable=False,
)
RESULT = StepResult(
    emissions=(
        Emission(topic="payment.taken", data={"order_id": "7"}),
        Emission(topic="receipt.wanted"),
    ),
    output={"charged": True},
)


SEGMENT = replace(EVENT, segment=Segment(plan=PLAN, budget=64))
SEGMENT_RESULT = SegmentResult(
    reports=(
        Report(
            delivery_id=DELIVERY,
            step="charge_card",
            started_at=1_800_000_000.25,
            finished_at=1_800_000_000.5,
            result=RESULT,
        ),
        Report(
            delivery_id="00f067aa0ba902b7",
            step="send_receipt",
            started_at=1_800_000_000.5,
            finished_at=1_800_000_000.75,
            error=ERROR,
        ),
    )
)
MINIMAL = {
    "project": "shop",
    "flow": "orders",
    "run_id": RUN,
    "build": "4f2a9c",
    "step": "charge_card",
    "delivery_id": DELIVERY,
    "idempotency_key": f"{RUN}:{DELIVERY}",
    "trigger": {"kind": "operator"},
}
BIG = {"id": 2**53 + 1, "negative": -(2**63), "huge": 10**30}


def _whole(message: object) -> Valid:
    return Valid(of=type(message).__name__, message=plain(message))


def _event(data: object) -> Json:
    return plain(replace(EVENT, data=data))


VALID: Mapping[str, Valid] = {
    "invocation_event": _whole(EVENT),
    "invocation_api": _whole(API),
    "invocation_api_bytes": Valid(
        of="Invocation",
        note="a body that is not text: the handler sees `body` as null, and the bytes in `raw_body`",
        message=_event(
            {
                "path_params": {},
                "query_params": {},
                "headers": {"content-type": "image/png"},
                "body": None,
                "raw_body": "iVBORw0KGgo=",
            }
        ),
    ),
    "invocation_cron": _whole(CRON),
    "invocation_retried": _whole(
        replace(
            EVENT, attempt=3, trigger=replace(EVENT.trigger, parent=RunRef(flow="till", run_id=RUN))
        )
    ),
    "invocation_segment": _whole(SEGMENT),
    "invocation_minimal": Valid(
        of="Invocation",
        note="members that are absent have their defaults",
        message=MINIMAL,
        means=plain(Invocation(**MINIMAL | {"trigger": Trigger(kind="operator")})),
    ),
    "invocation_unknown_members": Valid(
        of="Invocation",
        note="members of a later release are ignored; those within `data` belong to the message",
        message=_event({"unknown": 1})
        | {"priority": "high", "trigger": plain(EVENT.trigger) | {"region": "eu"}},
        means=_event({"unknown": 1}),
    ),
    "invocation_null_data": _whole(replace(EVENT, data=None)),
    "invocation_null_members": Valid(
        of="Invocation",
        note="within a message, null is not absent: both stay what they are",
        message=_event({"note": None, "lines": [None], "nothing": {}, "none": []}),
    ),
    "invocation_unicode": Valid(
        of="Invocation",
        message=plain(
            replace(
                EVENT,
                flow="Bestellungen 🍏",
                data={
                    "größe": "zwölf Äpfel 🍏",
                    "שלום": "e\u0301 is not \u00e9",
                    "\u2028\u0000": '"\\/',
                },
            )
        ),
    ),
    "invocation_numbers": Valid(
        of="Invocation",
        note="every double, and every integer up to 2^53, stays the number it is",
        message=_event([0, -1, 0.1, 1e21, 5e-324, 1.7976931348623157e308, 2**53 - 1, 1 - 2**53]),
    ),
    "invocation_big_integers": Valid(
        of="Invocation",
        note="beyond 2^53: kept, or in a language whose numbers are doubles the nearest double",
        message=_event(BIG),
    ),
    "invocation_deep": Valid(
        of="Invocation", note="100 levels, the most that a value has", message=_event(nested(100))
    ),
    "result_empty": _whole(StepResult()),
    "result_minimal": Valid(of="StepResult", message={}, means=plain(StepResult())),
    "result_emissions": _whole(RESULT),
    "result_emission_without_data": Valid(
        of="StepResult",
        note="a message that is absent is null",
        message={"emissions": [{"topic": "receipt.wanted"}]},
        means=plain(StepResult(emissions=(Emission(topic="receipt.wanted"),))),
    ),
    "result_response": _whole(StepResult(response=None, responded=True)),
    "result_big_integers": Valid(
        of="StepResult",
        note="beyond 2^53: kept, or in a language whose numbers are doubles the nearest double",
        message=plain(StepResult(output=BIG)),
    ),
    "result_http": _whole(
        StepResult(
            output={"status": 201, "headers": {"location": "/orders/7"}, "body": {"id": "7"}}
        )
    ),
    "result_http_bytes": _whole(
        StepResult(
            output={
                "status": 200,
                "headers": {"content-type": "image/png"},
                "body": "iVBORw0KGgo=",
                "body_encoding": "base64",
            }
        )
    ),
    "error_terminal": _whole(ERROR),
    "error_retryable": _whole(
        ErrorInfo(
            code="retryable", message="the provider is busy", type="Retryable", retry_after=1.5
        )
    ),
    "error_unknown": _whole(
        ErrorInfo(
            code="handler_error", message="division by zero", type="ZeroDivisionError", stack="…"
        )
    ),
    "error_minimal": Valid(
        of="ErrorInfo",
        note="what does not say so is retried",
        message={"code": "odd", "message": ""},
        means=plain(ErrorInfo(code="odd", message="")),
    ),
    "segment_result": _whole(SEGMENT_RESULT),
}


def _refused(of: str, code: str | None, field: str, why: str, message: object) -> Invalid:
    return Invalid(of=of, code=code, field=field, why=why, message=message)


def _invocation(field: str, why: str, message: object) -> Invalid:
    return _refused("Invocation", "bad_invocation", field, why, message)


def _result(field: str, why: str, message: object) -> Invalid:
    return _refused("StepResult", "bad_result", field, why, message)


_LATER = broken(EVENT, "trigger", value="it looks different") | {"version": 2}

INVALID: Mapping[str, Invalid] = {
    "invocation_without_step": _invocation("step", "it is missing", broken(EVENT, "step")),
    "invocation_without_run": _invocation("run_id", "it is missing", broken(EVENT, "run_id")),
    "invocation_without_trigger": _invocation("trigger", "it is missing", broken(EVENT, "trigger")),
    "invocation_null_step": _invocation(
        "step", "null is no text, and not absent", broken(EVENT, "step", value=None)
    ),
    "invocation_odd_trigger": _invocation(
        "trigger.kind", "it is none of the kinds", broken(EVENT, "trigger", "kind", value="moon")
    ),
    "invocation_attempt_text": _invocation(
        "attempt", "it is no integer", broken(EVENT, "attempt", value="first")
    ),
    "invocation_attempt_fraction": _invocation(
        "attempt", "it is no integer", broken(EVENT, "attempt", value=1.5)
    ),
    "invocation_topic_number": _invocation(
        "topic", "it is no text", broken(EVENT, "topic", value=7)
    ),
    "invocation_list": _invocation("", "it is no object", [plain(EVENT)]),
    "invocation_null": _invocation("", "it is no object", None),
    "segment_without_budget": _invocation(
        "segment.budget", "it is missing", broken(SEGMENT, "segment", "budget")
    ),
    "invocation_of_a_later_version": _refused(
        "Invocation",
        "contract_version",
        "version",
        "a newer worker may take it",
        plain(EVENT) | {"version": 2},
    ),
    "invocation_of_a_later_version_and_form": _refused(
        "Invocation", "contract_version", "version", "the version is looked at first", _LATER
    ),
    "result_emission_without_topic": _result(
        "emissions[0].topic", "it is missing", broken(RESULT, "emissions", 0, "topic")
    ),
    "result_emissions_object": _result(
        "emissions", "it is no list", broken(RESULT, "emissions", value={"topic": "a"})
    ),
    "result_emissions_null": _result(
        "emissions", "null is no list, and not absent", broken(RESULT, "emissions", value=None)
    ),
    "result_responded_text": _result(
        "responded", "it is neither true nor false", broken(RESULT, "responded", value="perhaps")
    ),
    "result_text": _result("", "it is no object", "done"),
    "error_without_code": _refused(
        "ErrorInfo", None, "code", "it is missing", broken(ERROR, "code")
    ),
    "error_retry_after_text": _refused(
        "ErrorInfo",
        None,
        "retry_after",
        "it is no number of seconds",
        broken(ERROR, "retry_after", value="soon"),
    ),
    "segment_report_without_times": _refused(
        "SegmentResult",
        "bad_result",
        "reports[0].started_at",
        "it is missing",
        broken(SEGMENT_RESULT, "reports", 0, "started_at"),
    ),
}
