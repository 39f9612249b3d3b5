"""The worker API of waits: processes that host runs without triggers tell which messages these await."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, TypeVar

from fastapi import APIRouter, Request, Response
from pydantic import Field

from wistro.contract import RunRef
from wistro.errors import RunError
from wistro.temporal import wire
from wistro.temporal.activities.waits import WaitKeeper
from wistro_triggers.faults import problem_of
from wistro_triggers.problems import Problem
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
    from wistro.project.lock import Lock

T = TypeVar("T")

MAX_BODY = 16 * 1024 * 1024
"""The bound on one request; above the bound on a message."""


class _Show(Body):
    flow: str = Field(min_length=1)
    run_id: str = Field(min_length=1)
    delivery_id: str = Field(min_length=1, max_length=1024)
    step: str
    topic: str
    where: str | None = None
    request: object = None
    opening: int = Field(default=0, ge=0)
    closed: bool = False


class _Run(Body):
    flow: str = Field(min_length=1)
    run_id: str = Field(min_length=1)
    delivery_id: str | None = None


class _Share(Body):
    topic: str = Field(min_length=1)
    data: object
    key: str = Field(min_length=1, max_length=1024)
    flow: str | None = None
    sender: _Run


def waits_worker_api(*, waits: WaitKeeper, lock: Callable[[], Lock], verify: Verify) -> APIRouter:
    """The routes below `/waits` of the worker API.

    Args:
        waits: Knows which runs wait for messages.
        lock: Says which topics are shared.
        verify: Reads run tokens.
    """
    router = APIRouter(route_class=ErrorRoute, include_in_schema=False)

    @router.post("/waits/show")
    async def show(request: Request) -> Response:
        """Take note that the run of the token waits for a message, or no longer does."""
        claims = claims_of(verify, bearer(request))
        body = await read(request, _Show, MAX_BODY)
        _check_run(claims, body.flow, body.run_id)
        await _told(waits.show(wire.WaitShown(**body.model_dump())))
        return answer({})

    @router.post("/waits/share")
    async def share(request: Request) -> Response:
        """Bring a message that the run of the token sends to runs that wait for it."""
        claims = claims_of(verify, bearer(request))
        body = await read(request, _Share, MAX_BODY)
        _check_run(claims, body.sender.flow, body.sender.run_id)
        topic = lock().topics.get(body.topic)
        if topic is None or not (topic.shared or topic.external):
            raise Problem(
                403,
                "topic_not_shared",
                f"Messages on `{body.topic}` stay in their flow. hint: declare it as `shared` in"
                " `wistro.yml`.",
            )
        sender = RunRef(**body.sender.model_dump())
        message = wire.SharedMessage(**body.model_dump(exclude={"sender"}), sender=sender)
        return answer(asdict(await _told(waits.share(message))))

    return router


def _check_run(claims: RunClaims, flow: str, run_id: str) -> None:
    if (claims.flow, claims.run_id) != (flow, run_id):
        raise Problem(
            403,
            "other_run",
            f"The token is good for the run `{claims.run_id}` of `{claims.flow}`; found `{run_id}` of"
            f" `{flow}`. hint: show the token of the run that it is about.",
        )


async def _told(work: Awaitable[T]) -> T:
    try:
        return await work
    except RunError as error:
        raise problem_of(error) from error
