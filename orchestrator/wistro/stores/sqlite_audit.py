"""The audit in an SQLite file, which may be the one that holds the state."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Self

from wistro.stores.audit import ALL, MAX_ENTRIES, AuditEntry, AuditFilter
from wistro.stores.sqlite_file import Migration, SqliteFile

_COLUMNS = ("at", "kind", "id", "action", "flow", "reason", "correlation_id", "remote")

_MIGRATIONS: tuple[Migration, ...] = (
    (
        """
        CREATE TABLE audit (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            at REAL NOT NULL,
            kind TEXT NOT NULL,
            id TEXT NOT NULL,
            action TEXT NOT NULL,
            flow TEXT,
            reason TEXT NOT NULL,
            correlation_id TEXT NOT NULL,
            remote TEXT
        )
        """,
        "CREATE INDEX audit_by_flow ON audit (flow, seq)",
        "CREATE INDEX audit_by_time ON audit (at)",
    ),
)

_NAMES = ", ".join(_COLUMNS)
_INSERT = f"INSERT INTO audit ({_NAMES}) VALUES ({', '.join('?' for _ in _COLUMNS)})"  # noqa: S608 names of ours
_SELECT = f"SELECT seq, {_NAMES} FROM audit"  # noqa: S608 names of ours
_BOUND = "DELETE FROM audit WHERE seq <= (SELECT max(seq) FROM audit) - ?"


class SqliteAudit:
    """An `Audit` in a file; open it with `SqliteAudit.open`."""

    def __init__(self, file: SqliteFile, *, keep: int) -> None:
        self._file = file
        self._keep = keep

    @classmethod
    async def open(cls, path: Path, *, keep: int = MAX_ENTRIES) -> Self:
        """Open or make the file; the newest `keep` entries stay in it.

        Raises:
            StoreError: `store_unavailable` or `store_too_new`.
        """
        file = await SqliteFile.open(
            path, component="audit", migrations=_MIGRATIONS, synchronous="NORMAL"
        )
        return cls(file, keep=keep)

    async def append(self, entries: Sequence[AuditEntry], /) -> None:
        """See `Audit.append`."""
        rows = [tuple(getattr(entry, column) for column in _COLUMNS) for entry in entries]

        def work(db: sqlite3.Connection) -> None:
            db.executemany(_INSERT, rows)
            db.execute(_BOUND, (self._keep,))

        await self._file.write(work)

    async def read(
        self, wanted: AuditFilter = ALL, *, before: int | None = None, limit: int = 100
    ) -> list[AuditEntry]:
        """See `Audit.read`."""
        conditions = {"seq < ?": before, "flow = ?": wanted.flow, "at >= ?": wanted.since}
        asked = {text: value for text, value in conditions.items() if value is not None}
        where = f"WHERE {' AND '.join(asked)}" if asked else ""
        statement = f"{_SELECT} {where} ORDER BY seq DESC LIMIT ?"
        rows = await self._file.read(
            lambda db: db.execute(statement, (*asked.values(), limit)).fetchall()
        )
        return [
            AuditEntry(seq=seq, **dict(zip(_COLUMNS, columns, strict=True)))
            for seq, *columns in rows
        ]

    async def prune(self, older_than: timedelta) -> int:
        """See `Audit.prune`."""
        oldest = time.time() - older_than.total_seconds()
        return await self._file.write(
            lambda db: db.execute("DELETE FROM audit WHERE at < ?", (oldest,)).rowcount
        )

    async def close(self) -> None:
        """See `Audit.close`."""
        await self._file.close()
