"""The audit in an SQLite file, which may be the one that holds the state."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Self

from wistro.stores.audit import ALL, MAX_ENTRIES, AuditEntry, AuditFilter, Sort
from wistro.stores.sqlite_file import Migration, SqliteFile

_COLUMNS = (
    "at",
    "kind",
    "id",
    "action",
    "flow",
    "reason",
    "correlation_id",
    "remote",
    "outcome",
    "run_id",
    "delivery_id",
    "subject",
)

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
    # What was noted before were refusals.
    (
        "ALTER TABLE audit ADD COLUMN outcome TEXT NOT NULL DEFAULT 'refused'",
        "ALTER TABLE audit ADD COLUMN run_id TEXT",
        "ALTER TABLE audit ADD COLUMN delivery_id TEXT",
        "ALTER TABLE audit ADD COLUMN subject TEXT",
        "CREATE INDEX audit_refused ON audit (seq) WHERE outcome = 'refused'",
        "CREATE INDEX audit_done ON audit (seq) WHERE outcome != 'refused'",
        "CREATE INDEX audit_by_run ON audit (run_id, seq) WHERE run_id IS NOT NULL",
    ),
)

_NAMES = ", ".join(_COLUMNS)
_INSERT = f"INSERT INTO audit ({_NAMES}) VALUES ({', '.join('?' for _ in _COLUMNS)})"  # noqa: S608 names of ours
_SELECT = f"SELECT seq, {_NAMES} FROM audit"  # noqa: S608 names of ours
_OF_SORT: Mapping[Sort, str] = {"refused": "outcome = 'refused'", "done": "outcome != 'refused'"}
_BOUND = (
    "DELETE FROM audit WHERE {0} AND seq <= "
    "(SELECT seq FROM audit WHERE {0} ORDER BY seq DESC LIMIT 1 OFFSET ?)"
)


class SqliteAudit:
    """An `Audit` in a file; open it with `SqliteAudit.open`."""

    def __init__(self, file: SqliteFile, *, keep: int) -> None:
        self._file = file
        self._keep = keep

    @classmethod
    async def open(cls, path: Path, *, keep: int = MAX_ENTRIES) -> Self:
        """Open or make the file; the newest `keep` entries of each sort stay in it.

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
        sorts: set[Sort] = {entry.sort for entry in entries}

        def work(db: sqlite3.Connection) -> None:
            db.executemany(_INSERT, rows)
            for sort in sorts:
                db.execute(_BOUND.format(_OF_SORT[sort]), (self._keep,))

        await self._file.write(work)

    async def read(
        self, wanted: AuditFilter = ALL, *, before: int | None = None, limit: int = 100
    ) -> list[AuditEntry]:
        """See `Audit.read`."""
        many = wanted.action is not None and wanted.action.endswith(".")
        conditions = {
            "seq < ?": before,
            "flow = ?": wanted.flow,
            "run_id = ?": wanted.run_id,
            "id = ?": wanted.id,
            "instr(action, ?) = 1" if many else "action = ?": wanted.action,
            "at >= ?": wanted.since,
        }
        asked = {text: value for text, value in conditions.items() if value is not None}
        texts = [*asked, *([_OF_SORT[wanted.sort]] if wanted.sort else [])]
        where = f"WHERE {' AND '.join(texts)}" if texts else ""
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
