"""What tasks look like from outside: the shapes that the management API and the CLI show."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict


class _View(BaseModel):
    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


class TaskSummary(_View):
    """One line of an inbox."""

    id: str
    flow: str
    run_id: str
    delivery_id: str
    step: str
    name: str
    """The step's name, for people."""
    status: Literal["open", "closed"]
    assignees: list[str]
    """Those who may answer, by name; without them and `roles`, everybody."""
    roles: list[str]
    """The roles of those who may answer."""
    opened_at: datetime
    due_at: datetime | None = None
    overdue: bool = False
    votes: int = 0
    """How many people have answered so far."""
    closed_at: datetime | None = None


class TaskPage(_View):
    """Tasks, those first that have waited longest; of closed ones, the newest first."""

    tasks: list[TaskSummary]
    next_cursor: str | None = None


class ApprovalView(_View):
    """How several people decide a task."""

    needed: int
    """How many approvals it takes."""
    of: int | None = None
    """How many people may answer, where that is said."""
    veto: bool = False
    """Whether a single refusal decides it."""


class VoteView(_View):
    """What a person answered."""

    by: str
    at: datetime
    answer: object


class AttachmentView(_View):
    """A file that somebody attached."""

    id: str
    name: str
    media_type: str
    size: int
    """Bytes."""


class RemarkView(_View):
    """What a person said or attached without answering."""

    by: str
    at: datetime
    text: str = ""
    attachment: AttachmentView | None = None


class TaskDetail(TaskSummary):
    """A task in full, as its run knows it."""

    description: str | None = None
    """What the step is for."""
    request: object = None
    """The message that opened it."""
    input: dict[str, object] | None = None
    """The JSON Schema of an answer; nothing when the project has no such step any more."""
    approval: ApprovalView | None = None
    answers: list[VoteView] = []
    """So far, or, of a closed one, all of them."""
    remarks: list[RemarkView] = []
    """Comments and attachments, in order; the run forgets them when the task is closed."""
    outcome: str | None = None
    """Of a closed one: `answered`, `approved` or `refused`; nothing when nobody decided it."""
    emitted: list[str] = []
    """The topics of what was emitted when it was closed."""
