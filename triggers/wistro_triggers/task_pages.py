"""`/task/<token>`: people without an account answer a task by a link that was made for them."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter, Path, Request, Response
from starlette.responses import HTMLResponse

from wistro.errors import InvalidMessage, RunError, StoreError, WistroError
from wistro.tasks import TaskDetail
from wistro.temporal.host.inbox import MAX_TEXT, Actor
from wistro.temporal.host.task_links import TASK_PATH
from wistro_codec import TASK_TOKEN, CodecError
from wistro_triggers.faults import RETRY_AFTER
from wistro_triggers.task_forms import form_of, read_form
from wistro_triggers.task_html import COMMENT, HEADERS, message_page, task_page
from wistro_triggers.tasks import TaskDesk

TokenPath = Annotated[str, Path(description="What the link shows, without its prefix.")]

_CLOSED = (
    "This is done",
    "Somebody has answered it, or nothing more is needed. You do not have to do anything.",
)
_TOLD: dict[str, tuple[int, str, str]] = {
    "token_expired": (
        410,
        "This link has expired",
        "It was good for a while only. Ask whoever sent it to you for another one.",
    ),
    "task_closed": (410, *_CLOSED),
    "task_not_found": (410, *_CLOSED),
    "link_used": (410, "This link has been used", "It answers once, and your answer is there."),
    "task_answered": (410, "You have answered already", "Your answer is there. Thank you."),
    "task_not_yours": (
        403,
        "Somebody else answers this now",
        "It was given to others. You do not have to do anything.",
    ),
    "message_too_large": (
        413,
        "This is too long",
        "Go back, shorten your answer or your comment, and send it again.",
    ),
}
_NOT_VALID = (
    404,
    "This link is not valid",
    "Open the whole link, as it was sent to you. A part of it may have been lost.",
)
_AWAY = (503, "Please try again in a moment", "Nothing is lost: the link stays good.")


def task_pages(desk: TaskDesk) -> APIRouter:
    """The pages. The token is the credential: there are no cookies, and so nothing to forge."""
    router = APIRouter(include_in_schema=False)
    # Only what looks like a token of ours: a project may have `/task/{id}` of its own.
    path = f"{TASK_PATH}{TASK_TOKEN}.{{rest}}"

    @router.get(path)
    async def show(rest: TokenPath) -> Response:
        """The task and its form. Looking changes nothing: mail programs look at links too."""
        try:
            task, actor = await _task(desk, rest)
        except (CodecError, WistroError) as error:
            return _trouble(error)
        return _html(200, task_page(task, form_of(task.input), to=actor.by))

    @router.post(path)
    async def answer(rest: TokenPath, request: Request) -> Response:
        """Takes the answer, or shows the form again with what is wrong."""
        filled = dict(parse_qsl((await request.body()).decode(errors="replace")))
        try:
            task, actor = await _task(desk, rest)
            form = form_of(task.input)
            data, issues = read_form(form, filled)
            comment = filled.get(COMMENT, "").strip()[:MAX_TEXT]
            try:
                if not issues:
                    await desk.inbox.answer(task.id, actor, data, comment=comment)
            except InvalidMessage as wrong:
                issues = list(wrong.issues)
                if not issues:
                    raise
        except (CodecError, WistroError) as error:
            return _trouble(error)
        if issues:
            page = task_page(task, form, to=actor.by, filled=filled, issues=issues)
            return _html(422, page)
        text = f"Your answer to “{task.name}” is there."
        return _html(200, message_page("Thank you", text))

    return router


async def _task(desk: TaskDesk, rest: str) -> tuple[TaskDetail, Actor]:
    """The open task of a link, whose holder has not answered it yet."""
    token = desk.reader.read(f"{TASK_TOKEN}.{rest}")
    id, actor = desk.inbox.by_link(token)
    task = await desk.inbox.show(id, actor)
    if task.status == "closed":
        raise RunError("the task is closed", code="task_closed")
    if any(vote.by == actor.by for vote in task.answers):
        raise RunError("they have answered", code="task_answered")
    return task, actor


def _trouble(error: CodecError | WistroError) -> Response:
    status, title, text = _TOLD.get(error.code, _NOT_VALID)
    if error.code not in _TOLD and not isinstance(error, CodecError):
        away = isinstance(error, StoreError) or error.retryable
        if not away:
            raise error
        status, title, text = _AWAY
    return _html(status, message_page(title, text))


def _html(status: int, page: str) -> Response:
    away = status == HTTPStatus.SERVICE_UNAVAILABLE
    headers = {**HEADERS, **({"retry-after": RETRY_AFTER} if away else {})}
    return HTMLResponse(page, status, headers=headers)
