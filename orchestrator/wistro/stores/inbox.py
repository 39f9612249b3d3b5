"""The inbox: the tasks that runs have for people, as a list that is quick to search.

A projection: the truth is in the runs, which tell it what to show. It holds nothing of any message, and
attachments only as they were encrypted by whoever keeps them here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Literal, Protocol

from wistro.errors import StoreError
from wistro.stores.state import Page

MAX_ATTACHMENTS = 20
"""The most files that one task takes."""
MAX_PAGE = 500
"""The most tasks that one listing may be asked for."""

Status = Literal["open", "closed", "all"]


def task_id(flow: str, run_id: str, delivery_id: str) -> str:
    """The id of a task: the same for all who know its delivery, and short enough to type."""
    return sha256(f"{flow}/{run_id}/{delivery_id}".encode()).hexdigest()[:16]


@dataclass(frozen=True, kw_only=True)
class InboxEntry:
    """A task, without what was asked and answered."""

    id: str
    flow: str
    run_id: str
    delivery_id: str
    step: str
    name: str
    """The step's name, for people."""
    assignees: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    opened_at: float
    """Seconds since the epoch."""
    due_at: float | None = None
    escalated: bool = False
    """Whether its deadline has passed."""
    votes: int = 0
    """How many people have answered so far."""
    revision: int
    """Grows with every change: an older one says nothing new."""
    closed_at: float | None = None


@dataclass(frozen=True, kw_only=True)
class Person:
    """Whose inbox is wanted: what is assigned to them, to a role of theirs, or to nobody."""

    by: str
    roles: frozenset[str] = frozenset()

    def sees(self, entry: InboxEntry) -> bool:
        """Whether the task is theirs."""
        if not entry.assignees and not entry.roles:
            return True
        return self.by in entry.assignees or any(role in self.roles for role in entry.roles)


@dataclass(frozen=True, kw_only=True)
class InboxFilter:
    """Which tasks are wanted; what is not given is not asked for."""

    status: Status = "open"
    person: Person | None = None
    """Only what this person sees."""
    assignee: str | None = None
    """Only what is assigned to them by name."""
    role: str | None = None
    """Only what is assigned to this role."""
    flow: str | None = None
    opened_before: float | None = None
    """Only those that were opened before this moment: the old ones."""
    due_before: float | None = None
    """Only those that are due before this moment: at present, the overdue ones."""
    text: str | None = None
    """Only those with this in their id, run, step or name; ASCII letters of either case."""

    @property
    def newest_first(self) -> bool:
        """Whether the newest are listed first; of open tasks, those that have waited longest are."""
        return self.status != "open"


ALL_OPEN = InboxFilter()
"""Every open task."""


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A file, encrypted."""

    id: str
    task: str
    key: str
    """The id of the key that it is encrypted with."""
    content: bytes


class InboxSink(Protocol):
    """Where runs show their tasks."""

    async def show(self, entry: InboxEntry, /) -> None:
        """Show a task as it is now; one with a revision that is not newer changes nothing.

        A closed one keeps what was shown of it before.

        Raises:
            StoreError: `store_unavailable`.
        """
        ...


class InboxStore(InboxSink, Protocol):
    """The inbox of a project, shared by its processes.

    Raises (any operation): `StoreError` with the code `store_unavailable`.
    """

    async def get(self, id: str, /) -> InboxEntry | None:
        """A task, or `None` when there is none."""
        ...

    async def list(
        self, wanted: InboxFilter = ALL_OPEN, *, after: str | None = None, limit: int = 50
    ) -> Page[InboxEntry]:
        """Wanted tasks, those first that have been open longest; the closed ones, the newest first.

        Raises:
            StoreError: `page_invalid`.
        """
        ...

    async def count_open(self) -> dict[str, int]:
        """For each flow, how many of its tasks are open; flows without any are left out."""
        ...

    async def close_task(self, id: str, at: float) -> None:
        """Note that a task is closed, though its run did not say so: it was ended by force."""
        ...

    async def attach(self, attachment: Attachment) -> None:
        """Keep a file.

        Raises:
            StoreError: `too_many_attachments`.
        """
        ...

    async def attachment(self, task: str, id: str) -> Attachment | None:
        """A file of a task."""
        ...

    async def detach(self, task: str, id: str) -> None:
        """Forget a file."""
        ...

    async def prune(self, older_than: timedelta) -> int:
        """Forget tasks that were closed longer ago than this, and their files; says how many."""
        ...

    async def close(self) -> None:
        """Let go of files; the inbox is not used again."""
        ...


def holders(entry: InboxEntry) -> tuple[str, ...]:
    """Under which words a task is found by those whose it is."""
    found = [*map(person_word, entry.assignees), *map(role_word, entry.roles)]
    return tuple(dict.fromkeys(found)) or (EVERYBODY,)


def words_of(person: Person) -> tuple[str, ...]:
    """The words under which a person finds tasks."""
    return (person_word(person.by), *map(role_word, sorted(person.roles)), EVERYBODY)


EVERYBODY = "*"


def person_word(name: str) -> str:
    """The word of what is assigned to a person."""
    return f"p:{name}"


def role_word(name: str) -> str:
    """The word of what is assigned to a role."""
    return f"r:{name}"


def cursor_of(entry: InboxEntry) -> str:
    """Where a listing goes on behind a task."""
    return f"{entry.opened_at!r}~{entry.id}"


def read_cursor(text: str) -> tuple[float, str]:
    """The place that a cursor names.

    Raises:
        StoreError: `page_invalid`.
    """
    at, tilde, id = text.partition("~")
    try:
        if tilde:
            return float(at), id
    except ValueError:
        pass
    raise StoreError(
        f"`{text[:60]}` is not the cursor of a page",
        code="page_invalid",
        retryable=False,
        hint="give the `next` of the page before, unchanged",
    )


def page_of(entries: Iterable[InboxEntry], limit: int) -> Page[InboxEntry]:
    """A page of at most `limit` of these, which are one more when there are more."""
    found = tuple(entries)
    more = len(found) > limit
    return Page(items=found[:limit], next=cursor_of(found[limit - 1]) if more else None)


def too_many_attachments(task: str) -> StoreError:
    """The error of one file too many."""
    return StoreError(
        f"The task `{task}` has {MAX_ATTACHMENTS} attachments, which is the most it takes",
        code="too_many_attachments",
        retryable=False,
        hint="put the files into an archive, or send a link to them as a comment",
    )
