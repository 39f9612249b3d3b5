"""What the routes of the worker API have in common: run tokens, bodies, answers, errors."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeAlias, TypeVar

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import to_json

from wistro.errors import InvalidMessage, StoreError
from wistro_codec.errors import CodecError
from wistro_triggers.faults import problem_of
from wistro_triggers.problems import Detail, Problem


class RunClaims(Protocol):
    """What a genuine run token says."""

    @property
    def flow(self) -> str:
        """The flow of the run."""
        ...

    @property
    def run_id(self) -> str:
        """The run."""
        ...


Verify: TypeAlias = Callable[[str], RunClaims]
"""Reads a run token; raises `CodecError` when it is not genuine, or has expired."""


class Body(BaseModel):
    """A request; unknown members are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


BodyT = TypeVar("BodyT", bound=Body)


class ErrorRoute(APIRoute):
    """Answers errors of stores in the one shape, whichever application includes the router."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """See `APIRoute.get_route_handler`."""
        serve = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            try:
                return await serve(request)
            except Problem as problem:
                return problem.response()
            except StoreError as error:
                return _store_problem(error).response()
            except InvalidMessage as error:
                return problem_of(error).response()

        return guarded


_STATUS = {
    "state_conflict": 409,
    "stream_conflict": 409,
    "value_too_large": 413,
    "store_unavailable": 503,
    "store_closed": 503,
}


def _store_problem(error: StoreError) -> Problem:
    status = _STATUS.get(error.code, 503 if error.retryable else 422)
    return Problem(
        status,
        error.code,
        f"{error.message}. hint: {error.hint}" if error.hint else error.message,
        details=[Detail(field=name, message=str(found)) for name, found in error.details.items()],
        headers={"retry-after": "1"} if status == 503 else None,
    )


def bearer(request: Request) -> str:
    """The run token that a request shows; a 401 `Problem` when it shows none."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Problem(
            401,
            "token_missing",
            "A run token was expected in `Authorization: Bearer …`. hint: this is the API of workers;"
            " people and programs use `/_wistro/api`.",
            headers={"www-authenticate": "Bearer"},
        )
    return token


def claims_of(verify: Verify, token: str) -> RunClaims:
    """What a run token says; a 401 `Problem` when it is not genuine."""
    try:
        return verify(token)
    except CodecError as error:
        message = error.message.rstrip(".")
        raise Problem(
            401,
            error.code,
            f"{message}. hint: {error.hint}" if error.hint else message,
            headers={"www-authenticate": 'Bearer error="invalid_token"'},
        ) from None


async def read(request: Request, shape: type[BodyT], limit: int) -> BodyT:
    """The body of a request; a 413 or 422 `Problem` when it is too large or not of this shape."""
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > limit:
            raise Problem(
                413,
                "body_too_large",
                f"The request body has more than {limit:,} bytes. hint: send less at once.",
            )
    try:
        return shape.model_validate_json(bytes(raw))
    except ValidationError as error:
        details = [
            Detail(field=".".join(map(str, found["loc"])), message=found["msg"])
            for found in error.errors(include_url=False, include_input=False)[:10]
        ]
        raise Problem(
            422,
            "invalid_body",
            "The body is not what this operation expects. hint: see `details`, and"
            " `workers/contract`; worker and engine should be of the same version.",
            details=details,
        ) from None


def answer(content: dict[str, object]) -> Response:
    """A JSON answer."""
    # Not `JSONResponse`: FastAPI would walk the whole value once more before it is encoded.
    return Response(to_json(content), media_type="application/json")
