"""Streams in an SQLite file, which may be the one that holds the state."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Any, Self

from wistro.stores.atomic_stream import AtomicStreams, Change, Keep, Scan, StoredItem, page
from wistro.stores.encoding import MAX_VALUE_BYTES
from wistro.stores.sqlite_file import Migration, SqliteFile
from wistro.stores.state import Page
from wistro.stores.stream import Place, StreamChange, StreamItem

_MIGRATIONS: tuple[Migration, ...] = (
    (
        """
        CREATE TABLE stream_items (
            stream TEXT NOT NULL,
            group_name TEXT NOT NULL,
            id TEXT NOT NULL,
            text TEXT NOT NULL,
            version INTEGER NOT NULL,
            created INTEGER NOT NULL,
            updated_at REAL NOT NULL,
            PRIMARY KEY (stream, group_name, id)
        )
        """,
        "CREATE UNIQUE INDEX stream_items_by_age ON stream_items (stream, group_name, created)",
        # AUTOINCREMENT: a number is not used again after trimming, or clients would miss changes.
        """
        CREATE TABLE stream_changes (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            at REAL NOT NULL,
            stream TEXT NOT NULL,
            group_name TEXT NOT NULL,
            id TEXT,
            kind TEXT NOT NULL,
            text TEXT NOT NULL
        )
        """,
        "CREATE INDEX stream_changes_by_group ON stream_changes (stream, group_name, seq)",
    ),
)

_ITEM = "text, version, created, updated_at"
_PLACE = "stream = ? AND group_name = ? AND id = ?"
_LAST = "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'stream_changes'), 0)"
# DISTINCT would walk every item; this jumps from one group to the next along the index.
_GROUP_NAMES = """
    WITH RECURSIVE names (name) AS (
        SELECT (SELECT min(group_name) FROM stream_items WHERE stream = :stream AND group_name > :after)
        UNION ALL
        SELECT (SELECT min(group_name) FROM stream_items WHERE stream = :stream AND group_name > name)
        FROM names WHERE name IS NOT NULL
    )
    SELECT name FROM names WHERE name IS NOT NULL LIMIT :limit
"""


class SqliteStreams(AtomicStreams):
    """A `StreamStore` in a file; open it with `SqliteStreams.open`."""

    def __init__(
        self, file: SqliteFile, *, max_item_bytes: int = MAX_VALUE_BYTES, keep: Keep | None = None
    ) -> None:
        super().__init__(max_item_bytes=max_item_bytes, keep=keep)
        self._file = file

    @classmethod
    async def open(
        cls, path: Path, *, max_item_bytes: int = MAX_VALUE_BYTES, keep: Keep | None = None
    ) -> Self:
        """Open or make the file.

        Raises:
            StoreError: `store_unavailable` or `store_too_new`.
        """
        # FULL, as for state: Temporal remembers a step as done for ever, and so must its items be.
        file = await SqliteFile.open(
            path, component="streams", migrations=_MIGRATIONS, synchronous="FULL"
        )
        streams = cls(file, max_item_bytes=max_item_bytes, keep=keep)
        await streams._trim()
        return streams

    async def _read(self, place: Place) -> StoredItem | None:
        return await self._file.read(lambda db: _select(db, place))

    async def _change(self, place: Place, change: Change) -> StreamChange | None:
        def work(db: sqlite3.Connection) -> StreamChange | None:
            old = _select(db, place)
            wanted = change(old)
            return None if wanted is None else _note(db, place, old, *wanted)

        return await self._file.write(work)

    async def _page(self, stream: str, group: str, after: int, limit: int) -> Page[StreamItem]:
        def work(db: sqlite3.Connection) -> Page[StreamItem]:
            rows = db.execute(
                f"SELECT id, {_ITEM} FROM stream_items WHERE stream = ? AND group_name = ?"  # noqa: S608 names of ours
                " AND created > ? ORDER BY created LIMIT ?",
                (stream, group, after, limit + 1),
            )
            return page(stream, group, ((row[0], StoredItem(*row[1:])) for row in rows), limit)

        return await self._file.read(work)

    async def _group_names(self, stream: str, after: str, limit: int) -> list[str]:
        given = {"stream": stream, "after": after, "limit": limit}
        return await self._file.read(
            lambda db: [name for (name,) in db.execute(_GROUP_NAMES, given)]
        )

    async def _scan(self, place: Place | None, seq: int, limit: int) -> Scan:
        where, given = ["seq > ?"], [seq]
        if place is not None:
            wanted = [part for part in place if part is not None]
            where += ["stream = ?", "group_name = ?", "id = ?"][: len(wanted)]
            given += wanted
        statement = (
            "SELECT seq, at, stream, group_name, id, kind, text FROM stream_changes"  # noqa: S608 names of ours
            f" WHERE {' AND '.join(where)} ORDER BY seq LIMIT ?"
        )

        def work(db: sqlite3.Connection) -> Scan:
            changes = [_row(row) for row in db.execute(statement, (*given, limit))]
            last = _last(db)
            (first,) = db.execute("SELECT min(seq) FROM stream_changes").fetchone()
            return Scan(changes, last if first is None else first - 1, last)

        return await self._file.read(work)

    async def _trim(self) -> None:
        keep = self.keep

        def work(db: sqlite3.Connection) -> None:
            oldest = time.time() - keep.age.total_seconds()
            count, size = 0, 0
            for seq, at, length in db.execute(
                "SELECT seq, at, length(text) FROM stream_changes ORDER BY seq DESC"
            ):
                count, size = count + 1, size + length
                if count > keep.changes or size > keep.size or at < oldest:
                    db.execute("DELETE FROM stream_changes WHERE seq <= ?", (seq,))
                    break

        await self._file.write(work)

    async def last_seq(self) -> int:
        """See `StreamStore.last_seq`."""
        return await self._file.read(_last)

    async def close(self) -> None:
        """See `StreamItems.close`."""
        await super().close()
        await self._file.close()


def _select(db: sqlite3.Connection, place: Place) -> StoredItem | None:
    row = db.execute(
        f"SELECT {_ITEM} FROM stream_items WHERE {_PLACE}",  # noqa: S608 names of ours
        place,
    ).fetchone()
    return row and StoredItem(*row)


def _note(
    db: sqlite3.Connection, place: Place, old: StoredItem | None, kind: Any, text: str
) -> StreamChange:
    at = time.time()
    (seq,) = db.execute(
        "INSERT INTO stream_changes (at, stream, group_name, id, kind, text)"
        " VALUES (?, ?, ?, ?, ?, ?) RETURNING seq",
        (at, *place, kind, text),
    ).fetchone()
    if kind in {"create", "update"}:
        created = old.created if old else seq
        db.execute(
            "INSERT OR REPLACE INTO stream_items VALUES (?, ?, ?, ?, ?, ?, ?)",
            (*place, text, seq, created, at),
        )
    elif kind == "delete":
        db.execute(f"DELETE FROM stream_items WHERE {_PLACE}", place)  # noqa: S608 names of ours
    return StreamChange(seq=seq, at=at, place=place, kind=kind, text=text)


def _row(row: tuple[Any, ...]) -> StreamChange:
    seq, at, stream, group, id, kind, text = row
    return StreamChange(seq=seq, at=at, place=Place(stream, group, id), kind=kind, text=text)


def _last(db: sqlite3.Connection) -> int:
    (last,) = db.execute(_LAST).fetchone()
    return last
