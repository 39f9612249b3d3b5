"""Tasks as people read them: a line in a list, and one in full."""

from __future__ import annotations

import json
from collections.abc import Sequence

from rich.text import Text

from wistro.tasks import RemarkView, TaskDetail, TaskSummary
from wistro_cli.output import moment, show, show_table


def show_tasks(tasks: Sequence[TaskSummary]) -> None:
    """A table of tasks."""
    show_table(
        ["task", "what", "flow", "for", "opened", "due", "answers"],
        [
            [
                task.id,
                task.name,
                task.flow,
                _for(task),
                moment(task.opened_at),
                Text(moment(task.due_at), style="bold red" if task.overdue else ""),
                str(task.votes or ""),
            ]
            for task in tasks
        ],
    )


def show_task(task: TaskDetail) -> None:
    """A task in full: what is asked, how to answer, and what was said."""
    show(Text.assemble((task.name, "bold"), "  ", (task.status, "cyan"), f"  {task.id}"))
    approval = task.approval
    facts = {
        "about": task.description,
        "run": f"{task.flow}/{task.run_id}",
        "for": _for(task),
        "opened": moment(task.opened_at),
        "due": moment(task.due_at) + (" (overdue)" if task.overdue else ""),
        "needs": approval and f"{approval.needed} approvals" + (", or a veto" * approval.veto),
        "closed": moment(task.closed_at),
        "outcome": task.outcome,
    }
    for name, fact in facts.items():
        if fact:
            show(Text.assemble((f"  {name:<9}", "dim"), fact))
    _document("request", task.request)
    if task.status == "open":
        _document("answer with", task.input)
    for vote in task.answers:
        answer = json.dumps(vote.answer, ensure_ascii=False)
        show(Text.assemble(("  answered ", "dim"), f"{moment(vote.at)}  {vote.by}: {answer}"))
    for remark in task.remarks:
        show(Text.assemble(("  remark   ", "dim"), _said(remark)))


def _said(remark: RemarkView) -> str:
    file = remark.attachment
    text = f"attached {file.name} ({file.size:,} bytes, {file.id})" if file else remark.text
    return f"{moment(remark.at)}  {remark.by}: {text}"


def _for(task: TaskSummary) -> str:
    return ", ".join([*task.assignees, *(f"{role} (role)" for role in task.roles)]) or "everybody"


def _document(name: str, value: object) -> None:
    if value is None:
        return
    show(Text(f"  {name}", style="dim"))
    for line in json.dumps(value, indent=2, ensure_ascii=False).splitlines():
        show(f"    {line}")
