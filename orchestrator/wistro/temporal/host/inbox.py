"""The inbox: people look at the tasks of runs, and act on them."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from temporalio.client import WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from wistro.errors import EngineUnavailable, InvalidMessage, RunError, RunNotFound
from wistro.machine import tasks
from wistro.machine.events import PersonActed
from wistro.machine.operators import OperationRefused
from wistro.schemas import SchemaCheck
from wistro.stores.inbox import ALL_OPEN, InboxEntry, InboxFilter, InboxStore, Person, task_id
from wistro.tasks import TaskDetail, TaskPage
from wistro.temporal import wire
from wistro.temporal.host.connect import engine_errors
from wistro.temporal.host.task_views import detail_of, forgotten, summary_of
from wistro.values import check_depth

if TYPE_CHECKING:
    from wistro.project.lock import Lock
    from wistro.temporal.host.engine import Engine
    from wistro_codec import TaskToken

MAX_TEXT = 10_000
"""Characters of a comment."""
PATIENCE = timedelta(seconds=25)
"""How long a person waits while no worker has the run: one that has crashed is soon replaced."""

_AGAIN = 0.5
_HINTS = {
    "task_closed": "nothing more is needed; its run shows how it went on",
    "task_not_yours": "somebody who may answer it can reassign it to you",
    "link_used": "see what became of it with whoever sent you the link",
}


@dataclass(frozen=True, kw_only=True)
class Actor(Person):
    """Who acts on a task."""

    anyone: bool = False
    """Whether they may act on every task."""
    link: str | None = None
    """The id of the one-time link that they came by."""

    def sees(self, entry: InboxEntry) -> bool:
        """Whether they may see the task."""
        return self.anyone or super().sees(entry)


class Inbox:
    """The tasks of a project.

    The list is the store's; everything else is asked of the run that has the task, which also decides
    whether somebody may do what they want to.

    Raises (any operation): `EngineUnavailable` when Temporal is away or no worker has the run;
    `RunError` with the codes `task_not_found`, `task_not_yours`, `task_closed`, `task_answered` and
    `link_used`; `StoreError`.
    """

    def __init__(self, engine: Engine, store: InboxStore) -> None:
        """Look at the tasks of the engine's project, as the store lists them."""
        self.engine = engine
        self.store = store
        self._lock: Lock | None = None
        self._checks: dict[str, SchemaCheck | None] = {}

    async def list(
        self, wanted: InboxFilter = ALL_OPEN, *, cursor: str | None = None, limit: int = 50
    ) -> TaskPage:
        """Wanted tasks, those first that have waited longest; the closed ones, the newest first."""
        page = await self.store.list(wanted, after=cursor, limit=limit)
        now = time.time()
        return TaskPage(
            tasks=[summary_of(entry, now) for entry in page.items], next_cursor=page.next
        )

    async def entry(self, id: str) -> InboxEntry:
        """A task as the store lists it."""
        entry = await self.store.get(id)
        if entry is None:
            raise RunError(
                f"there is no task `{id}`",
                code="task_not_found",
                hint="see `wistro inbox list`; closed tasks are forgotten after some weeks",
            )
        return entry

    async def show(self, id: str, actor: Actor) -> TaskDetail:
        """A task in full."""
        entry = await self.entry(id)
        step = self.engine.lock.steps.get(entry.step)
        try:
            snapshot = await self._snapshot(entry)
        except RunNotFound:
            snapshot, task = None, None
        else:
            task = snapshot.state.tasks.get(entry.delivery_id)
        if task is None:
            entry = await self._close(entry)
        else:  # the store may be a moment behind
            assigned = tuple(task.assignees), tuple(task.roles)
            entry = replace(entry, assignees=assigned[0], roles=assigned[1], closed_at=None)
        if not actor.sees(entry):
            raise _refused(entry, f"the task `{id}` is assigned to others", "task_not_yours")
        now = time.time()
        return (
            forgotten(entry, step, now)
            if snapshot is None
            else detail_of(entry, step, snapshot, now)
        )

    async def answer(self, id: str, actor: Actor, data: object, *, comment: str = "") -> None:
        """Answer a task.

        Raises:
            InvalidMessage: the answer does not fit; it names every field that is wrong.
        """
        entry = await self.entry(id)
        self._check(entry, data)
        await self.act(entry, actor, "answer", data=data, text=_bounded(comment))

    async def comment(self, id: str, actor: Actor, text: str) -> None:
        """Say something about a task without answering it."""
        await self.act(await self.entry(id), actor, "comment", text=_bounded(text))

    async def reassign(
        self,
        id: str,
        actor: Actor,
        *,
        assignees: tuple[str, ...] | None = None,
        roles: tuple[str, ...] | None = None,
    ) -> None:
        """Say anew who may answer a task; what is not given stays."""
        entry = await self.entry(id)
        await self.act(entry, actor, "reassign", assignees=assignees, to_roles=roles)

    async def act(
        self,
        entry: InboxEntry,
        actor: Actor,
        action: Literal["answer", "comment", "attach", "reassign"],
        **what: Any,
    ) -> None:
        """Have the run take in what somebody does; `what` are members of a `TaskAction`."""
        roles = tuple(sorted(actor.roles))
        wanted = wire.TaskAction(
            delivery_id=entry.delivery_id,
            action=action,
            by=actor.by,
            roles=roles,
            anyone=actor.anyone,
            link=actor.link,
            **what,
        )
        # The run would refuse too, but every update that it refuses takes room in its history.
        try:
            snapshot = await self._snapshot(entry)
            tasks.check(snapshot.state, PersonActed(at=time.time(), **vars(wanted)))
            await self._update(entry, wanted)
        except OperationRefused as refused:
            raise _refused(entry, str(refused), refused.code) from refused
        except RunNotFound as gone:
            await self._close(entry)
            message = "the task is closed: its run has ended"
            raise _refused(entry, message, "task_closed") from gone

    def by_link(self, token: TaskToken) -> tuple[str, Actor]:
        """The task of a link, and who acts by it."""
        id = task_id(token.flow, token.run_id, token.delivery_id)
        return id, Actor(by=token.to, anyone=token.vouched, link=token.id)

    def _check(self, entry: InboxEntry, data: object) -> None:
        limit = self.engine.lock.limits.message_size
        try:
            size = check_depth(data)
        except ValueError as error:
            raise InvalidMessage(f"the answer cannot be sent: {error}") from error
        if size > limit:
            raise RunError(
                f"the answer has {size:,} bytes, the limit is {limit:,}",
                code="message_too_large",
                hint="attach large content, or send its address",
            )
        check = self._check_of(entry.step)
        issues = check.issues(data, root="data") if check is not None else []
        if issues:
            listed = "; ".join(f"`{issue.field}`: {issue.message[:300]}" for issue in issues[:5])
            raise InvalidMessage(
                f"the answer does not fit what `{entry.name}` asks for: {listed}",
                issues=issues,
                hint="`wistro inbox show` has the schema of an answer",
            )

    def _check_of(self, step: str) -> SchemaCheck | None:
        lock = self.engine.lock
        if lock is not self._lock:
            self._lock, self._checks = lock, {}
        if step not in self._checks:
            found = lock.steps.get(step)
            schema = None if found is None else found.input
            self._checks[step] = None if schema is None else SchemaCheck(schema)
        return self._checks[step]

    async def _snapshot(self, entry: InboxEntry) -> wire.Snapshot:
        """The run as it is, once a worker is there to say."""
        deadline = time.monotonic() + PATIENCE.total_seconds()
        while True:
            try:
                return await self.engine.snapshot(entry.flow, entry.run_id)
            except EngineUnavailable:
                if time.monotonic() + _AGAIN > deadline:
                    raise
            await asyncio.sleep(_AGAIN)

    async def _update(self, entry: InboxEntry, action: wire.TaskAction) -> None:
        flow, run_id = entry.flow, entry.run_id
        try:
            with engine_errors(flow, run_id):
                handle: WorkflowHandle[Any, wire.RunResult] = self.engine.handle(flow, run_id)
                await handle.execute_update(  # pyright: ignore[reportUnknownMemberType] - untyped by name
                    wire.TASK_UPDATE, action, rpc_timeout=PATIENCE
                )
        except WorkflowUpdateFailedError as error:
            cause = error.cause
            if isinstance(cause, ApplicationError):
                code = cause.type or "operation_refused"
                raise OperationRefused(cause.message, code=code) from error
            raise OperationRefused("the run ended meanwhile", code="task_closed") from error

    async def _close(self, entry: InboxEntry) -> InboxEntry:
        """Note that the run has nothing to ask any more, though it may not have been able to say so."""
        if entry.closed_at is not None:
            return entry
        now = time.time()
        await self.store.close_task(entry.id, now)
        return replace(entry, closed_at=now)


def _refused(entry: InboxEntry, message: str, code: str) -> RunError:
    return RunError(message, flow=entry.flow, run_id=entry.run_id, code=code, hint=_HINTS.get(code))


def _bounded(text: str) -> str:
    if len(text) > MAX_TEXT:
        raise RunError(
            f"the comment has {len(text):,} characters, the limit is {MAX_TEXT:,}",
            code="message_too_large",
            hint="attach it as a file",
        )
    return text
