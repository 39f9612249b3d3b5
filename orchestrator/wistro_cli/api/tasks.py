"""Tasks, as commands name them."""

from __future__ import annotations

from collections.abc import Mapping

from wistro.errors import RunError
from wistro.tasks import TaskDetail, TaskPage, TaskSummary
from wistro_cli.api.client import Api, quote

_LARGEST_PAGE = 500
_WHOLE_ID = 16


def list_tasks(api: Api, wanted: Mapping[str, str | int | None], limit: int) -> list[TaskSummary]:
    """At most `limit` tasks."""
    found: list[TaskSummary] = []
    cursor: str | None = None
    while len(found) < limit:
        query = {**wanted, "limit": min(limit - len(found), _LARGEST_PAGE), "cursor": cursor}
        page = TaskPage.model_validate(api.get("/tasks", query))
        found += page.tasks
        cursor = page.next_cursor
        if cursor is None:
            break
    return found


def find_task(api: Api, given: str) -> TaskDetail:
    """The task that `given` names: an id, or the beginning of one.

    Raises:
        RunError: there is none, or there are several.
    """
    if len(given) >= _WHOLE_ID:
        return TaskDetail.model_validate(api.get(path_of(given)))
    found = list_tasks(api, {"text": given, "status": "all"}, 50)
    found = [task for task in found if task.id.startswith(given)]
    if len(found) == 1:
        return TaskDetail.model_validate(api.get(path_of(found[0].id)))
    named = ", ".join(f"`{task.id}`" for task in found[:5])
    raise RunError(
        f"several tasks have ids that begin with `{given}`: {named}"
        if found
        else f"there is no task whose id begins with `{given}`",
        code="ambiguous_task" if found else "task_not_found",
        hint="give more of the id" if found else "see `wistro inbox list --status all`",
    )


def path_of(id: str, *more: str) -> str:
    """Where a task is below the API."""
    return "/".join(["/tasks", quote(id), *more])
