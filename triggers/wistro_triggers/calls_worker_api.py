"""The worker API of calls: `ctx.call` in the handlers of any language."""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Self, TypeAlias

from fastapi import APIRouter, Request, Response
from pydantic import Field, model_validator

from wistro.access import Identity
from wistro.calls import LONGEST_WAIT, FlowCall, FlowCalled, FlowCalls
from wistro.errors import RunError
from wistro.stores.audit_buffer import AuditBuffer
from wistro.temporal.host.handler_calls import HandlerCalls
from wistro_triggers.problems import Problem, correlation_id
from wistro_triggers.worker_http import (
    Body,
    ErrorRoute,
    RunClaims,
    Verify,
    answer,
    bearer,
    claims_of,
    read,
)

if TYPE_CHECKING:
    from wistro.temporal.host.engine import Engine

MAX_BODY = 4 * 1024 * 1024

CallsOf: TypeAlias = Callable[[RunClaims], FlowCalls]
"""What makes the calls of the run that a token is good for."""

_STATUS = {
    "forbidden": 403,
    "not_callable": 404,
    "run_not_found": 404,
    "run_ended": 410,
    "message_too_large": 413,
    "engine_unavailable": 503,
}
"""Of errors of the engine; the others are 422, as none of them passes by itself."""

_Seconds = Annotated[float, Field(ge=0, le=LONGEST_WAIT.total_seconds())]


class _Operation(Body, abc.ABC):
    """A request about a call."""

    flow: str = Field(min_length=1)
    wait: _Seconds = 0

    @abc.abstractmethod
    async def serve(self, calls: FlowCalls) -> FlowCalled:
        """Do it."""


class _Call(_Operation):
    input: object = None
    number: int | None = Field(default=None, ge=1)
    key: str | None = Field(default=None, min_length=1, max_length=1024)
    delivery_id: str = Field(min_length=1, max_length=1024)
    idempotency_key: str = Field(min_length=1, max_length=4096)
    released: int = Field(default=0, ge=0)
    depth: int = Field(default=0, ge=0)
    detached: bool = False
    by: str | None = None
    client_context: object = None
    traceparent: str | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.number is None) == (self.key is None):
            raise ValueError("expected either `number` or `key`")
        return self

    async def serve(self, calls: FlowCalls) -> FlowCalled:
        call = FlowCall(**self.model_dump(exclude={"wait"}))
        return await calls.call(call, wait=timedelta(seconds=self.wait))


class _Fetch(_Operation):
    call_id: str = Field(min_length=1, max_length=1024)

    async def serve(self, calls: FlowCalls) -> FlowCalled:
        return await calls.fetch(self.flow, self.call_id, wait=timedelta(seconds=self.wait))


_OPERATIONS: Mapping[str, type[_Operation]] = {"call": _Call, "fetch": _Fetch}


def calls_worker_api(*, calls: CallsOf, verify: Verify, max_body: int = MAX_BODY) -> APIRouter:
    """The routes below `/calls` of the worker API.

    Args:
        calls: Makes the calls of a run.
        verify: Reads run tokens.
        max_body: The bound on one request; above the bound on a message.
    """
    router = APIRouter(route_class=ErrorRoute, include_in_schema=False)

    @router.post("/calls/{operation}")
    async def operate_on_calls(operation: str, request: Request) -> Response:
        """Make a call for the run of the token, or wait for the answer of one."""
        claims = claims_of(verify, bearer(request))
        shape = _OPERATIONS.get(operation)
        if shape is None:
            raise Problem(
                404,
                "unknown_operation",
                f"There is no operation `{operation}` on calls. hint: expected one of"
                f" {', '.join(f'`{name}`' for name in _OPERATIONS)}.",
            )
        body = await read(request, shape, max_body)
        try:
            return answer(asdict(await body.serve(calls(claims))))
        except RunError as error:
            raise _problem(error) from error

    return router


def handler_calls(engine: Engine, audit: AuditBuffer) -> CallsOf:
    """The calls of runs by the engine; those that are refused are noted."""

    def refused(identity: Identity, flow: str) -> None:
        audit.refused(
            identity, "call", "not_allowed", flow=flow, correlation_id=correlation_id.get()
        )

    return lambda run: HandlerCalls(engine, run.flow, run.run_id, refused=refused)


def _problem(error: RunError) -> Problem:
    message = f"{error.message}. hint: {error.hint}" if error.hint else error.message
    return Problem(_STATUS.get(error.code, 422), error.code, message)
