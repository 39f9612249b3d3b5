"""The journal in an SQLite file, which may be the one that holds the state."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Self

from wistro.stores.journal import LOOKED_THROUGH, JournalEntry, JournalFilter, JournalPage
from wistro.stores.looking import CONTAINS, pattern
from wistro.stores.polled import PolledJournal
from wistro.stores.sqlite_file import Migration, SqliteFile

_COLUMNS = (
    "at", "project", "flow", "run_id", "delivery_id", "step", "attempt", "kind", "level", "message"
)  # fmt: skip

_MIGRATIONS: tuple[Migration, ...] = (
    (
        # AUTOINCREMENT: a number is not used again after `prune`, or tails would miss entries.
        """
        CREATE TABLE journal (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            at REAL NOT NULL,
            project TEXT NOT NULL,
            flow TEXT,
            run_id TEXT,
            delivery_id TEXT,
            step TEXT,
            attempt INTEGER,
            kind TEXT NOT NULL,
            level TEXT NOT NULL,
            message TEXT NOT NULL,
            fields TEXT NOT NULL
        )
        """,
        "CREATE INDEX journal_by_run ON journal (run_id)",
    ),
)

_NAMES = ", ".join(("fields", *_COLUMNS))
_INSERT = f"INSERT INTO journal ({_NAMES}) VALUES (?{', ?' * len(_COLUMNS)})"  # noqa: S608 names of ours
_SELECT = f"SELECT seq, {_NAMES} FROM journal"  # noqa: S608 names of ours
_PRUNED_AT_ONCE = 5000


class SqliteJournal(PolledJournal):
    """A `Journal` in a file; open it with `SqliteJournal.open`."""

    def __init__(self, file: SqliteFile) -> None:
        super().__init__()
        self._file = file

    @classmethod
    async def open(cls, path: Path) -> Self:
        """Open or make the file.

        Raises:
            StoreError: `store_unavailable` or `store_too_new`.
        """
        # NORMAL: a power cut may cost the last entries, which best-effort information can bear, and
        # an append costs no wait for the disk. The death of a process costs nothing in either mode.
        return cls(
            await SqliteFile.open(
                path, component="journal", migrations=_MIGRATIONS, synchronous="NORMAL"
            )
        )

    async def _store(self, entries: Sequence[JournalEntry]) -> None:
        rows = [
            (entry.fields_text(), *(getattr(entry, column) for column in _COLUMNS))
            for entry in entries
        ]
        await self._file.write(lambda db: db.executemany(_INSERT, rows))

    async def _scan(
        self, wanted: JournalFilter, after_seq: int, limit: int
    ) -> tuple[list[JournalEntry], int]:
        where, given = _where(wanted, after_seq)

        def work(db: sqlite3.Connection) -> tuple[list[JournalEntry], int]:
            found = _entries(db, f"{_SELECT} {where} ORDER BY seq LIMIT ?", [*given, limit])
            end = found[-1].seq if len(found) == limit else max(after_seq, _last_seq(db))
            return found, end

        return await self._file.read(work)

    async def _newest(
        self, wanted: JournalFilter, after_seq: int, limit: int
    ) -> list[JournalEntry]:
        where, given = _where(wanted, after_seq)
        statement = f"{_SELECT} {where} ORDER BY seq DESC LIMIT ?"
        found = await self._file.read(lambda db: _entries(db, statement, [*given, limit]))
        return found[::-1]

    async def _back(self, wanted: JournalFilter, before_seq: int, limit: int) -> JournalPage:
        # The entries of a run are found by its index, and are few; all others by looking through.
        floor = 0 if wanted.run_id else max(0, before_seq - LOOKED_THROUGH)
        where, given = _where(wanted, floor - 1)
        statement = f"{_SELECT} {where} AND seq < ? ORDER BY seq DESC LIMIT ?"

        def work(db: sqlite3.Connection) -> JournalPage:
            found = _entries(db, statement, [*given, before_seq, limit])
            if len(found) == limit:
                return JournalPage(entries=found, next=found[-1].seq)
            older = db.execute("SELECT 1 FROM journal WHERE seq < ? LIMIT 1", (floor,)).fetchone()
            return JournalPage(entries=found, next=floor if older else None)

        return await self._file.read(work)

    async def last_seq(self) -> int:
        """See `Journal.last_seq`."""
        return await self._file.read(_last_seq)

    async def prune(self, older_than: timedelta) -> int:
        """See `Journal.prune`. Works in steps, so that appends need not wait for all of it."""
        oldest = time.time() - older_than.total_seconds()
        first, last = await self._file.read(
            lambda db: db.execute("SELECT min(seq), max(seq) FROM journal").fetchone()
        )
        if first is None:
            return 0
        statement = "DELETE FROM journal WHERE seq >= ? AND seq < ? AND at < ?"
        removed = 0
        for start in range(first, last + 1, _PRUNED_AT_ONCE):
            given = (start, start + _PRUNED_AT_ONCE, oldest)
            removed += await self._file.write(
                lambda db, given=given: db.execute(statement, given).rowcount
            )
        return removed

    async def close(self) -> None:
        """See `Journal.close`."""
        self._end_tails()
        await self._file.close()


def _where(wanted: JournalFilter, after_seq: int) -> tuple[str, list[object]]:
    """The condition, made of names of ours and placeholders only, and what fills them."""
    parts, given = ["seq > ?"], list[object]([after_seq])
    for column in ("run_id", "flow", "step", "delivery_id"):
        value = getattr(wanted, column)
        if value is not None:
            parts.append(f"{column} = ?")
            given.append(value)
    for column, values in (("kind", wanted.kinds), ("level", wanted.levels)):
        if values:
            parts.append(f"{column} IN ({', '.join('?' for _ in values)})")
            given.extend(values)
    if wanted.text:
        parts.append(f"(message {CONTAINS} OR fields {CONTAINS})")
        given += [pattern(wanted.text)] * 2
    return f"WHERE {' AND '.join(parts)}", given


def _entries(db: sqlite3.Connection, statement: str, given: Sequence[object]) -> list[JournalEntry]:
    return [
        JournalEntry(
            seq=seq, fields=json.loads(fields), **dict(zip(_COLUMNS, columns, strict=True))
        )
        for seq, fields, *columns in db.execute(statement, given)
    ]


def _last_seq(db: sqlite3.Connection) -> int:
    row = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'journal'").fetchone()
    return row[0] if row else 0
