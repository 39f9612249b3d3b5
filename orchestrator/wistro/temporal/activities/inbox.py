"""Shows people the tasks of runs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from temporalio import activity

from wistro.stores.inbox import InboxEntry, InboxSink, task_id
from wistro.temporal import wire

if TYPE_CHECKING:
    from wistro.temporal.host.engine import Engine
    from wistro.temporal.host.task_links import LinkMaker


class TaskActivities:
    """The built-in activity behind steps that people answer."""

    def __init__(self, engine: Engine, inbox: InboxSink | None, links: LinkMaker | None) -> None:
        self._engine = engine
        self._inbox = inbox
        self._links = links

    @activity.defn(name=wire.SHOW_TASK_ACTIVITY)
    async def show_task(self, shown: wire.TaskShown) -> wire.TaskLinks:
        """Shows the task as it is now. One that was just opened gets a link for each assignee."""
        if self._inbox is not None:
            await self._inbox.show(self._entry(shown))
        task, links = shown.task, self._links
        if task is None or links is None or not shown.opened:
            return wire.TaskLinks()
        place = shown.flow, shown.run_id, shown.delivery_id
        made = [
            {"to": name, "url": links.make(*place, to=name, due_at=task.due_at)}
            for name in task.assignees
        ]
        return wire.TaskLinks(links=made)

    def _entry(self, shown: wire.TaskShown) -> InboxEntry:
        step = self._engine.lock.steps.get(shown.step)
        task, now = shown.task, time.time()
        return InboxEntry(
            id=task_id(shown.flow, shown.run_id, shown.delivery_id),
            flow=shown.flow,
            run_id=shown.run_id,
            delivery_id=shown.delivery_id,
            step=shown.step,
            name=shown.step if step is None else step.name,
            assignees=tuple(task.assignees) if task else (),
            roles=tuple(task.roles) if task else (),
            opened_at=task.opened_at if task else now,
            due_at=task and task.due_at,
            escalated=task is not None and task.escalated,
            votes=len(task.votes) if task else 0,
            revision=shown.revision,
            closed_at=None if task else now,
        )
