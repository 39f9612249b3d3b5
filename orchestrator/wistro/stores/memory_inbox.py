"""The inbox in memory, for tests and for processes that nobody looks at."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from datetime import timedelta

from wistro.stores.inbox import (
    ALL_OPEN,
    MAX_ATTACHMENTS,
    Attachment,
    InboxEntry,
    InboxFilter,
    page_of,
    read_cursor,
    too_many_attachments,
)
from wistro.stores.looking import contains
from wistro.stores.state import Page


class MemoryInbox:
    """An `InboxStore` that ends with its process."""

    def __init__(self) -> None:
        """Begin with no tasks."""
        self._entries: dict[str, InboxEntry] = {}
        self._files: dict[tuple[str, str], Attachment] = {}

    async def show(self, entry: InboxEntry, /) -> None:
        """See `InboxSink.show`."""
        known = self._entries.get(entry.id)
        if known is None:
            self._entries[entry.id] = entry
        elif known.revision < entry.revision:
            closed = replace(known, revision=entry.revision, closed_at=entry.closed_at)
            self._entries[entry.id] = entry if entry.closed_at is None else closed

    async def get(self, id: str, /) -> InboxEntry | None:
        """See `InboxStore.get`."""
        return self._entries.get(id)

    async def list(
        self, wanted: InboxFilter = ALL_OPEN, *, after: str | None = None, limit: int = 50
    ) -> Page[InboxEntry]:
        """See `InboxStore.list`."""
        place = None if after is None else read_cursor(after)
        found = sorted(
            (entry for entry in self._entries.values() if _is_wanted(entry, wanted)),
            key=_place,
            reverse=wanted.newest_first,
        )
        if place is not None and wanted.newest_first:
            found = [entry for entry in found if _place(entry) < place]
        elif place is not None:
            found = [entry for entry in found if _place(entry) > place]
        return page_of(found[: limit + 1], limit)

    async def count_open(self) -> dict[str, int]:
        """See `InboxStore.count_open`."""
        return Counter(entry.flow for entry in self._entries.values() if entry.closed_at is None)

    async def close_task(self, id: str, at: float) -> None:
        """See `InboxStore.close_task`."""
        known = self._entries.get(id)
        if known is not None and known.closed_at is None:
            self._entries[id] = replace(known, closed_at=at)

    async def attach(self, attachment: Attachment) -> None:
        """See `InboxStore.attach`."""
        count = sum(task == attachment.task for task, _ in self._files)
        if count >= MAX_ATTACHMENTS:
            raise too_many_attachments(attachment.task)
        self._files[attachment.task, attachment.id] = attachment

    async def attachment(self, task: str, id: str) -> Attachment | None:
        """See `InboxStore.attachment`."""
        return self._files.get((task, id))

    async def detach(self, task: str, id: str) -> None:
        """See `InboxStore.detach`."""
        self._files.pop((task, id), None)

    async def prune(self, older_than: timedelta) -> int:
        """See `InboxStore.prune`."""
        oldest = time.time() - older_than.total_seconds()
        gone = {
            id for id, each in self._entries.items() if each.closed_at and each.closed_at < oldest
        }
        self._entries = {id: each for id, each in self._entries.items() if id not in gone}
        self._files = {key: each for key, each in self._files.items() if key[0] not in gone}
        return len(gone)

    async def close(self) -> None:
        """See `InboxStore.close`."""


def _place(entry: InboxEntry) -> tuple[float, str]:
    return entry.opened_at, entry.id


def _is_wanted(entry: InboxEntry, wanted: InboxFilter) -> bool:
    if wanted.status != "all" and (entry.closed_at is None) != (wanted.status == "open"):
        return False
    return all(
        (
            wanted.person is None or wanted.person.sees(entry),
            wanted.assignee is None or wanted.assignee in entry.assignees,
            wanted.role is None or wanted.role in entry.roles,
            wanted.flow in (None, entry.flow),
            wanted.opened_before is None or entry.opened_at < wanted.opened_before,
            wanted.due_before is None
            or (entry.due_at is not None and entry.due_at < wanted.due_before),
            any(
                contains(each, wanted.text or "")
                for each in (entry.id, entry.run_id, entry.step, entry.name)
            ),
        )
    )
