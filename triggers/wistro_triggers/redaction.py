"""What those see of runs who may look at them, and not at what their messages say.

What is shown is listed, field by field: one that is new is not shown until somebody says that it may be.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from pydantic import BaseModel

from wistro.contract import ErrorInfo, Trigger
from wistro.runs import AttemptView, DeliveryView, RunDetail
from wistro.stores.journal import JournalEntry

V = TypeVar("V", bound=BaseModel)

_OF_RUNS = frozenset(
    {
        "flow",
        "run_id",
        "status",
        "started_at",
        "closed_at",
        "trigger",
        "version",
        "waiting_for",
        "parent",
        "links",
        "related",
    }
)
_OF_DELIVERIES = frozenset(
    {
        "delivery_id",
        "number",
        "step",
        "name",
        "topic",
        "parent",
        "status",
        "inline",
        "queued_at",
        "started_at",
        "finished_at",
        "retry_at",
    }
)
_OF_ATTEMPTS = frozenset({"number", "started_at", "finished_at", "worker"})


def run_without_data(run: RunDetail) -> RunDetail:
    """A run with its steps and timing: no inputs, outputs, messages, progress, and of errors the code."""
    return _only(run, _OF_RUNS).model_copy(
        update={
            "outcome_error": _code_of(run.outcome_error),
            "origin": _origin(run.origin),
            "deliveries": [_delivery(each) for each in run.deliveries],
        }
    )


def entry_without_data(entry: JournalEntry) -> JournalEntry:
    """An entry of the journal that says what happened where, and nothing in words."""
    return replace(entry, message="", fields={})


def _delivery(delivery: DeliveryView) -> DeliveryView:
    return _only(delivery, _OF_DELIVERIES).model_copy(
        update={
            "error": _code_of(delivery.error),
            "attempts": [_attempt(each) for each in delivery.attempts],
        }
    )


def _attempt(attempt: AttemptView) -> AttemptView:
    return _only(attempt, _OF_ATTEMPTS).model_copy(update={"error": _code_of(attempt.error)})


def _origin(origin: Trigger | None) -> Trigger | None:
    return None if origin is None else replace(origin, client_context=None)


def _code_of(error: ErrorInfo | None) -> ErrorInfo | None:
    return None if error is None else ErrorInfo(code=error.code, message="")


def _only(view: V, shown: Iterable[str]) -> V:
    """A copy with these fields; all others say what they say by default."""
    return type(view)(**{name: getattr(view, name) for name in shown})
