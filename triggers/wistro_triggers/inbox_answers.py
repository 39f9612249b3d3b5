"""`/_wistro/api/inbox/answers`: answers of calls that people look at when they have the time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request

from wistro.inbox_answers import groups_of, inbox_answers, put_away
from wistro.stores.reserved import INBOX_ANSWERS
from wistro.stores.stream import StreamStore
from wistro_triggers.admission import Admission
from wistro_triggers.auth import RequireIdentity
from wistro_triggers.management.site import ERRORS, View
from wistro_triggers.problems import Detail, Problem
from wistro_triggers.tasks import Who

_Of = Annotated[str | None, Query(description="Whose inbox; for holders of the management token.")]


class InboxAnswer(View):
    """An answer in the inbox."""

    id: str
    """The delivery id."""
    at: datetime
    answer: Mapping[str, object]
    """As every response target gets it: flow, call, status, data or error."""


class InboxAnswers(View):
    """Answers in the inbox, the newest first."""

    items: list[InboxAnswer]


def inbox_answers_router(store: StreamStore, admission: Admission) -> APIRouter:
    """`/inbox/answers` and below; users and keys find what is for them and for their roles."""
    require = RequireIdentity(admission)

    async def identify(request: Request) -> None:
        request.state.identity = await require(request)

    router = APIRouter(
        prefix="/inbox", tags=["inbox"], responses=ERRORS, dependencies=[Depends(identify)]
    )

    @router.get("/answers", summary="List the answers in an inbox, newest first")
    async def list_answers(who: Who, user: _Of = None, role: _Of = None) -> InboxAnswers:
        groups = await _groups(store, who, user, role)
        return InboxAnswers(
            items=[
                InboxAnswer(
                    id=item.id, at=datetime.fromtimestamp(item.updated_at, UTC), answer=item.data
                )
                for item in await inbox_answers(store, groups)
            ]
        )

    @router.delete("/answers/{id}", status_code=204, summary="Put an answer away")
    async def put_answer_away(
        who: Who,
        id: Annotated[str, Path(description="The delivery id.")],
        user: _Of = None,
        role: _Of = None,
    ) -> None:
        groups = await _groups(store, who, user, role)
        if not await put_away(store, groups, id):
            raise Problem(
                404, "not_found", f"There is no answer `{id}`. hint: list what is in this inbox."
            )

    return router


async def _groups(store: StreamStore, who: Who, user: str | None, role: str | None) -> list[str]:
    """Where to look: at one's own, and with the management token wherever it is said, or everywhere."""
    if who.kind != "token":
        own = who.id if who.kind == "user" else str(who)
        wrong = "user" if user not in (None, own) else None
        wrong = "role" if role is not None and role not in who.roles else wrong
        if wrong is not None:
            message = f"`{wrong}`: users and keys see what is for them and for their roles"
            detail = Detail(field=wrong, message=message)
            raise Problem(422, "validation_failed", f"{message}.", details=[detail])
        return groups_of([own], who.roles)
    if user is not None or role is not None:
        return groups_of([user] if user else [], [role] if role else [])
    return list((await store.groups(INBOX_ANSWERS)).items)
