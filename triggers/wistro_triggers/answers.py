"""HTTP answers: what a step returned, why it failed, or that its run goes on."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import cast
from urllib.parse import quote

import structlog
from pydantic import BaseModel, ConfigDict
from pydantic_core import to_json
from starlette.responses import Response

from wistro.contract import ErrorInfo
from wistro_triggers.problems import Problem
from wistro_triggers.schemas import Schema

log = structlog.stdlib.get_logger("wistro.http")

RUN_HEADER = "wistro-run-id"
REPLAYED_HEADER = "idempotency-replayed"
_BODILESS = frozenset({204, 205, 304})
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_OURS = frozenset({"connection", "content-length", "date", "server", "transfer-encoding"})
"""Headers about the connection, which is not the step's to speak of."""


class Accepted(BaseModel):
    """A run that was accepted and goes on by itself."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    flow: str
    run_id: str
    existed: bool = False
    """Whether an earlier request with the same idempotency key started it."""


def accepted(run: Accepted, *, preferred: bool = False) -> Response:
    """A 202 that says which run it is, and where to look at it."""
    headers = {
        "location": f"/_wistro/api/runs/{quote(run.flow, safe='')}/{run.run_id}",
        **run_headers(run),
        **({"preference-applied": "respond-async"} if preferred else {}),
    }
    return Response(run.model_dump_json(), 202, headers=headers, media_type="application/json")


def run_headers(run: Accepted) -> dict[str, str]:
    """The headers of every answer that a run gave."""
    return {RUN_HEADER: run.run_id, **({REPLAYED_HEADER: "true"} if run.existed else {})}


def step_response(
    output: object, schemas: Mapping[int, Schema], *, step: str, plain_text: bool = False
) -> Response:
    """What the handler returned, as an HTTP response.

    Args:
        output: `{"status", "headers", "body"}` and perhaps `"body_encoding": "base64"`.
        schemas: What the body of a status must be.
        step: The step, for the log.
        plain_text: Whether a body of text is sent as it is (as HTML, if the handler does not say),
            instead of as a JSON string.

    Raises:
        Problem: 500 when it is not a response, or not the one that was declared.
    """
    given = _table(output)
    status, body = given.get("status"), given.get("body")
    if not isinstance(status, int) or not 200 <= status < 600:
        raise _broken(step, "it is no HTTP response")
    headers = _headers(given.get("headers"), step)
    if given.get("body_encoding") == "base64":
        content, kind = _bytes(body, step), "application/octet-stream"
    else:
        schema = schemas.get(status)
        if schema is not None and (wrong := schema.errors(body, root="body")):
            reason = "; ".join(f"`{detail.field}` {detail.message}" for detail in wrong)
            raise _broken(step, f"its body does not fit the schema declared for {status}: {reason}")
        if plain_text and isinstance(body, str):
            content, kind = body.encode(), "text/html; charset=utf-8"
        else:
            content, kind = _text(body, headers.get("content-type")), "application/json"
    if status in _BODILESS:
        headers.pop("content-type", None)
        return Response(None, status, headers)
    if content:
        headers.setdefault("content-type", kind)
    return Response(content, status, headers)


def step_problem(error: ErrorInfo, *, step: str, development: bool) -> Problem:
    """Why the step has no answer. The text of an unexpected error is shown in development only.

    A handler that means to tell the caller raises `Terminal(…, details={"status": 402})`.
    """
    details = _table(error.details)
    status = details.get("status")
    if isinstance(status, int) and 400 <= status < 600 and not error.retryable:
        hint = details.get("hint")
        told = f"{error.message} hint: {hint}" if isinstance(hint, str) else error.message
        return Problem(status, error.code, told)
    status, code = {
        "timeout": (504, "step_timed_out"),
        "cancelled": (409, "run_cancelled"),
    }.get(error.code, (500, "step_failed"))
    shown = f": {error.message}" if development else "."
    return Problem(
        status,
        code,
        f"The step `{step}` has no answer{shown} hint: its run, named in `{RUN_HEADER}`, has the "
        "details.",
    )


def _table(value: object) -> Mapping[str, object]:
    """The value if it is an object of JSON, else an empty one."""
    return cast("Mapping[str, object]", value) if isinstance(value, Mapping) else {}


def _headers(given: object, step: str) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in _table(given).items():
        if isinstance(value, int | float):
            value = str(value)  # noqa: PLW2901 - `content-length: 12` is no less clear than "12"
        if not isinstance(value, str):
            raise _broken(step, f"its header {name!r} is not text")
        if not (_HEADER_NAME.fullmatch(name) and _HEADER_VALUE.fullmatch(value)):
            raise _broken(step, f"its header {name!r} cannot be sent")
        if name.lower() not in _OURS:
            headers[name.lower()] = value
    return headers


def _bytes(body: object, step: str) -> bytes:
    try:
        return base64.b64decode(body, validate=True) if isinstance(body, str) else b""
    except binascii.Error:
        raise _broken(step, "its body is not base64") from None


def _text(body: object, content_type: str | None) -> bytes:
    if body is None:
        return b""
    if isinstance(body, str) and content_type and "json" not in content_type.lower():
        return body.encode()
    return to_json(body)


def _broken(step: str, reason: str) -> Problem:
    log.error("the answer of a step cannot be sent", step=step, reason=reason)
    return Problem(
        500,
        "response_invalid",
        f"The step `{step}` gave an answer that it did not promise. hint: the log tells more under "
        "the correlation id of this answer.",
    )
