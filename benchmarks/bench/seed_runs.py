"""Fills the list of runs of a development server: `python -m bench.seed_runs .wistro`.

The rows go straight into the table that lists are read from, because starting 100,000 runs takes an
hour. They have no history: they can be listed, counted and filtered, and not opened. The project must
have run once, and must not be running now.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import sqlite3
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from wistro.stores.rollups import Counted, SeenRun
from wistro.stores.sqlite_rollups import SqliteRollups

COMPLETED: Final = 2
FAILED: Final = 3
CANCELLED: Final = 4
_STAMP: Final = "%Y-%m-%d %H:%M:%S.%f+00:00"
_INDEXES: Final = """
    SELECT name, sql FROM sqlite_master
    WHERE type = 'index' AND tbl_name = 'executions_visibility' AND sql IS NOT NULL
"""
_INSERT: Final = """
    INSERT INTO executions_visibility (
        namespace_id, run_id, _version, start_time, execution_time, workflow_id, workflow_type_name, status,
        close_time, history_length, history_size_bytes, execution_duration, state_transition_count,
        encoding, task_queue, search_attributes, root_workflow_id, root_run_id
    ) VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?, 20, 20000, ?, 9, 'Proto3', ?, ?, ?, ?)
"""


@dataclass(frozen=True, kw_only=True)
class Seed:
    """What to fill a list with."""

    project: str
    flows: Sequence[str] = ("orders",)
    triggers: Sequence[str] = ("api:place_order", "event:order.placed", "cron:nightly")
    versions: Sequence[str] = ("1f0c5e7a9b2d4c68", "9a8b7c6d5e4f3a2b")
    runs: int = 100_000
    days: float = 30.0
    """Over how long they are spread."""
    failing: float = 0.02
    random: int = 7
    """The same number gives the same runs."""


def seed_runs(database: Path, seed: Seed, *, now: datetime | None = None) -> int:
    """Add finished runs to the list; says how many it has now."""
    with closing(sqlite3.connect(database, timeout=30)) as db:
        namespace, attributes = _namespace(db)
        # The table has 45 indexes: to build them afterwards takes a fifth of the time.
        indexes: list[tuple[str, str]] = db.execute(_INDEXES).fetchall()
        with db:
            db.execute("BEGIN")  # else each `DROP` would stand by itself
            for name, _ in indexes:
                db.execute(f"DROP INDEX {name}")
            db.executemany(_INSERT, _rows(seed, namespace, attributes, now or datetime.now(UTC)))
            for _, statement in indexes:
                db.execute(statement)
        found: tuple[int] = db.execute("SELECT count(*) FROM executions_visibility").fetchone()
        return found[0]


async def seed_ids(store: Path, database: Path, *, project: str) -> None:
    """Note the ids of all runs that are listed, as if the journal had told of them."""
    statement = """
        SELECT start_time, workflow_type_name, workflow_id
        FROM executions_visibility WHERE task_queue = ?
    """
    with closing(sqlite3.connect(database)) as db:
        runs = [
            SeenRun(datetime.fromisoformat(started).timestamp(), flow, id.removeprefix(f"{flow}/"))
            for started, flow, id in db.execute(statement, (f"{project}.runs",))
        ]
    rollups = await SqliteRollups.open(store)
    place = await rollups.place()
    await rollups.add(Counted(upto=place, minutes={}, builds={}, runs=runs), after=place)
    await rollups.close()


def _rows(
    seed: Seed, namespace: str, attributes: dict[str, str], now: datetime
) -> Iterator[tuple[object, ...]]:
    chance = random.Random(seed.random)
    for number in range(seed.runs):
        flow = chance.choice(seed.flows)
        started = now - timedelta(days=seed.days * (seed.runs - number) / seed.runs)
        took = timedelta(seconds=chance.expovariate(1 / 4))
        status = chance.choices(
            (COMPLETED, FAILED, CANCELLED), (1 - seed.failing - 0.005, seed.failing, 0.005)
        )[0]
        found = {
            attributes["WistroTrigger"]: chance.choice(seed.triggers),
            attributes["WistroVersion"]: seed.versions[number * len(seed.versions) // seed.runs],
        }
        id = f"{flow}/{chance.getrandbits(128):032x}"
        run = str(uuid.UUID(int=chance.getrandbits(128)))
        begun = started.strftime(_STAMP)
        yield (
            namespace, run, begun, begun, id, flow, status, (started + took).strftime(_STAMP),
            int(took / timedelta(microseconds=1)) * 1000, f"{seed.project}.runs", json.dumps(found), id, run,
        )  # fmt: skip


def _namespace(db: sqlite3.Connection) -> tuple[str, dict[str, str]]:
    """The namespace's id, and the columns of our search attributes."""
    statement = "SELECT id, data FROM namespaces WHERE name = 'default'"
    row: tuple[bytes, bytes] | None = db.execute(statement).fetchone()
    if row is None:
        raise SystemExit("error: the database has no namespace `default`\nhint: start it once")
    # Alternating strings of a protobuf map: a column, its length, our name for it.
    aliases = re.findall(rb"(Keyword\d\d)\x12.(Wistro[A-Z][a-z]+)", row[1], re.DOTALL)
    return str(uuid.UUID(bytes=row[0])), {
        ours.decode(): column.decode() for column, ours in aliases
    }


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Fill the list of runs of a development server.")
    parser.add_argument("folder", type=Path, help="the project's `.wistro`")
    parser.add_argument("--project", required=True, help="its id, as in `wistro.yml`")
    parser.add_argument("--flow", action="append", help="once for each flow")
    parser.add_argument("--runs", type=int, default=Seed.runs)
    options = parser.parse_args()
    flows = options.flow or list(Seed.flows)
    database = options.folder / "temporal.db"
    count = seed_runs(database, Seed(project=options.project, flows=flows, runs=options.runs))
    asyncio.run(seed_ids(options.folder / "wistro.db", database, project=options.project))
    print(f"{count} runs are listed")


if __name__ == "__main__":
    main()
