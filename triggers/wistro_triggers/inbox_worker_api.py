"""The worker API of the inbox: processes that host runs without triggers show tasks in it."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from pydantic import Field

from wistro.stores.inbox import InboxEntry, InboxSink, task_id
from wistro_triggers.problems import Problem
from wistro_triggers.worker_http import (
    Body,
    ErrorRoute,
    Verify,
    answer,
    bearer,
    claims_of,
    read,
)

MAX_BODY = 256 * 1024


class _Shown(Body):
    """A task as its run tells it; see `InboxEntry`."""

    id: str
    flow: str
    run_id: str
    delivery_id: str = Field(max_length=1024)
    step: str = Field(max_length=1024)
    name: str = Field(max_length=1024)
    assignees: tuple[str, ...]
    roles: tuple[str, ...]
    opened_at: float = Field(allow_inf_nan=False)
    due_at: float | None = Field(allow_inf_nan=False)
    escalated: bool
    votes: int = Field(ge=0)
    revision: int = Field(ge=0, lt=2**63)
    closed_at: float | None = Field(allow_inf_nan=False)


def inbox_worker_api(*, inbox: InboxSink, verify: Verify) -> APIRouter:
    """The routes below `/inbox` of the worker API.

    Args:
        inbox: Where people find tasks.
        verify: Reads run tokens.
    """
    router = APIRouter(route_class=ErrorRoute, include_in_schema=False)

    @router.post("/inbox/show")
    async def show_task(request: Request) -> Response:
        """Show a task of the run that the token is good for."""
        claims = claims_of(verify, bearer(request))
        shown = await read(request, _Shown, MAX_BODY)
        own = task_id(claims.flow, claims.run_id, shown.delivery_id)
        if (shown.flow, shown.run_id, shown.id) != (claims.flow, claims.run_id, own):
            raise Problem(
                403,
                "other_run",
                f"The token is good for the run `{claims.run_id}` of `{claims.flow}`; found a task of"
                f" `{shown.run_id}` of `{shown.flow}`. hint: show each run's tasks with its token.",
            )
        await inbox.show(InboxEntry(**shown.model_dump()))
        return answer({})

    return router
