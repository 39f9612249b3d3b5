"""The inbox over HTTP: `/_wistro/api/tasks`, for users, keys and holders of the management token."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Annotated, Literal, TypeVar
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import Field

from wistro.access import Identity
from wistro.errors import RunError
from wistro.options import Duration
from wistro.stores.inbox import MAX_PAGE, InboxFilter, Person, Status
from wistro.tasks import AttachmentView, TaskDetail, TaskPage
from wistro.temporal.host.inbox import MAX_TEXT, Actor, Inbox
from wistro.temporal.host.task_files import MAX_FILE, TaskFiles
from wistro.temporal.host.task_links import LinkMaker
from wistro_codec import Keys
from wistro_triggers.admission import Admission
from wistro_triggers.auth import RequireIdentity
from wistro_triggers.management.site import ERRORS, OPERATOR, View
from wistro_triggers.management.site import Request as Asked
from wistro_triggers.problems import Problem, invalid_field

T = TypeVar("T")

TaskPath = Annotated[str, Path(description="The task's id.")]
_Name = Annotated[str, Field(min_length=1, max_length=200)]


def _identified(request: Request) -> Identity:
    return request.state.identity


Who = Annotated[Identity, Depends(_identified)]
"""Who sends the request: the router has asked before."""
By = Annotated[
    _Name | None,
    Query(description="In whose name; for holders of the management token, who must say it."),
]


class _ActedFor(Asked):
    by: _Name | None = None
    """In whose name; for holders of the management token, who must say it. Others act in their own."""


class TaskAnswer(_ActedFor):
    """Answers a task."""

    data: object
    """What the schema of the task asks for."""
    comment: str = Field(default="", max_length=MAX_TEXT)
    """What else there is to say."""


class TaskComment(_ActedFor):
    """Says something about a task without answering it."""

    text: str = Field(min_length=1, max_length=MAX_TEXT)


class Reassignment(_ActedFor):
    """Says anew who may answer a task; what is not given stays."""

    assignees: Annotated[tuple[_Name, ...], Field(max_length=100)] | None = None
    roles: Annotated[tuple[_Name, ...], Field(max_length=100)] | None = None


class LinkRequest(Asked):
    """Makes a link for somebody who has no account."""

    to: _Name


class Acted(View):
    """The run has taken in what somebody did."""

    id: str
    """The task."""
    action: Literal["answer", "comment", "reassign"]
    by: str


class Link(View):
    """A link by which one person answers a task, once."""

    to: str
    url: str


@dataclass(frozen=True, kw_only=True)
class TaskDesk:
    """The inbox, its files and links, and who is let in."""

    inbox: Inbox
    files: TaskFiles
    keys: Keys
    admission: Admission

    @property
    def reader(self) -> LinkMaker:
        """Reads links, wherever they were made."""
        return LinkMaker(self.keys, str)

    def links(self, request: Request) -> LinkMaker:
        """Makes links to where the public finds the project: at worst, where this request did."""

        def base() -> str:
            endpoints = self.inbox.engine.lock.runtime.endpoints
            return endpoints.public_url or f"{request.url.scheme}://{request.url.netloc}"

        return LinkMaker(self.keys, base)


def tasks_router(desk: TaskDesk) -> APIRouter:
    """`/tasks` and below."""
    require = RequireIdentity(desk.admission)

    async def identify(request: Request) -> None:
        request.state.identity = await require(request)

    router = APIRouter(
        prefix="/tasks", tags=["tasks"], responses=ERRORS, dependencies=[Depends(identify)]
    )
    _reading(router, desk)
    _acting(router, desk)
    _attaching(router, desk)
    return router


def _reading(router: APIRouter, desk: TaskDesk) -> None:
    inbox = desk.inbox

    @router.get("", summary="List tasks that wait for people")
    async def list_tasks(  # noqa: PLR0913 - filters
        who: Who,
        *,
        mine: Annotated[
            bool, Query(description="Only those that I may answer, though I may see all.")
        ] = False,
        assignee: Annotated[str | None, Query(description="Assigned to them by name.")] = None,
        role: Annotated[str | None, Query(description="Assigned to this role.")] = None,
        flow: Annotated[str | None, Query(description="Only of this flow.")] = None,
        status: Annotated[Status, Query(description="`open`, `closed` or `all`.")] = "open",
        overdue: Annotated[bool, Query(description="Only those past their deadline.")] = False,
        older_than: Annotated[
            Duration | None, Query(description="Only those that have waited longer: `2d`.")
        ] = None,
        text: Annotated[
            str | None, Query(max_length=200, description="In the id, run, step or name.")
        ] = None,
        limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 50,
        cursor: Annotated[str | None, Query(description="From the page before.")] = None,
    ) -> TaskPage:
        """Users and keys see what is theirs: assigned to them, to a role of theirs, or to nobody."""
        now = time.time()
        actor = _actor(who)
        wanted = InboxFilter(
            status=status,
            person=None if actor.anyone and not mine else Person(by=actor.by, roles=actor.roles),
            assignee=assignee,
            role=role,
            flow=flow,
            opened_before=None if older_than is None else now - older_than.total_seconds(),
            due_before=now if overdue else None,
            text=text,
        )
        return await inbox.list(wanted, cursor=cursor, limit=limit)

    @router.get("/{task_id}", summary="Show a task: what is asked, and what was said so far")
    async def show_task(
        task_id: TaskPath,
        request: Request,
        who: Who,
    ) -> TaskDetail:
        return await _noted(desk, request, who, lambda: inbox.show(task_id, _actor(who)))


def _acting(router: APIRouter, desk: TaskDesk) -> None:
    inbox = desk.inbox

    @router.post("/{task_id}/answer", summary="Answer a task")
    async def answer_task(
        task_id: TaskPath,
        wanted: TaskAnswer,
        request: Request,
        who: Who,
    ) -> Acted:
        actor = _acting_as(who, wanted.by)
        await _noted(
            desk,
            request,
            who,
            lambda: inbox.answer(task_id, actor, wanted.data, comment=wanted.comment),
        )
        await _did(desk, request, who, "task.answer", task_id, actor.by)
        return Acted(id=task_id, action="answer", by=actor.by)

    @router.post("/{task_id}/comments", summary="Comment on a task")
    async def comment_on_task(
        task_id: TaskPath,
        wanted: TaskComment,
        request: Request,
        who: Who,
    ) -> Acted:
        actor = _acting_as(who, wanted.by)
        await _noted(desk, request, who, lambda: inbox.comment(task_id, actor, wanted.text))
        await _did(desk, request, who, "task.comment", task_id, actor.by)
        return Acted(id=task_id, action="comment", by=actor.by)

    @router.post("/{task_id}/reassign", summary="Say anew who may answer a task")
    async def reassign_task(
        task_id: TaskPath,
        wanted: Reassignment,
        request: Request,
        who: Who,
    ) -> Acted:
        if wanted.assignees is None and wanted.roles is None:
            raise invalid_field("assignees", "expected `assignees`, `roles` or both, found neither")
        actor = _acting_as(who, wanted.by)
        await _noted(
            desk,
            request,
            who,
            lambda: inbox.reassign(task_id, actor, assignees=wanted.assignees, roles=wanted.roles),
        )
        await _did(desk, request, who, "task.reassign", task_id, actor.by)
        return Acted(id=task_id, action="reassign", by=actor.by)

    @router.post(
        "/{task_id}/links", status_code=201, summary="Make a link that answers a task once"
    )
    async def make_link(
        task_id: TaskPath,
        wanted: LinkRequest,
        request: Request,
        who: Who,
    ) -> Link:
        """Only holders of the management token may: whoever has the link is taken for `to`."""
        if who.kind != "token":
            raise Problem(
                403,
                "forbidden",
                "Only a holder of the management token may make links. hint: reassign the task, or "
                "ask whoever operates the project.",
            )
        entry = await inbox.entry(task_id)
        url = desk.links(request).make(
            entry.flow,
            entry.run_id,
            entry.delivery_id,
            to=wanted.to,
            due_at=entry.due_at,
            vouched=wanted.to not in entry.assignees,
        )
        await _did(desk, request, who, "task.link", task_id, who.id)
        return Link(to=wanted.to, url=url)


def _attaching(router: APIRouter, desk: TaskDesk) -> None:
    body = {"schema": {"type": "string", "format": "binary"}}

    @router.post(
        "/{task_id}/attachments",
        status_code=201,
        summary="Attach a file to a task",
        openapi_extra={"requestBody": {"required": True, "content": {"*/*": body}}},
    )
    async def attach_to_task(
        task_id: TaskPath,
        request: Request,
        name: Annotated[str, Query(description="What the file is called.")],
        who: Who,
        by: By = None,
    ) -> AttachmentView:
        """The body is the file, at most a mebibyte; its type is that of the request."""
        actor = _acting_as(who, by)
        content = bytearray()
        async for chunk in request.stream():
            content += chunk
            if len(content) > MAX_FILE:
                break  # it is refused below, with its name
        media_type = request.headers.get("content-type", "").partition(";")[0].strip()
        attached = await _noted(
            desk,
            request,
            who,
            lambda: desk.files.attach(
                task_id, actor, name=name, media_type=media_type, content=bytes(content)
            ),
        )
        await _did(desk, request, who, "task.attach", task_id, actor.by)
        return attached

    @router.get(
        "/{task_id}/attachments/{attachment_id}",
        summary="Fetch a file that was attached to a task",
        response_class=Response,
        responses={200: {"description": "The file.", "content": {"*/*": body}}},
    )
    async def fetch_attachment(
        task_id: TaskPath,
        attachment_id: Annotated[str, Path(description="As the task's remarks have it.")],
        request: Request,
        who: Who,
    ) -> Response:
        found = await _noted(
            desk, request, who, lambda: desk.files.read(task_id, _actor(who), attachment_id)
        )
        # Never shown as a page of ours: anybody who may answer may attach anything.
        headers = {
            "content-disposition": f"attachment; filename*=UTF-8''{quote(found.about.name, safe='')}",
            "content-security-policy": "default-src 'none'; sandbox",
            "cache-control": "private, no-store",
        }
        return Response(found.content, media_type=found.about.media_type, headers=headers)


def _actor(who: Identity) -> Actor:
    """Who looks: a holder of the management token sees everything."""
    if who.kind == "token":
        return Actor(by=who.id or OPERATOR, roles=who.roles, anyone=True)
    name = who.id if who.kind == "user" else str(who)
    return Actor(by=name, roles=who.roles)


def _acting_as(who: Identity, by: str | None) -> Actor:
    """Who acts: a holder of the management token, in anybody's name, and everybody else in their own."""
    actor = _actor(who)
    if who.kind == "token":
        if by is None and not who.id:
            raise invalid_field("by", "a holder of the management token has to say in whose name")
        return Actor(by=by or who.id, anyone=True)
    if by not in (None, actor.by):
        raise Problem(
            403,
            "forbidden",
            f"Only a holder of the management token may act in the name of `{by}`. hint: leave `by` "
            "out.",
        )
    return actor


async def _noted(
    desk: TaskDesk, request: Request, who: Identity, act: Callable[[], Awaitable[T]]
) -> T:
    """Do it; a refusal because the task is somebody else's is noted in the audit."""
    try:
        return await act()
    except RunError as error:
        if error.code == "task_not_yours":
            desk.admission.note(request, who, "inbox", error.code, flow=error.flow)
        raise


async def _did(
    desk: TaskDesk, request: Request, who: Identity, action: str, task_id: str, name: str
) -> None:
    """Note in the audit what somebody did; whoever holds the management token did it in a name."""
    entry = await desk.inbox.entry(task_id)
    about = {
        "flow": entry.flow,
        "run_id": entry.run_id,
        "delivery_id": entry.delivery_id,
        "subject": task_id,
    }
    identity = replace(who, id=name) if who.kind == "token" else who
    await desk.admission.did(request, identity, action, about)
