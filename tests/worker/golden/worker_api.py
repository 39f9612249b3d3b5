"""Golden messages of the worker API's state and journal, and of its errors."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel

from tests.worker.golden.making import Answer, Invalid, Json, Valid, answered, asked, bad_request
from wistro_triggers import worker_api


class StateEntry(Answer):
    """One value of the state, as it was at one moment."""

    group: str
    key: str
    value: object
    version: int
    """Grows with every write, and is never used again."""
    updated_at: float
    """Seconds since the epoch."""


class StateGetAnswer(Answer):
    """The entry, or null when there is none."""

    entry: StateEntry | None


class StateSetAnswer(Answer):
    """The entry as it is now."""

    entry: StateEntry


class StateDeleteAnswer(Answer):
    """Whether there was an entry."""

    deleted: bool


class StateListAnswer(Answer):
    """A page of entries, in the order of their keys."""

    items: tuple[StateEntry, ...]
    next: str | None
    """What to give as `after` for the next page; null on the last."""


class StateGroupsAnswer(Answer):
    """A page of groups, in order."""

    items: tuple[str, ...]
    next: str | None
    """What to give as `after` for the next page; null on the last."""


class StateClearAnswer(Answer):
    """How many entries the group had."""

    removed: int


class StateIncrementAnswer(Answer):
    """The sum."""

    value: int | float


class StateCompareAndSetAnswer(Answer):
    """Whether it was written."""

    done: bool


class Refused(Answer):
    """A batch that was not taken."""

    entries: int
    """How many entries it had."""
    code: str
    message: str


class JournalAnswer(Answer):
    """What was taken, and what was not."""

    accepted: int
    refused: tuple[Refused, ...]


class FieldError(Answer):
    """What is wrong with one field."""

    field: str
    message: str


class ErrorBody(Answer):
    """What went wrong."""

    code: str
    message: str
    """For people; what stands after ` hint: ` says how to mend it."""
    details: tuple[FieldError, ...]
    correlation_id: str
    """Also in the header `x-request-id`."""


class ApiError(Answer):
    """Every answer whose status is not 200."""

    error: ErrorBody


ANSWERS: tuple[type[BaseModel], ...] = (
    StateGetAnswer,
    StateSetAnswer,
    StateDeleteAnswer,
    StateListAnswer,
    StateGroupsAnswer,
    StateClearAnswer,
    StateIncrementAnswer,
    StateCompareAndSetAnswer,
    JournalAnswer,
    ApiError,
)


def requests() -> dict[str, type[BaseModel]]:
    """The shape of each request, by its path: the very ones that the API reads."""
    operations = worker_api._OPERATIONS.items()
    found: dict[str, type[BaseModel]] = {f"state/{name}": shape for name, shape in operations}
    return {**found, "journal": worker_api._Batches}


_ENTRY = StateEntry(
    group="carts",
    key="größe/🍏",
    value={"lines": [1, None], "note": None},
    version=2**53 - 1,
    updated_at=1_800_000_000.25,
)
_LINE: Json = {
    "kind": "log",
    "at": 1_800_000_000.25,
    "delivery_id": "b7ad6b7169203331",
    "step": "charge_card",
    "attempt": 1,
    "level": "warn",
    "message": "zwölf Äpfel 🍏",
    "fields": {"order": "7", "secret": "•••"},
}

VALID: Mapping[str, Valid] = {
    "state_get": asked("state/get", group="carts", key="größe/🍏"),
    "state_set": asked("state/set", group="carts", key="a", value={"n": [1, None]}),
    "state_set_null": asked("state/set", group="carts", key="a", value=None),
    "state_set_if_absent": asked(
        "state/set", group="carts", key="b", value=1, if_version=None, if_absent=True
    ),
    "state_delete": asked("state/delete", group="carts", key="a"),
    "state_list": asked("state/list", group="carts"),
    "state_list_page": asked("state/list", group="carts", after="a", limit=10),
    "state_groups": asked("state/groups"),
    "state_groups_page": asked("state/groups", after="carts", limit=10),
    "state_clear": asked("state/clear", group="carts"),
    "state_increment": asked("state/increment", group="counts", key="n"),
    "state_increment_fraction": asked("state/increment", group="counts", key="n", by=-1.5),
    "state_compare_and_set": asked(
        "state/compare_and_set", group="carts", key="c", expected=None, value={"n": 1}
    ),
    "journal": asked(
        "journal",
        batches=[
            {
                "token": "wr1.…",
                "entries": [
                    {"kind": "delivery.started", "at": 1_800_000_000},
                    _LINE,
                    _LINE
                    | {
                        "kind": "delivery.completed",
                        "level": "info",
                        "message": "",
                        "fields": {"seconds": 0.25, "emitted": ["payment.taken"]},
                    },
                ],
            }
        ],
    ),
    "journal_empty": asked("journal", batches=[]),
    "state_get_answer": answered(StateGetAnswer(entry=_ENTRY)),
    "state_get_answer_nothing": answered(StateGetAnswer(entry=None)),
    "state_set_answer": answered(StateSetAnswer(entry=_ENTRY)),
    "state_delete_answer": answered(StateDeleteAnswer(deleted=False)),
    "state_list_answer": answered(StateListAnswer(items=(_ENTRY,), next="größe/🍏")),
    "state_list_answer_nothing": answered(StateListAnswer(items=(), next=None)),
    "state_groups_answer": answered(StateGroupsAnswer(items=("carts", "größe"), next=None)),
    "state_clear_answer": answered(StateClearAnswer(removed=2)),
    "state_increment_answer": answered(StateIncrementAnswer(value=2.5)),
    "state_compare_and_set_answer": answered(StateCompareAndSetAnswer(done=True)),
    "journal_answer": answered(
        JournalAnswer(
            accepted=2,
            refused=(Refused(entries=1, code="token_expired", message="the token has expired"),),
        )
    ),
    "api_error": answered(
        ApiError(
            error=ErrorBody(
                code="state_conflict",
                message="the entry has version 3, expected 2. hint: read it again",
                details=(FieldError(field="version", message="3"),),
                correlation_id="0af7651916cd43dd8448eb211c80319c",
            )
        )
    ),
}


INVALID: Mapping[str, Invalid] = {
    "state_get_without_key": bad_request("state/get", "key", "it is missing", group="carts"),
    "state_get_key_number": bad_request("state/get", "key", "it is no text", group="carts", key=7),
    "state_get_unknown_member": bad_request(
        "state/get", "version", "nobody reads it", group="carts", key="a", version=1
    ),
    "state_set_without_value": bad_request(
        "state/set", "value", "absent is not null", group="carts", key="a"
    ),
    "state_set_if_absent_null": bad_request(
        "state/set",
        "if_absent",
        "null is neither true nor false",
        group="carts",
        key="a",
        value=1,
        if_absent=None,
    ),
    "state_list_limit_text": bad_request(
        "state/list", "limit", "it is no integer", group="carts", limit="10"
    ),
    "journal_without_token": bad_request(
        "journal", "batches.0.token", "it is missing", batches=[{"entries": []}]
    ),
    "journal_level": bad_request(
        "journal",
        "batches.0.entries.0.level",
        "it is none of the levels",
        batches=[{"token": "wr1.…", "entries": [_LINE | {"level": "loud"}]}],
    ),
    "journal_negative_attempt": bad_request(
        "journal",
        "batches.0.entries.0.attempt",
        "attempts are counted from 1",
        batches=[{"token": "wr1.…", "entries": [_LINE | {"attempt": -1}]}],
    ),
}
