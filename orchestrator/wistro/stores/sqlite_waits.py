"""Waits and kept messages in an SQLite file, which may be the one that holds the state."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from pathlib import Path as FilePath
from typing import Any, Self

from wistro.stores.sqlite_file import Migration, SqliteFile
from wistro.stores.waits import KeptMessage, OpenWait, Path, Sealed, WaitId

_MIGRATIONS: tuple[Migration, ...] = (
    (
        # AUTOINCREMENT: places are compared, so none is used again.
        """
        CREATE TABLE waits (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            flow TEXT NOT NULL,
            run_id TEXT NOT NULL,
            delivery_id TEXT NOT NULL,
            opening INTEGER NOT NULL,
            topic TEXT NOT NULL,
            path TEXT,
            digest TEXT,
            key TEXT NOT NULL,
            content BLOB NOT NULL,
            since INTEGER NOT NULL,
            UNIQUE (flow, run_id, delivery_id, opening)
        )
        """,
        "CREATE INDEX waits_by_digest ON waits (topic, digest, seq)",
        """
        CREATE TABLE wait_paths (
            topic TEXT NOT NULL,
            flow TEXT NOT NULL,
            path TEXT NOT NULL,
            since INTEGER NOT NULL,
            PRIMARY KEY (topic, flow, path)
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE kept_messages (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            topic TEXT NOT NULL,
            key TEXT,
            content BLOB,
            keep_until REAL NOT NULL,
            forget_at REAL NOT NULL,
            until INTEGER NOT NULL
        )
        """,
        "CREATE INDEX kept_messages_by_topic ON kept_messages (topic, seq) WHERE content IS NOT NULL",
        "CREATE INDEX kept_messages_by_time ON kept_messages (keep_until) WHERE content IS NOT NULL",
        "CREATE INDEX kept_messages_by_end ON kept_messages (forget_at)",
        """
        CREATE TABLE kept_digests (
            digest TEXT NOT NULL,
            message INTEGER NOT NULL REFERENCES kept_messages (seq),
            PRIMARY KEY (digest, message)
        ) WITHOUT ROWID
        """,
        "CREATE INDEX kept_digests_by_message ON kept_digests (message)",
        """
        CREATE TABLE reached_waits (
            message INTEGER NOT NULL,
            flow TEXT NOT NULL,
            run_id TEXT NOT NULL,
            delivery_id TEXT NOT NULL,
            opening INTEGER NOT NULL,
            PRIMARY KEY (message, flow, run_id, delivery_id, opening)
        ) WITHOUT ROWID
        """,
        "CREATE INDEX reached_by_wait ON reached_waits (run_id, delivery_id)",
    ),
)

_WAIT = "SELECT flow, run_id, delivery_id, opening, topic, path, digest, key, content, seq, since FROM waits"
_MESSAGE = "SELECT id, topic, key, content, keep_until, forget_at, seq, until FROM kept_messages"
_THIS = "flow = ? AND run_id = ? AND delivery_id = ? AND opening = ?"
_LATEST = "SELECT coalesce(max(seq), 0) FROM"
_PRUNED_AT_ONCE = 1000


class SqliteWaits:
    """A `WaitStore` in a file; open it with `SqliteWaits.open`."""

    def __init__(self, file: SqliteFile) -> None:
        self._file = file

    @classmethod
    async def open(cls, path: FilePath) -> Self:
        """Open or make the file.

        Raises:
            StoreError: `store_unavailable` or `store_too_new`.
        """
        # FULL: who was told that a message is kept relies on it.
        file = await SqliteFile.open(
            path, component="waits", migrations=_MIGRATIONS, synchronous="FULL"
        )
        return cls(file)

    async def enter(self, wait: OpenWait, /) -> OpenWait:
        """See `WaitStore.enter`."""

        def work(db: sqlite3.Connection) -> OpenWait:
            since = _number(db, f"{_LATEST} kept_messages")
            if wait.path is not None:
                _know(db, wait.topic, [Path(wait.id.flow, wait.path)], since)
            columns = (wait.topic, wait.path, wait.digest, *wait.content, since)
            db.execute(
                "INSERT INTO waits (flow, run_id, delivery_id, opening, topic, path, digest, key,"
                " content, since) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (*wait.id, *columns),
            )
            return _wait(db.execute(f"{_WAIT} WHERE {_THIS}", wait.id).fetchone())

        return await self._file.write(work)

    async def leave(self, id: WaitId, /) -> None:
        """See `WaitStore.leave`."""
        statement = f"DELETE FROM waits WHERE {_THIS}"  # noqa: S608 names of ours
        await self._file.write(lambda db: db.execute(statement, id))

    async def add(self, message: KeptMessage, paths: Collection[Path], /) -> KeptMessage | None:
        """See `WaitStore.add`."""

        def work(db: sqlite3.Connection) -> KeptMessage | None:
            known = db.execute(f"{_MESSAGE} WHERE id = ?", (message.id,)).fetchone()
            if known is not None:
                return _message(known, message.digests)
            if not _paths(db, message.topic) <= set(paths):
                return None
            _know(db, message.topic, paths, _number(db, f"{_LATEST} kept_messages"))
            key, content = message.content or (None, None)
            until = _number(db, f"{_LATEST} waits")
            ends = (message.keep_until, message.forget_at)
            seq = db.execute(
                "INSERT INTO kept_messages (id, topic, key, content, keep_until, forget_at, until)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (message.id, message.topic, key, content, *ends, until),
            ).lastrowid
            digests = [(digest, seq) for digest in set(message.digests)]
            db.executemany("INSERT INTO kept_digests VALUES (?, ?)", digests)
            row = db.execute(f"{_MESSAGE} WHERE seq = ?", (seq,)).fetchone()
            return _message(row, message.digests)

        return await self._file.write(work)

    async def paths(self, topic: str, /) -> frozenset[Path]:
        """See `WaitStore.paths`."""
        return await self._file.read(lambda db: _paths(db, topic))

    async def waiting(
        self, message: KeptMessage, /, *, flow: str | None, after: int, limit: int
    ) -> list[OpenWait]:
        """See `WaitStore.waiting`."""
        # A union of ranges of the index, each in order of `seq`; an `OR` would sort all that is open.
        mine = "topic = ? AND digest IS ? AND seq > ? AND seq <= ? AND (? IS NULL OR flow = ?)"
        one = f"SELECT * FROM ({_WAIT} WHERE {mine} ORDER BY seq LIMIT ?)"  # noqa: S608 names of ours
        digests = (None, *sorted(set(message.digests)))
        statement = " UNION ALL ".join([one] * len(digests)) + " ORDER BY seq LIMIT ?"
        given: list[object] = []
        for digest in digests:
            given += [message.topic, digest, after, message.until, flow, flow, limit]
        rows = await self._file.read(lambda db: db.execute(statement, [*given, limit]).fetchall())
        return [_wait(row) for row in rows]

    async def kept(
        self, wait: OpenWait, /, *, now: float, after: int, limit: int
    ) -> list[KeptMessage]:
        """See `WaitStore.kept`."""
        where = (
            "topic = ? AND content IS NOT NULL AND seq > ? AND seq <= ? AND keep_until > ?"
            " AND NOT EXISTS (SELECT 1 FROM reached_waits WHERE message = seq AND flow = ?)"
        )
        given: list[object] = [wait.topic, after, wait.since, now, wait.id.flow]
        if wait.digest is not None:
            # Messages from before anybody looked by this path have no digest of it.
            where += (
                " AND (seq IN (SELECT message FROM kept_digests WHERE digest = ?) OR seq <="
                " (SELECT since FROM wait_paths WHERE topic = ? AND flow = ? AND path = ?))"
            )
            given += [wait.digest, wait.topic, wait.id.flow, wait.path]
        statement = f"{_MESSAGE} WHERE {where} ORDER BY seq LIMIT ?"
        rows = await self._file.read(lambda db: db.execute(statement, [*given, limit]).fetchall())
        return [_message(row) for row in rows]

    async def reach(self, message: int, id: WaitId, /, *, only_first: bool = False) -> bool:
        """See `WaitStore.reach`."""

        def work(db: sqlite3.Connection) -> bool:
            had = "SELECT count(*) FROM reached_waits WHERE message = ? AND flow = ?"
            if only_first and _number(db, had, (message, id.flow)):
                return False
            db.execute(
                "INSERT INTO reached_waits VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (message, *id),
            )
            return True

        return await self._file.write(work)

    async def reached(self, message: int, /) -> list[WaitId]:
        """See `WaitStore.reached`."""
        statement = "SELECT flow, run_id, delivery_id, opening FROM reached_waits WHERE message = ?"
        rows = await self._file.read(lambda db: db.execute(statement, (message,)).fetchall())
        return [WaitId(*row) for row in rows]

    async def taken(self, id: WaitId, /) -> KeptMessage | None:
        """See `WaitStore.taken`."""
        statement = f"{_MESSAGE} WHERE seq = (SELECT max(message) FROM reached_waits WHERE {_THIS})"  # noqa: S608 names of ours
        row = await self._file.read(lambda db: db.execute(statement, id).fetchone())
        return None if row is None else _message(row)

    async def prune(self, now: float, /) -> int:
        """See `WaitStore.prune`. Works in steps, so that others need not wait for all of it."""
        removed = 0
        while found := await self._file.write(lambda db: _prune(db, now)):
            removed += found
        return removed

    async def close(self) -> None:
        """See `WaitStore.close`."""
        await self._file.close()


def _know(db: sqlite3.Connection, topic: str, paths: Collection[Path], since: int) -> None:
    rows = [(topic, *path, since) for path in paths]
    db.executemany("INSERT INTO wait_paths VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", rows)


def _paths(db: sqlite3.Connection, topic: str) -> frozenset[Path]:
    rows = db.execute("SELECT flow, path FROM wait_paths WHERE topic = ?", (topic,))
    return frozenset(Path(*row) for row in rows)


def _prune(db: sqlite3.Connection, now: float) -> int:
    at_once = (now, _PRUNED_AT_ONCE)
    stale = "SELECT seq FROM kept_messages WHERE content IS NOT NULL AND keep_until < ? LIMIT ?"
    unkept = db.execute(stale, at_once).fetchall()
    db.executemany("DELETE FROM kept_digests WHERE message = ?", unkept)
    db.executemany("UPDATE kept_messages SET key = NULL, content = NULL WHERE seq = ?", unkept)
    past = "SELECT seq FROM kept_messages WHERE forget_at < ? LIMIT ?"
    forgotten = db.execute(past, at_once).fetchall()
    db.executemany("DELETE FROM reached_waits WHERE message = ?", forgotten)
    db.executemany("DELETE FROM kept_digests WHERE message = ?", forgotten)
    db.executemany("DELETE FROM kept_messages WHERE seq = ?", forgotten)
    return len(unkept) + len(forgotten)


def _number(db: sqlite3.Connection, statement: str, given: tuple[object, ...] = ()) -> int:
    return db.execute(statement, given).fetchone()[0]


def _wait(row: tuple[Any, ...]) -> OpenWait:
    *id, topic, path, digest, key, content, seq, since = row
    return OpenWait(
        id=WaitId(*id),
        topic=topic,
        path=path,
        digest=digest,
        content=Sealed(key, content),
        seq=seq,
        since=since,
    )


def _message(row: tuple[Any, ...], digests: tuple[str, ...] = ()) -> KeptMessage:
    id, topic, key, content, keep_until, forget_at, seq, until = row
    return KeptMessage(
        id=id,
        topic=topic,
        digests=digests,
        content=None if content is None else Sealed(key, content),
        keep_until=keep_until,
        forget_at=forget_at,
        seq=seq,
        until=until,
    )
