"""The one shape of an error in HTTP, and the exception that carries it.

`{"error": {"code", "message", "details": [{"field", "message"}], "correlation_id"}}`

The correlation id is the request's `X-Request-Id` (the caller's own, or one made here); it is in the
answer, in our logs and in the spans, so that whoever reports an error can be helped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextvars import ContextVar

from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.responses import Response

correlation_id: ContextVar[str] = ContextVar("wistro_correlation_id", default="")
"""The id of the request being answered."""


class Detail(BaseModel):
    """One field of the request that is wrong, and why."""

    model_config = ConfigDict(frozen=True)

    field: str
    message: str


class ErrorBody(BaseModel):
    """What went wrong, for programs (`code`) and for people (`message`)."""

    model_config = ConfigDict(frozen=True)

    code: str
    message: str
    details: list[Detail] = []
    correlation_id: str


class ErrorAnswer(BaseModel):
    """The body of every error answer."""

    model_config = ConfigDict(frozen=True)

    error: ErrorBody


class Problem(HTTPException):
    """An error that is answered as it is: nothing in it is secret.

    It is an `HTTPException` so that FastAPI and Starlette let it pass wherever they guard user code.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        details: Sequence[Detail] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Take the HTTP status, a word for programs and a sentence for people."""
        super().__init__(status, message, dict(headers) if headers else None)
        self.code = code
        self.message = message
        self.details = tuple(details)

    def response(self) -> Response:
        """The answer for the request being served."""
        error = ErrorBody(
            code=self.code,
            message=self.message,
            details=list(self.details),
            correlation_id=correlation_id.get(),
        )
        return Response(
            ErrorAnswer(error=error).model_dump_json(),
            self.status_code,
            headers=self.headers,
            media_type="application/json",
        )


def invalid_field(field: str, message: str) -> Problem:
    """422: a field of a request that the schema alone does not refuse."""
    return Problem(
        422,
        "validation_failed",
        f"The request is not valid: `{field}`: {message}.",
        details=[Detail(field=field, message=message)],
    )
