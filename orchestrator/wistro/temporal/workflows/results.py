"""Reads what workers answer, whatever language they are written in."""

from __future__ import annotations

from typing import TypeAlias, cast

from pydantic import ValidationError
from temporalio.common import RawValue
from temporalio.converter import PayloadConverter

from wistro.contract import ErrorInfo, SegmentResult, StepResult
from wistro.issues import dotted

Result: TypeAlias = StepResult | SegmentResult

_SHOWN = 5


def read_result(raw: RawValue, of: type[Result], converter: PayloadConverter) -> Result | ErrorInfo:
    """The result of an activity, or what is wrong with it.

    Converted here and not by the SDK, where a result that is none would fail the workflow task, again
    and again, and the run would hang without a word.
    """
    try:
        result = cast("object", converter.from_payload(raw.payload, of))
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        return _bad(of, [(dotted(issue["loc"]), issue["msg"]) for issue in found])
    if isinstance(result, StepResult | SegmentResult):
        return result
    return _bad(of, [("", "nothing was returned")])


def _bad(of: type[Result], issues: list[tuple[str, str]]) -> ErrorInfo:
    shown = "; ".join(
        f"`{field}`: {message}" if field else message for field, message in issues[:_SHOWN]
    )
    return ErrorInfo(
        code="bad_result",
        message=f"the worker answered something that is no `{of.__name__}`: {shown}",
        type="BadResult",
        details={
            "issues": [{"field": field, "message": message} for field, message in issues],
            "hint": "install the engine and the workers in the same release",
        },
        retryable=False,
    )
