"""Errors: how they read, and their portable form."""

from __future__ import annotations

from datetime import timedelta

import pytest

from wistro.contract import ErrorInfo
from wistro.errors import (
    InvalidMessage,
    Issue,
    Retryable,
    RunError,
    SetupError,
    StepError,
    StoreError,
    Terminal,
    WistroError,
    from_info,
    to_info,
)


@pytest.mark.parametrize(
    ("error", "code", "retryable"),
    [
        (WistroError("x"), "error", False),
        (SetupError("x"), "setup_error", False),
        (StepError("x"), "handler_error", True),
        (Terminal("x"), "terminal", False),
        (InvalidMessage("x"), "validation_failed", False),
        (Retryable("x"), "retryable", True),
        (RunError("x"), "run_error", False),
        (StoreError("x"), "store_error", True),
    ],
)
def test_each_class_says_what_it_is(error: WistroError, code: str, retryable: bool) -> None:
    info = to_info(error, stack=False)
    assert (info.code, info.retryable) == (code, retryable)
    assert info.type == type(error).__name__


def test_hint_is_read_by_people_and_travels_apart() -> None:
    error = Terminal(
        "no such card", code="card_unknown", hint="ask the customer", details={"card": 7}
    )
    assert str(error) == "no such card\nhint: ask the customer"
    info = to_info(error, stack=False)
    assert info == ErrorInfo(
        code="card_unknown",
        message="no such card",
        type="Terminal",
        details={"card": 7, "hint": "ask the customer"},
        retryable=False,
    )
    back = from_info(info)
    assert isinstance(back, Terminal)
    assert (back.code, back.message, back.hint, back.details) == (
        "card_unknown",
        "no such card",
        "ask the customer",
        {"card": 7},
    )


def test_retryable_keeps_its_delay() -> None:
    back = from_info(to_info(Retryable("busy", retry_after=timedelta(seconds=1.5))))
    assert isinstance(back, Retryable)
    assert back.retry_after == timedelta(seconds=1.5)


def test_any_exception_has_a_portable_form() -> None:
    try:
        raise KeyError("total")
    except KeyError as error:
        info = to_info(error)
    assert (info.code, info.type, info.retryable) == ("handler_error", "KeyError", True)
    assert info.stack
    assert "test_any_exception" in info.stack
    assert to_info(TimeoutError()).code == "timeout"
    assert to_info(TimeoutError()).message == "TimeoutError"


def test_stack_is_bounded() -> None:
    info = to_info(ValueError("x" * 100_000))
    assert info.stack
    assert len(info.stack) <= 16_000


def test_fields_become_details() -> None:
    setup = SetupError("x", file="steps/a.step.py", line=3, issues=[Issue(field="f", message="m")])
    assert setup.details == {"file": "steps/a.step.py", "line": 3}
    assert RunError("x", flow="orders", run_id="1").details == {"flow": "orders", "run_id": "1"}
    invalid = InvalidMessage("x", issues=[Issue(field="total", message="is missing")])
    assert invalid.details == {"issues": [{"field": "total", "message": "is missing"}]}
