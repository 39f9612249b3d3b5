"""What the triggers answer to those whom they do not serve, as errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote

from wistro.errors import CallFailed, InvalidMessage, Issue, RunError, WistroError

if TYPE_CHECKING:
    import httpx

_STATUSES = frozenset({"flow_failed", "response_not_reached", "timeout", "cancelled"})


def problem_of(answer: httpx.Response) -> WistroError:
    """The error that an answer stands for: of the run, when it names one, else of the request."""
    try:
        error = cast("dict[str, Any]", answer.json()["error"])
        text, code = str(error["message"]), str(error["code"])
    except (ValueError, KeyError, TypeError):
        return RunError(
            f"`{answer.url}` answered {answer.status_code} {answer.reason_phrase}, and nothing that "
            "Wistro would say",
            code="not_wistro",
            hint="is this the address of a Wistro project?",
        )
    message, _, hint = text.partition(" hint: ")
    call_id = answer.headers.get("wistro-run-id")
    if call_id is not None:
        return CallFailed(
            message,
            flow=unquote(answer.url.path.split("/call/")[-1].split("/")[0]),
            call_id=call_id,
            status=code if code in _STATUSES else "flow_failed",
            code=code,
            hint=hint or None,
        )
    if code == "validation_failed":
        details = cast("list[dict[str, Any]]", error.get("details") or [])
        issues = [Issue(field=str(d["field"]), message=str(d["message"])) for d in details]
        return InvalidMessage(message, issues=issues, hint=hint or None)
    retryable = answer.status_code >= 500 or answer.status_code == 429
    return RunError(message, code=code, hint=hint or None, retryable=retryable)
