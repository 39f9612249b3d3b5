"""The inbox in an SQLite file, which may be the one that holds the state."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

from wistro.stores.inbox import (
    ALL_OPEN,
    MAX_ATTACHMENTS,
    Attachment,
    InboxEntry,
    InboxFilter,
    holders,
    page_of,
    person_word,
    read_cursor,
    role_word,
    too_many_attachments,
    words_of,
)
from wistro.stores.looking import CONTAINS, pattern
from wistro.stores.sqlite_file import Migration, SqliteFile
from wistro.stores.state import Page

_COLUMNS = (
    "id", "flow", "run_id", "delivery_id", "step", "name", "assignees", "roles",
    "opened_at", "due_at", "escalated", "votes", "revision", "closed_at",
)  # fmt: skip

_MIGRATIONS: tuple[Migration, ...] = (
    (
        """
        CREATE TABLE inbox_tasks (
            id TEXT PRIMARY KEY,
            flow TEXT NOT NULL,
            run_id TEXT NOT NULL,
            delivery_id TEXT NOT NULL,
            step TEXT NOT NULL,
            name TEXT NOT NULL,
            assignees TEXT NOT NULL,
            roles TEXT NOT NULL,
            opened_at REAL NOT NULL,
            due_at REAL,
            escalated INTEGER NOT NULL,
            votes INTEGER NOT NULL,
            revision INTEGER NOT NULL,
            closed_at REAL,
            open INTEGER NOT NULL GENERATED ALWAYS AS (closed_at IS NULL) STORED
        )
        """,
        "CREATE INDEX inbox_tasks_by_age ON inbox_tasks (open, opened_at, id)",
        "CREATE INDEX inbox_tasks_by_flow ON inbox_tasks (flow, open, opened_at, id)",
        "CREATE INDEX inbox_tasks_closed ON inbox_tasks (closed_at) WHERE closed_at IS NOT NULL",
        # Whose a task is, in the order of the list: a page of one inbox among many is a few steps
        # along this index, however many tasks there are.
        """
        CREATE TABLE inbox_holders (
            holder TEXT NOT NULL,
            open INTEGER NOT NULL,
            opened_at REAL NOT NULL,
            task TEXT NOT NULL REFERENCES inbox_tasks (id),
            PRIMARY KEY (holder, open, opened_at, task)
        ) WITHOUT ROWID
        """,
        "CREATE INDEX inbox_holders_of_task ON inbox_holders (task)",
        """
        CREATE TABLE inbox_attachments (
            task TEXT NOT NULL,
            id TEXT NOT NULL,
            key TEXT NOT NULL,
            content BLOB NOT NULL,
            PRIMARY KEY (task, id)
        )
        """,
    ),
)

_NAMES = ", ".join(_COLUMNS)
_UPSERT = (
    f"INSERT INTO inbox_tasks ({_NAMES}) VALUES ({', '.join('?' for _ in _COLUMNS)})"  # noqa: S608 names of ours
    " ON CONFLICT (id) DO UPDATE SET assignees = excluded.assignees, roles = excluded.roles,"
    " opened_at = excluded.opened_at, due_at = excluded.due_at, escalated = excluded.escalated,"
    " votes = excluded.votes, revision = excluded.revision, closed_at = NULL"
    " WHERE revision < excluded.revision"
)
_CLOSE = "UPDATE inbox_tasks SET closed_at = ?, revision = max(revision, ?) WHERE id = ?"
_SELECT = f"SELECT {', '.join(f't.{name}' for name in _COLUMNS)} FROM inbox_tasks t"  # noqa: S608 names of ours


class SqliteInbox:
    """An `InboxStore` in a file; open it with `SqliteInbox.open`."""

    def __init__(self, file: SqliteFile) -> None:
        self._file = file

    @classmethod
    async def open(cls, path: Path) -> Self:
        """Open or make the file.

        Raises:
            StoreError: `store_unavailable` or `store_too_new`.
        """
        # FULL: a run says only once that it has a task, and nobody would ever hear of it again.
        return cls(
            await SqliteFile.open(
                path, component="inbox", migrations=_MIGRATIONS, synchronous="FULL"
            )
        )

    async def show(self, entry: InboxEntry, /) -> None:
        """See `InboxSink.show`."""

        def work(db: sqlite3.Connection) -> None:
            known = _get(db, entry.id)
            if known is not None and known.revision >= entry.revision:
                return
            if known is not None and entry.closed_at is not None:
                db.execute(_CLOSE, (entry.closed_at, entry.revision, entry.id))
            else:
                db.execute(_UPSERT, _row(entry))
            _hold(db, entry.id)

        await self._file.write(work)

    async def get(self, id: str, /) -> InboxEntry | None:
        """See `InboxStore.get`."""
        return await self._file.read(lambda db: _get(db, id))

    async def list(
        self, wanted: InboxFilter = ALL_OPEN, *, after: str | None = None, limit: int = 50
    ) -> Page[InboxEntry]:
        """See `InboxStore.list`."""
        statement, given = _listing(wanted, after, limit + 1)
        rows = await self._file.read(lambda db: db.execute(statement, given).fetchall())
        return page_of(map(_entry, rows), limit)

    async def count_open(self) -> dict[str, int]:
        """See `InboxStore.count_open`."""
        statement = "SELECT flow, count(*) FROM inbox_tasks WHERE open GROUP BY flow"
        return dict(await self._file.read(lambda db: db.execute(statement).fetchall()))

    async def close_task(self, id: str, at: float) -> None:
        """See `InboxStore.close_task`."""

        def work(db: sqlite3.Connection) -> None:
            known = _get(db, id)
            if known is not None and known.closed_at is None:
                db.execute(_CLOSE, (at, known.revision, id))
                _hold(db, id)

        await self._file.write(work)

    async def attach(self, attachment: Attachment) -> None:
        """See `InboxStore.attach`."""

        def work(db: sqlite3.Connection) -> None:
            counted = "SELECT count(*) FROM inbox_attachments WHERE task = ?"
            (count,) = db.execute(counted, (attachment.task,)).fetchone()
            if count >= MAX_ATTACHMENTS:
                raise too_many_attachments(attachment.task)
            db.execute(
                "INSERT INTO inbox_attachments (task, id, key, content) VALUES (?, ?, ?, ?)",
                (attachment.task, attachment.id, attachment.key, attachment.content),
            )

        await self._file.write(work)

    async def attachment(self, task: str, id: str) -> Attachment | None:
        """See `InboxStore.attachment`."""
        statement = "SELECT key, content FROM inbox_attachments WHERE task = ? AND id = ?"
        row = await self._file.read(lambda db: db.execute(statement, (task, id)).fetchone())
        return None if row is None else Attachment(task=task, id=id, key=row[0], content=row[1])

    async def detach(self, task: str, id: str) -> None:
        """See `InboxStore.detach`."""
        statement = "DELETE FROM inbox_attachments WHERE task = ? AND id = ?"
        await self._file.write(lambda db: db.execute(statement, (task, id)))

    async def prune(self, older_than: timedelta) -> int:
        """See `InboxStore.prune`."""
        oldest = time.time() - older_than.total_seconds()
        gone = "(SELECT id FROM inbox_tasks WHERE closed_at < ?)"

        def work(db: sqlite3.Connection) -> int:
            for table in ("inbox_holders", "inbox_attachments"):
                db.execute(f"DELETE FROM {table} WHERE task IN {gone}", (oldest,))  # noqa: S608 names of ours
            return db.execute("DELETE FROM inbox_tasks WHERE closed_at < ?", (oldest,)).rowcount

        return await self._file.write(work)

    async def close(self) -> None:
        """See `InboxStore.close`."""
        await self._file.close()


def _listing(wanted: InboxFilter, after: str | None, limit: int) -> tuple[str, list[object]]:
    """The statement of a page, made of names of ours and placeholders only, and what fills them."""
    where, given = _conditions(wanted)
    order = "DESC" if wanted.newest_first else "ASC"
    place = [] if after is None else list[object](read_cursor(after))
    beyond = "<" if wanted.newest_first else ">"
    words = _words(wanted)
    if not words:
        if place:
            where.append(f"(t.opened_at, t.id) {beyond} (?, ?)")
        statement = f"{_SELECT}{_where(where)} ORDER BY t.opened_at {order}, t.id {order} LIMIT ?"
        return statement, [*given, *place, limit]
    # The rows of each word come in order, so that each of them has at most a page to give.
    states = {"open": (1,), "closed": (0,), "all": (0, 1)}[wanted.status]
    own = ["h.holder = ?", "h.open = ?", *where]
    if place:
        own.append(f"(h.opened_at, h.task) {beyond} (?, ?)")
    one = (
        "SELECT id FROM (SELECT h.task AS id FROM inbox_holders h JOIN inbox_tasks t ON t.id = h.task"  # noqa: S608 names of ours
        f"{_where(own)} ORDER BY h.opened_at {order}, h.task {order} LIMIT ?)"
    )
    parts = [(word, state) for word in words for state in states]
    statement = (
        f"{_SELECT} WHERE t.id IN ({' UNION '.join(one for _ in parts)})"
        f" ORDER BY t.opened_at {order}, t.id {order} LIMIT ?"
    )
    filled = [value for part in parts for value in (*part, *given, *place, limit)]
    return statement, [*filled, limit]


def _words(wanted: InboxFilter) -> Sequence[str]:
    """The words of `inbox_holders` to look under: those of the narrowest of the filters."""
    if wanted.assignee is not None:
        return (person_word(wanted.assignee),)
    if wanted.role is not None:
        return (role_word(wanted.role),)
    return () if wanted.person is None else words_of(wanted.person)


def _conditions(wanted: InboxFilter) -> tuple[list[str], list[object]]:
    conditions: list[tuple[str, Sequence[object]]] = []
    if wanted.status != "all":
        conditions.append(("t.open = ?", [int(wanted.status == "open")]))
    held = "EXISTS (SELECT 1 FROM inbox_holders o WHERE o.task = t.id AND o.holder IN ({}))"
    if wanted.assignee is not None and wanted.role is not None:
        conditions.append((held.format("?"), [role_word(wanted.role)]))
    if wanted.person is not None and (wanted.assignee is not None or wanted.role is not None):
        words = words_of(wanted.person)
        conditions.append((held.format(", ".join("?" for _ in words)), words))
    if wanted.flow is not None:
        conditions.append(("t.flow = ?", [wanted.flow]))
    if wanted.opened_before is not None:
        conditions.append(("t.opened_at < ?", [wanted.opened_before]))
    if wanted.due_before is not None:
        conditions.append(("t.due_at < ?", [wanted.due_before]))
    if wanted.text:
        columns = ("t.id", "t.run_id", "t.step", "t.name")
        likes = " OR ".join(f"{column} {CONTAINS}" for column in columns)
        conditions.append((f"({likes})", [pattern(wanted.text)] * len(columns)))
    return [text for text, _ in conditions], [value for _, values in conditions for value in values]


def _where(conditions: Sequence[str]) -> str:
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""


def _get(db: sqlite3.Connection, id: str) -> InboxEntry | None:
    row = db.execute(f"{_SELECT} WHERE t.id = ?", (id,)).fetchone()
    return row and _entry(row)


def _hold(db: sqlite3.Connection, id: str) -> None:
    """Note anew whose a task is."""
    entry = _get(db, id)
    assert entry is not None
    db.execute("DELETE FROM inbox_holders WHERE task = ?", (id,))
    db.executemany(
        "INSERT INTO inbox_holders (holder, open, opened_at, task) VALUES (?, ?, ?, ?)",
        [(word, entry.closed_at is None, entry.opened_at, id) for word in holders(entry)],
    )


def _row(entry: InboxEntry) -> tuple[object, ...]:
    texts = {name: json.dumps(getattr(entry, name)) for name in ("assignees", "roles")}
    return tuple(texts.get(column, getattr(entry, column)) for column in _COLUMNS)


def _entry(row: tuple[Any, ...]) -> InboxEntry:
    fields = dict(zip(_COLUMNS, row, strict=True))
    fields |= {name: tuple(json.loads(fields[name])) for name in ("assignees", "roles")}
    fields["escalated"] = bool(fields["escalated"])
    return InboxEntry(**fields)
