"""Writes `workers/contract/schemas` and `messages`: `python tests/worker/generate_contract.py`.

The schemas come from the dataclasses of `wistro.contract`, their docstrings included; the golden
messages are made of the same classes. A test runs this in memory and finds every drift.
"""

from __future__ import annotations

import ast
import inspect
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from wistro import contract
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
from wistro.machine import plan as plans
from wistro.machine.plan import JoinPlan, Plan, RetryPlan, StepPlan, SubscriptionPlan
from wistro.project import declared, descriptor, manifest
from wistro.project.declared import Declared
from wistro.project.manifest import Manifest

FOLDER = Path(__file__).parents[2] / "workers" / "contract"
MESSAGES = (Invocation, StepResult, SegmentResult, ErrorInfo, Declared, Manifest)

RUN = "0af7651916cd43dd8448eb211c80319c"
DELIVERY = "b7ad6b7169203331"

Json = dict[str, Any]

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

VALID: Mapping[str, object] = {
    "invocation_event": EVENT,
    "invocation_api": API,
    "invocation_cron": CRON,
    "invocation_retried": replace(
        EVENT, attempt=3, trigger=replace(EVENT.trigger, parent=RunRef(flow="till", run_id=RUN))
    ),
    "invocation_segment": replace(EVENT, segment=Segment(plan=PLAN, budget=64)),
    "result_empty": StepResult(),
    "result_emissions": RESULT,
    "result_response": StepResult(response=None, responded=True),
    "result_http": StepResult(
        output={"status": 201, "headers": {"location": "/orders/7"}, "body": {"id": "7"}}
    ),
    "result_http_bytes": StepResult(
        output={
            "status": 200,
            "headers": {"content-type": "image/png"},
            "body": "iVBORw0KGgo=",
            "body_encoding": "base64",
        }
    ),
    "error_terminal": ERROR,
    "error_retryable": ErrorInfo(
        code="retryable", message="the provider is busy", type="Retryable", retry_after=1.5
    ),
    "error_unknown": ErrorInfo(
        code="handler_error", message="division by zero", type="ZeroDivisionError", stack="…"
    ),
    "segment_result": SegmentResult(
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
    ),
}


def plain(message: object) -> Json:
    """The wire form."""
    return json.loads(TypeAdapter[object](type(message)).dump_json(message))


def broken(message: object, *path: str | int, value: object = ...) -> Json:
    """The wire form with a member replaced, or without it."""
    whole = plain(message)
    at: Any = whole
    for part in path[:-1]:
        at = at[part]
    if value is ...:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return whole


INVALID: Mapping[str, tuple[str, str, Json]] = {
    "invocation_without_step": ("Invocation", "`step` is missing", broken(EVENT, "step")),
    "invocation_without_run": ("Invocation", "`run_id` is missing", broken(EVENT, "run_id")),
    "invocation_odd_trigger": (
        "Invocation",
        "`trigger.kind` is none of the kinds",
        broken(EVENT, "trigger", "kind", value="moon"),
    ),
    "invocation_attempt_text": (
        "Invocation",
        "`attempt` is no integer",
        broken(EVENT, "attempt", value="first"),
    ),
    "segment_without_budget": (
        "Invocation",
        "`segment.budget` is missing",
        broken(VALID["invocation_segment"], "segment", "budget"),
    ),
    "result_emission_without_topic": (
        "StepResult",
        "`emissions[0].topic` is missing",
        broken(RESULT, "emissions", 0, "topic"),
    ),
    "result_emissions_object": (
        "StepResult",
        "`emissions` is no list",
        broken(RESULT, "emissions", value={"topic": "a"}),
    ),
    "error_without_code": ("ErrorInfo", "`code` is missing", broken(ERROR, "code")),
    "error_retry_after_text": (
        "ErrorInfo",
        "`retry_after` is no number of seconds",
        broken(ERROR, "retry_after", value="soon"),
    ),
    "segment_report_without_times": (
        "SegmentResult",
        "`reports[0].started_at` is missing",
        broken(VALID["segment_result"], "reports", 0, "started_at"),
    ),
}


def generate() -> dict[str, Json]:
    """The files below `workers/contract`, by their names."""
    files: dict[str, Json] = {}
    for message in MESSAGES:
        files[f"schemas/{message.__name__}.json"] = _schema(message)
    for name, message in VALID.items():
        files[f"messages/valid/{name}.json"] = {
            "of": type(message).__name__,
            "message": plain(message),
        }
    for name, (of, why, wire) in INVALID.items():
        files[f"messages/invalid/{name}.json"] = {"of": of, "why": why, "message": wire}
    return files


def _schema(message: type[object]) -> Json:
    schema = TypeAdapter[object](message).json_schema()
    documents = dict(_documents())
    for name, definition in {**schema.get("$defs", {}), message.__name__: schema}.items():
        description, members = documents[name]
        definition["description"] = description
        for member, text in members.items():
            if member in definition["properties"]:
                definition["properties"][member]["description"] = text
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _documents() -> Iterator[tuple[str, tuple[str, dict[str, str]]]]:
    """The docstrings of the contract's classes and of their members."""
    for module in (contract, plans, declared, descriptor, manifest):
        for node in ast.parse(inspect.getsource(module)).body:
            if isinstance(node, ast.ClassDef):
                yield node.name, (ast.get_docstring(node) or "", dict(_members(node)))


def _members(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for member, text in zip(node.body, node.body[1:], strict=False):
        match member, text:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(words))),
            ):
                yield name, inspect.cleandoc(words)
            case _:
                pass


def text_of(content: Json) -> str:
    """The text of a file."""
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    wanted = generate()
    for old in (FOLDER / "messages").rglob("*.json"):
        if str(old.relative_to(FOLDER)) not in wanted:
            old.unlink()
    for file, content in wanted.items():
        path = FOLDER / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text_of(content), encoding="utf-8")
    sys.stdout.write(f"{len(wanted)} files\n")
