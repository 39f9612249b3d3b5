"""State in an SQLite file: the default, for one machine and any number of processes."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Self

from wistro.stores import encoding
from wistro.stores.atomic import AtomicState, Change, Stored, page
from wistro.stores.sqlite_file import Migration, SqliteFile
from wistro.stores.state import Page, StateEntry

_MIGRATIONS: tuple[Migration, ...] = (
    (
        """
        CREATE TABLE state (
            group_name TEXT NOT NULL,
            key TEXT NOT NULL,
            value TEXT NOT NULL,
            version INTEGER NOT NULL,
            updated_at REAL NOT NULL,
            PRIMARY KEY (group_name, key)
        )
        """,
        # One counter for all entries: a version that a deleted entry had is never given again.
        "CREATE TABLE state_clock (version INTEGER NOT NULL)",
        "INSERT INTO state_clock VALUES (0)",
    ),
)

# DISTINCT would walk every entry; this jumps from one group to the next along the index.
_GROUP_NAMES = """
    WITH RECURSIVE names (name) AS (
        SELECT (SELECT min(group_name) FROM state WHERE group_name > :after)
        UNION ALL
        SELECT (SELECT min(group_name) FROM state WHERE group_name > name)
        FROM names WHERE name IS NOT NULL
    )
    SELECT name FROM names WHERE name IS NOT NULL LIMIT :limit
"""


class SqliteState(AtomicState):
    """A `StateStore` in a file; open it with `SqliteState.open`."""

    def __init__(
        self, file: SqliteFile, *, max_value_bytes: int = encoding.MAX_VALUE_BYTES
    ) -> None:
        super().__init__(max_value_bytes=max_value_bytes)
        self._file = file

    @classmethod
    async def open(cls, path: Path, *, max_value_bytes: int = encoding.MAX_VALUE_BYTES) -> Self:
        """Open or make the file.

        Raises:
            StoreError: `store_unavailable` or `store_too_new`.
        """
        # FULL: Temporal remembers a step as done for ever, so what the step wrote must survive a power
        # cut too. NORMAL would be some ten times faster, and may lose the last writes then.
        file = await SqliteFile.open(
            path, component="state", migrations=_MIGRATIONS, synchronous="FULL"
        )
        return cls(file, max_value_bytes=max_value_bytes)

    async def _read(self, group: str, key: str) -> Stored | None:
        return await self._file.read(lambda db: _select(db, group, key))

    async def _change(self, group: str, key: str, change: Change) -> Stored | None:
        def work(db: sqlite3.Connection) -> Stored | None:
            text = change(_select(db, group, key))
            if text is None:
                return None
            (version,) = db.execute(
                "UPDATE state_clock SET version = version + 1 RETURNING version"
            ).fetchone()
            stored = Stored(text, version, time.time())
            db.execute(
                "INSERT INTO state VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
                " value = excluded.value, version = excluded.version,"
                " updated_at = excluded.updated_at",
                (group, key, text, version, stored.updated_at),
            )
            return stored

        return await self._file.write(work)

    async def _remove(self, group: str, key: str) -> bool:
        statement = "DELETE FROM state WHERE group_name = ? AND key = ?"
        return await self._file.write(lambda db: db.execute(statement, (group, key)).rowcount > 0)

    async def _remove_group(self, group: str) -> int:
        statement = "DELETE FROM state WHERE group_name = ?"
        return await self._file.write(lambda db: db.execute(statement, (group,)).rowcount)

    async def _page(self, group: str, after: str, limit: int) -> Page[StateEntry]:
        def work(db: sqlite3.Connection) -> Page[StateEntry]:
            rows = db.execute(
                "SELECT key, value, version, updated_at FROM state"
                " WHERE group_name = ? AND key > ? ORDER BY key LIMIT ?",
                (group, after, limit + 1),
            )
            return page(group, ((row[0], Stored(*row[1:])) for row in rows), limit)

        return await self._file.read(work)

    async def _group_names(self, after: str, limit: int) -> list[str]:
        given = {"after": after, "limit": limit}
        return await self._file.read(
            lambda db: [name for (name,) in db.execute(_GROUP_NAMES, given)]
        )

    async def close(self) -> None:
        """See `StateStore.close`."""
        await self._file.close()


def _select(db: sqlite3.Connection, group: str, key: str) -> Stored | None:
    row = db.execute(
        "SELECT value, version, updated_at FROM state WHERE group_name = ? AND key = ?",
        (group, key),
    ).fetchone()
    return row and Stored(*row)
