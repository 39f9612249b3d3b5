"""Step configs: every field of every kind, in both spellings, and what is said of wrong ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import pytest
from pydantic import BaseModel, ValidationError

from wistro import (
    ApiStep,
    CallStep,
    CronStep,
    Emit,
    EventStep,
    GitHubSignature,
    HmacSignature,
    Join,
    NoopStep,
    Policy,
    Rate,
    Retry,
    Schedule,
    SetupError,
    Subscribe,
    Virtual,
    parse_config,
)
from wistro.steps import config_error


class Order(BaseModel):
    id: str


def timing(request: object, context: object, next: object) -> None: ...


COMMON = {"name": "A step", "description": "What it does", "flows": ["one", "two"]}
DRAWN = {"virtualEmits": ["a", {"topic": "b", "label": "l"}], "virtualSubscribes": ["c"]}


def check_common(step: object) -> None:
    assert isinstance(step, ApiStep | EventStep | CronStep | NoopStep)
    assert (step.name, step.description, list(step.flows)) == (
        "A step",
        "What it does",
        ["one", "two"],
    )
    assert step.virtual_emissions == (Virtual(topic="a"), Virtual(topic="b", label="l"))
    assert step.virtual_subscriptions == (Virtual(topic="c"),)


def test_motia_api() -> None:
    step = parse_config(
        {
            **COMMON,
            **DRAWN,
            "type": "api",
            "path": "/orders/:id/lines/:line_no",
            "method": "post",
            "emits": ["x", {"topic": "y", "label": "why", "conditional": True}],
            "bodySchema": Order.model_json_schema(),
            "responseSchema": {200: {"type": "object"}, "404": {"type": "string"}},
            "queryParams": [{"name": "page", "description": "which page"}],
            "middleware": [timing],
            "includeFiles": ["./a.txt"],
        }
    )
    check_common(step)
    assert isinstance(step, ApiStep)
    assert (step.method, step.route) == ("POST", "/orders/{id}/lines/{line_no}")
    assert step.emissions == (
        Emit(topic="x"),
        Emit(topic="y", label="why", conditional=True),
    )
    assert step.body_schema == Order.model_json_schema()
    assert sorted(step.response_schema) == [200, 404]
    assert step.query_params[0].name == "page"
    assert list(step.middleware) == [timing]
    assert list(step.include_files) == ["./a.txt"]


def test_motia_event() -> None:
    step = parse_config(
        {
            **COMMON,
            **DRAWN,
            "type": "event",
            "subscribes": ["order.placed"],
            "emits": [],
            "input": None,
            "includeFiles": [],
            "infrastructure": {
                "handler": {"ram": 1024, "cpu": 1, "timeout": 20},
                "queue": {
                    "type": "fifo",
                    "maxRetries": 7,
                    "visibilityTimeout": 900,
                    "delaySeconds": 5,
                    "concurrency": 3,
                },
            },
        }
    )
    check_common(step)
    assert isinstance(step, EventStep)
    assert step.fifo
    assert step.policy == Policy(
        retry=Retry(attempts=7),
        timeout=timedelta(seconds=20),
        delay=timedelta(seconds=5),
        concurrency=3,
    )


def test_visibility_timeout_is_the_handlers_when_it_has_none() -> None:
    step = EventStep(
        name="A step",
        subscribes=["t"],
        infrastructure={"queue": {"visibilityTimeout": 60}},  # pyright: ignore[reportArgumentType]
    )
    assert step.policy == Policy(timeout=timedelta(seconds=60))


def test_our_own_policy_wins_over_motias() -> None:
    config = {"queue": {"maxRetries": 9, "delaySeconds": 9, "concurrency": 2}}
    step = parse_config(
        {
            "type": "event",
            "name": "A step",
            "subscribes": ["t"],
            "retry": {"attempts": 2},
            "delay": "1m",
            "infrastructure": config,
        }
    )
    assert step.policy.retry == Retry(attempts=2)
    assert step.policy.delay == timedelta(minutes=1)
    assert step.policy.concurrency == 2


def test_motia_cron() -> None:
    step = parse_config({**COMMON, **DRAWN, "type": "cron", "cron": "0 0 * * 1", "emits": ["tick"]})
    check_common(step)
    assert isinstance(step, CronStep)
    assert (step.cron, step.schedule) == ("0 0 * * 1", Schedule())


def test_motia_noop() -> None:
    step = parse_config({**COMMON, **DRAWN, "type": "noop"})
    check_common(step)
    assert isinstance(step, NoopStep)
    assert step.emissions == ()
    assert step.subscriptions == ()


def test_call() -> None:
    step = CallStep(name="Quote a price", input=Order, output=float, emits=["quoted"])
    assert parse_config(step) is step
    assert step.model_dump(mode="json")["output"] == {"type": "number"}


def test_everything_an_event_step_may_say() -> None:
    @dataclass
    class Refusal:
        reason: str

    step = EventStep(
        id="charge",
        name="Charge",
        subscribes=["a", Subscribe(topic="b", where="message.x > 1", label="big")],
        join=Join(key="message.id", quorum=2, timeout=timedelta(hours=1), on_timeout="deliver"),
        emits={"p": Order, "q": Refusal, "r": None, "s": list[Order], "t": {"type": "object"}},
        input=Order | Refusal,
        retry=Retry(attempts=2, terminal=[ValueError, "CardError"]),
        on_failure=Emit(topic="failed"),
        timeout=timedelta(minutes=1),
        heartbeat=timedelta(seconds=5),
        delay=timedelta(seconds=1),
        placement="inline",
        concurrency=3,
        rate=Rate(count=5, per=timedelta(minutes=1)),
    )
    assert step.subscriptions[0] == Subscribe(topic="a")
    assert [emit.topic for emit in step.emissions] == ["p", "q", "r", "s", "t"]
    assert step.policy.retry
    assert step.policy.retry.terminal == ("ValueError", "CardError") or list(
        step.policy.retry.terminal
    ) == ["ValueError", "CardError"]
    assert step.policy.on_failure == Emit(topic="failed")
    assert step.policy.delay == timedelta(seconds=1)


def test_configs_are_frozen() -> None:
    step = CronStep(name="Tick", cron="* * * * *")
    with pytest.raises(ValidationError, match="frozen"):
        step.name = "other"  # pyright: ignore[reportAttributeAccessIssue]


def test_signatures() -> None:
    step = ApiStep(
        name="Hook", path="/hook", method="POST", signature=GitHubSignature(secret="GITHUB_SECRET")
    )
    assert isinstance(step.signature, GitHubSignature)
    other = parse_config(
        {
            "type": "api",
            "name": "Hook",
            "path": "/hook",
            "method": "POST",
            "signature": {"scheme": "hmac", "secret": "S", "header": "x-sig", "encoding": "base64"},
        }
    )
    assert isinstance(other, ApiStep)
    assert other.signature == HmacSignature(secret="S", header="x-sig", encoding="base64")


API = {"type": "api", "name": "n", "path": "/p", "method": "GET"}
EVENT = {"type": "event", "name": "n", "subscribes": ["t"]}
CRON = {"type": "cron", "name": "n", "cron": "* * * * *"}


@pytest.mark.parametrize(
    ("config", "field", "message", "hint"),
    [
        ({**API, "bodyShcema": {}}, "bodyShcema", "unknown field `bodyShcema`", "`bodySchema`"),
        ({**API, "body_shcema": {}}, "body_shcema", "unknown field", "`body_schema`"),
        ({**API, "method": "FETCH"}, "method", "found `'FETCH'`", None),
        ({**API, "path": "orders"}, "path", "starts with `/`", None),
        ({**API, "path": "/a b"}, "path", "without spaces", None),
        (
            {**API, "bodySchema": {"type": "nonsense"}},
            "bodySchema",
            "not a valid JSON Schema",
            None,
        ),
        ({**API, "signature": {"scheme": "gitlab"}}, "signature", "gitlab", None),
        ({**API, "middleware": [3]}, "middleware[0]", "callable", None),
        ({**EVENT, "subscribes": "t"}, "subscribes", "expected a list such as ['t']", None),
        ({**EVENT, "subscribes": [3]}, "subscribes[0]", "valid string, found `3`", None),
        ({**EVENT, "subscribes": ["a b"]}, "subscribes[0]", "without spaces, found `a b`", None),
        ({**EVENT, "subscribes": [{"topik": "t"}]}, "subscribes[0].topic", "is missing", None),
        (
            {**EVENT, "emits": [{"topic": "t", "lable": "x"}]},
            "emits[0].lable",
            "in `emits[0]`",
            "`label`",
        ),
        ({**EVENT, "emits": {"t": 3}}, "emits.t", "found `int`", None),
        ({**EVENT, "input": object()}, "input", "has no JSON Schema", None),
        ({**EVENT, "on_failure": "explode"}, "on_failure", "'fail', 'hold' or 'ignore'", None),
        ({**EVENT, "onFailure": {"topik": "x"}}, "onFailure.topic", "is missing", None),
        ({**EVENT, "retry": {"attempts": 0}}, "retry.attempts", "greater than or equal to 1", None),
        ({**EVENT, "retry": {"firstDelay": "soon"}}, "retry.firstDelay", "such as `30s`", None),
        ({**EVENT, "retry": {"terminal": [3]}}, "retry.terminal[0]", "exception class", None),
        ({**EVENT, "timeout": -1}, "timeout", "cannot be negative", None),
        (
            {**EVENT, "infrastructure": {"queue": {"delaySeconds": 901}}},
            "infrastructure.queue.delaySeconds",
            "0 to 900 seconds",
            None,
        ),
        (
            {**EVENT, "infrastructure": {"queue": {"maxRetires": 1}}},
            "infrastructure.queue.maxRetires",
            "unknown field",
            "`maxRetries`",
        ),
        (
            {**CRON, "schedule": {"time_zone": "Mars"}},
            "schedule.time_zone",
            "not a time zone",
            None,
        ),
        ({**CRON, "flows": ["a/b"]}, "flows[0]", "none of them a `/`", None),
        ({"type": "cron", "name": "n"}, "cron", "`cron` is missing", None),
        ({"type": "noop"}, "name", "`name` is missing", None),
        ({"type": "noop", "name": "n", "handler": 1}, "handler", "unknown field", "known are"),
        ({**EVENT, "id": "a b"}, "id", "an id of up to 100", None),
    ],
)
def test_wrong_configs_name_the_field(
    config: Mapping[str, object], field: str, message: str, hint: str | None
) -> None:
    with pytest.raises(SetupError) as caught:
        parse_config(config, file="steps/x.step.py")
    error = caught.value
    assert (error.code, error.file) == ("bad_config", "steps/x.step.py")
    issue = next(issue for issue in error.issues if issue.field == field)
    assert message in issue.message
    assert hint is None or hint in (issue.hint or "")


@pytest.mark.parametrize(
    ("config", "message", "hint"),
    [
        (None, "`config` is a `NoneType`", "EventStep("),
        ({}, "type None, expected one of api, event", None),
        ({"type": "evnet"}, "type 'evnet'", "did you mean `event`?"),
    ],
)
def test_what_is_no_config_at_all(config: object, message: str, hint: str | None) -> None:
    with pytest.raises(SetupError) as caught:
        parse_config(config)
    assert message in caught.value.message
    assert hint is None or hint in (caught.value.hint or "")


def test_a_model_that_refuses_its_arguments() -> None:
    with pytest.raises(ValidationError) as caught:
        EventStep(name="n", subscribes=["t"], retry=Retry(attempts=1), emit=["x"])  # pyright: ignore[reportCallIssue]
    error = config_error(caught.value, EventStep, file="a.step.py", line=4)
    assert (error.line, error.hint) == (4, "did you mean `emits`?")
