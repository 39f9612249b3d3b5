"""Turns every exception that ends a request into the one error shape."""

from __future__ import annotations

from http import HTTPStatus

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from wistro.errors import InvalidMessage, RunError, StoreError, WistroError
from wistro_triggers.problems import Detail, Problem

log = structlog.stdlib.get_logger("wistro.http")

RETRY_AFTER = "2"
"""Seconds after which callers are told to come back while Temporal or a store is away."""

_STATUS_OF_CODE = {
    "engine_unavailable": 503,
    "message_too_large": 413,
    "meta_too_large": 413,
    "message_not_json": 422,
    "value_too_large": 413,
    "run_not_found": 404,
    "delivery_not_found": 404,
    "flow_not_found": 404,
    "not_callable": 404,
    "step_not_found": 404,
    "trigger_not_found": 404,
    "invalid_filter": 422,
    "task_not_found": 404,
    "task_not_yours": 403,
    "attachment_not_found": 404,
    "attachment_invalid": 422,
    "attachment_too_large": 413,
    "too_many_attachments": 409,
    "topic_not_found": 404,
    "schedule_not_found": 404,
    "state_conflict": 409,
    "stream_conflict": 409,
    "store_unavailable": 503,
    "store_closed": 503,
    "value_not_json": 422,
    "value_not_a_number": 422,
    "name_invalid": 422,
    "page_invalid": 422,
}
_STATUS_OF_CLASS: tuple[tuple[type[WistroError], int], ...] = (
    (InvalidMessage, 422),
    (RunError, 409),
    (StoreError, 503),
)
_HIDDEN = 500
"""From this status on, except 503, the message is for the log and not for the caller."""


def install_faults(app: FastAPI) -> None:
    """Make `app` answer errors in the one shape."""

    async def fault(request: Request, error: Exception) -> Response:
        del request
        return problem_of(error).response()

    for kind in (HTTPException, RequestValidationError, WistroError, Exception):
        app.add_exception_handler(kind, fault)


def problem_of(error: Exception) -> Problem:
    """The answer for an exception. What the caller must not see is logged instead."""
    match error:
        case Problem():
            return error
        case RequestValidationError():
            return _invalid(error)
        case HTTPException():
            return _plain(error)
        case WistroError():
            return _known(error)
        case _:
            return internal_error()  # it is raised on to `Edge`, which logs it


def internal_error() -> Problem:
    """The answer when the fault is ours; it says nothing of what happened."""
    return Problem(
        500,
        "internal_error",
        "Something went wrong here, not with the request. hint: the log tells more under the "
        "correlation id of this answer.",
    )


def not_found() -> Problem:
    """The answer at a path where there is nothing."""
    return Problem(404, "not_found", "There is nothing at this path. hint: `/docs` lists what is.")


def _known(error: WistroError) -> Problem:
    by_class = next((status for kind, status in _STATUS_OF_CLASS if isinstance(error, kind)), 500)
    status = _STATUS_OF_CODE.get(error.code, by_class)
    message = f"{error.message} hint: {error.hint}" if error.hint else error.message
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        log.warning("unavailable", code=error.code, error=error.message)
        return Problem(status, error.code, message, headers={"retry-after": RETRY_AFTER})
    if status >= _HIDDEN:
        log.error("request failed", code=error.code, exc_info=error)
        return internal_error()
    issues = error.issues if isinstance(error, InvalidMessage) else ()
    details = [Detail(field=issue.field, message=issue.message) for issue in issues]
    return Problem(status, error.code, message, details=details)


def _invalid(error: RequestValidationError) -> Problem:
    details = [
        Detail(field=".".join(str(part) for part in found["loc"]), message=found["msg"])
        for found in error.errors()
    ]
    fields = ", ".join(f"`{detail.field}`" for detail in details)
    return Problem(
        422,
        "validation_failed",
        f"The request is not valid: {fields}. hint: `details` says what is wrong with each field.",
        details=details,
    )


def _plain(error: HTTPException) -> Problem:
    if error.status_code == HTTPStatus.NOT_FOUND:
        return not_found()
    status = HTTPStatus(error.status_code)
    code = status.phrase.lower().replace(" ", "_")
    return Problem(status, code, f"{error.detail}.", headers=error.headers)
