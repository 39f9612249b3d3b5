"""The rollups in an SQLite file, which may be the one that holds the state and the journal."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from wistro.stores.histogram import Histogram
from wistro.stores.looking import CONTAINS, pattern
from wistro.stores.rollups import COUNTS, KEEP, Build, Counted, SeenRun, Slot, Tally, at_width
from wistro.stores.sqlite_file import Migration, SqliteFile

_MIGRATIONS: tuple[Migration, ...] = (
    (
        # A step of `` stands for the runs of the flow: SQLite takes no two NULLs for the same key.
        """
        CREATE TABLE rollups (
            width INTEGER NOT NULL,
            step TEXT NOT NULL,
            start INTEGER NOT NULL,
            flow TEXT NOT NULL,
            started INTEGER NOT NULL,
            completed INTEGER NOT NULL,
            failed INTEGER NOT NULL,
            cancelled INTEGER NOT NULL,
            timed_out INTEGER NOT NULL,
            held INTEGER NOT NULL,
            last_at REAL NOT NULL,
            seconds TEXT NOT NULL,
            PRIMARY KEY (width, step, start, flow)
        ) WITHOUT ROWID
        """,
        "CREATE INDEX rollups_by_flow ON rollups (width, flow, start)",
        "CREATE TABLE rollup_place (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL)",
        "INSERT INTO rollup_place VALUES (1, 0)",
        """
        CREATE TABLE rollup_builds (
            id TEXT PRIMARY KEY, first_at REAL NOT NULL, last_at REAL NOT NULL
        ) WITHOUT ROWID
        """,
    ),
    (
        # In the order of time: a text that many ids have is found after looking at few of them.
        """
        CREATE TABLE rollup_runs (
            at REAL NOT NULL, flow TEXT NOT NULL, run_id TEXT NOT NULL, PRIMARY KEY (at, flow, run_id)
        ) WITHOUT ROWID
        """,
    ),
)

_VALUES = (*COUNTS, "last_at", "seconds")
_NAMES = ", ".join(_VALUES)
_MOVE = "UPDATE rollup_place SET seq = ? WHERE seq = ?"
_GET = f"SELECT {_NAMES} FROM rollups WHERE width = ? AND step = ? AND start = ? AND flow = ?"  # noqa: S608 names of ours
_PUT = (
    f"INSERT OR REPLACE INTO rollups (width, step, start, flow, {_NAMES})"  # noqa: S608 names of ours
    f" VALUES (?, ?, ?, ?{', ?' * len(_VALUES)})"
)
_READ = (
    f"SELECT start, flow, step, {_NAMES} FROM rollups"  # noqa: S608 names of ours
    " WHERE width = ? AND start >= ? AND start < ? AND"
)
_BUILD = (
    "INSERT INTO rollup_builds VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
    " first_at = min(first_at, excluded.first_at), last_at = max(last_at, excluded.last_at)"
)


class SqliteRollups:
    """`Rollups` in a file; open them with `SqliteRollups.open`."""

    def __init__(self, file: SqliteFile) -> None:
        self._file = file

    @classmethod
    async def open(cls, path: Path) -> Self:
        """Open or make the file.

        Raises:
            StoreError: `store_unavailable` or `store_too_new`.
        """
        # NORMAL: a power cut takes the last tallies and the place that goes with them, never one alone.
        return cls(
            await SqliteFile.open(
                path, component="rollups", migrations=_MIGRATIONS, synchronous="NORMAL"
            )
        )

    async def place(self) -> int:
        """See `Rollups.place`."""
        return await self._file.read(
            lambda db: db.execute("SELECT seq FROM rollup_place").fetchone()[0]
        )

    async def add(self, counted: Counted, /, *, after: int) -> bool:
        """See `Rollups.add`."""
        widths = {width: at_width(counted.minutes, width) for width in KEEP}

        def work(db: sqlite3.Connection) -> bool:
            if not db.execute(_MOVE, (counted.upto, after)).rowcount:
                return False
            for width, tallies in widths.items():
                _merge(db, width, tallies)
            builds = [
                (build.id, build.first_at, build.last_at) for build in counted.builds.values()
            ]
            db.executemany(_BUILD, builds)
            db.executemany("INSERT OR IGNORE INTO rollup_runs VALUES (?, ?, ?)", counted.runs)
            return True

        return await self._file.write(work)

    async def read(
        self, width: int, *, since: float, until: float, flow: str | None = None
    ) -> dict[Slot, Tally]:
        """See `Rollups.read`."""
        which, wanted = ("step = ?", "") if flow is None else ("flow = ?", flow)
        rows = await self._file.read(
            lambda db: db.execute(f"{_READ} {which}", (width, since, until, wanted)).fetchall()
        )
        return {
            Slot(start, flow, step or None): _tally(values) for start, flow, step, *values in rows
        }

    async def last_runs(self) -> dict[str, float]:
        """See `Rollups.last_runs`."""
        statement = (
            "SELECT flow, max(last_at) FROM rollups WHERE width = ? AND step = '' GROUP BY flow"
        )
        rows = await self._file.read(lambda db: db.execute(statement, (max(KEEP),)).fetchall())
        return dict(rows)

    async def builds(self) -> list[Build]:
        """See `Rollups.builds`."""
        statement = "SELECT id, first_at, last_at FROM rollup_builds ORDER BY last_at DESC"
        rows = await self._file.read(lambda db: db.execute(statement).fetchall())
        return [Build(id=id, first_at=first_at, last_at=last_at) for id, first_at, last_at in rows]

    async def find_runs(self, text: str, *, flows: Sequence[str] = (), limit: int) -> list[SeenRun]:
        """See `Rollups.find_runs`."""
        id = "flow || '/' || run_id" if "/" in text else "run_id"
        among = f" AND flow IN ({', '.join('?' * len(flows))})" if flows else ""
        statement = (
            f"SELECT at, flow, run_id FROM rollup_runs WHERE {id} {CONTAINS}{among}"  # noqa: S608 words of ours
            " ORDER BY at DESC, flow DESC, run_id DESC LIMIT ?"
        )
        given = (pattern(text), *flows, limit)
        rows = await self._file.read(lambda db: db.execute(statement, given).fetchall())
        return [SeenRun(*row) for row in rows]

    async def prune(self, now: float) -> int:
        """See `Rollups.prune`."""
        oldest = [(width, now - kept.total_seconds()) for width, kept in KEEP.items()]
        statement = "DELETE FROM rollups WHERE width = ? AND start < ?"

        def work(db: sqlite3.Connection) -> int:
            forgotten = now - max(KEEP.values()).total_seconds()
            db.execute("DELETE FROM rollup_builds WHERE last_at < ?", (forgotten,))
            db.execute("DELETE FROM rollup_runs WHERE at < ?", (forgotten,))
            return sum(db.execute(statement, given).rowcount for given in oldest)

        return await self._file.write(work)

    async def close(self) -> None:
        """See `Rollups.close`."""
        await self._file.close()


def _merge(db: sqlite3.Connection, width: int, tallies: Mapping[Slot, Tally]) -> None:
    """Add to what is there. The transaction holds the file's only right to write."""
    for slot, tally in tallies.items():
        key = (width, slot.step or "", slot.start, slot.flow)
        row = db.execute(_GET, key).fetchone()
        if row is not None:
            tally.merge(_tally(row))
        values = [
            tally.seconds.text if name == "seconds" else getattr(tally, name) for name in _VALUES
        ]
        db.execute(_PUT, (*key, *values))


def _tally(values: Sequence[Any]) -> Tally:
    *numbers, seconds = values
    return Tally(seconds=Histogram.parse(seconds), **dict(zip(_VALUES, numbers, strict=False)))
