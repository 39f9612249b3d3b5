"""Spans in an SQLite file: one of its own, because a step in a busy project writes several of them."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

from wistro.stores.span_encoding import (
    body_text,
    cursor_of,
    in_order,
    read_body,
    read_cursor,
)
from wistro.stores.spans import (
    ALL_TRACES,
    MAX_SPANS,
    MAX_TRACE_SPANS,
    RUNS_SHOWN,
    Span,
    TraceFilter,
    TracePage,
    TraceSummary,
)
from wistro.stores.sqlite_file import Migration, SqliteFile

_MIGRATIONS: tuple[Migration, ...] = (
    (
        """
        CREATE TABLE traces (
            trace_id TEXT PRIMARY KEY,
            started INTEGER NOT NULL,
            ended INTEGER NOT NULL,
            spans INTEGER NOT NULL,
            errors INTEGER NOT NULL,
            heard REAL NOT NULL
        )
        """,
        "CREATE INDEX traces_by_start ON traces (started, trace_id)",
        "CREATE INDEX traces_by_arrival ON traces (heard)",
        """
        CREATE TABLE spans (
            trace_id TEXT NOT NULL,
            span_id TEXT NOT NULL,
            parent_id TEXT,
            name TEXT NOT NULL,
            kind TEXT NOT NULL,
            start INTEGER NOT NULL,
            end INTEGER NOT NULL,
            status TEXT NOT NULL,
            message TEXT NOT NULL,
            service TEXT NOT NULL,
            language TEXT NOT NULL,
            flow TEXT,
            run_id TEXT,
            body TEXT NOT NULL,
            PRIMARY KEY (trace_id, span_id)
        )
        """,
        "CREATE INDEX spans_by_run ON spans (run_id) WHERE run_id IS NOT NULL",
    ),
)

_PLAIN = (
    "trace_id", "span_id", "parent_id", "name", "kind", "start", "end", "status", "message"
)  # fmt: skip
_COLUMNS = (*_PLAIN, "service", "language", "flow", "run_id")
_INSERT = (
    f"INSERT OR IGNORE INTO spans ({', '.join(_COLUMNS)}, body)"  # noqa: S608 names of ours
    f" VALUES ({', '.join('?' for _ in _COLUMNS)}, ?)"
)
_SELECT = f"SELECT body, {', '.join(_PLAIN)} FROM spans WHERE trace_id = ?"  # noqa: S608 names of ours
_TRACES = "SELECT trace_id, started, ended, spans, errors FROM traces"
_ROOT = f"{_SELECT} AND parent_id IS NULL ORDER BY start LIMIT 1"
_ORPHAN = (
    f"{_SELECT} AND NOT EXISTS (SELECT 1 FROM spans AS parent WHERE parent.trace_id = spans.trace_id"  # noqa: S608 names of ours
    " AND parent.span_id = spans.parent_id) ORDER BY start, end DESC, span_id LIMIT 1"
)
_ANY = f"{_SELECT} ORDER BY start, end DESC, span_id LIMIT 1"
_SERVICES = "SELECT DISTINCT service, language FROM spans WHERE trace_id = ? ORDER BY 1, 2"
_RUNS = (
    "SELECT flow, run_id FROM spans WHERE trace_id = ? AND flow IS NOT NULL AND run_id IS NOT NULL"  # noqa: S608 names of ours
    f" GROUP BY flow, run_id ORDER BY min(start), flow, run_id LIMIT {RUNS_SHOWN}"
)
_COUNT = """
    INSERT INTO traces VALUES (:trace_id, :start, :end, 1, :error, :now)
    ON CONFLICT (trace_id) DO UPDATE SET
        started = min(started, excluded.started),
        ended = max(ended, excluded.ended),
        spans = spans + 1,
        errors = errors + excluded.errors,
        heard = excluded.heard
"""
_REMOVED_AT_ONCE = 200
"""Traces: appends need not wait for all that is to go."""


class SqliteSpans:
    """A `SpanStore` in a file; open it with `SqliteSpans.open`."""

    def __init__(self, file: SqliteFile, *, keep: int, trace_spans: int) -> None:
        self._file = file
        self._keep = keep
        self._trace_spans = trace_spans
        self._unchecked = keep
        """Spans that came since it was last seen how many there are."""

    @classmethod
    async def open(
        cls, path: Path, *, keep: int = MAX_SPANS, trace_spans: int = MAX_TRACE_SPANS
    ) -> Self:
        """Open or make the file; about the newest `keep` spans stay in it.

        Raises:
            StoreError: `store_unavailable` or `store_too_new`.
        """
        file = await SqliteFile.open(
            path, component="spans", migrations=_MIGRATIONS, synchronous="NORMAL"
        )
        return cls(file, keep=keep, trace_spans=trace_spans)

    async def append(self, spans: Sequence[Span], /) -> int:
        """See `SpanStore.append`."""
        rows = [
            (span, [getattr(span, name) for name in _COLUMNS], body_text(span)) for span in spans
        ]
        now = time.time()

        def work(db: sqlite3.Connection) -> int:
            left_out = 0
            full = _full(db, {span.trace_id for span in spans}, self._trace_spans)
            for span, columns, body in rows:
                room = full[span.trace_id]
                if room <= 0:
                    left_out += not _has(db, span)
                elif db.execute(_INSERT, (*columns, body)).rowcount:
                    full[span.trace_id] = room - 1
                    db.execute(_COUNT, _counted(span, now))
            return left_out

        left_out = await self._file.write(work)
        self._unchecked += len(spans)
        if self._unchecked > self._keep // 50:
            self._unchecked = 0
            await self._bound()
        return left_out

    async def trace(self, trace_id: str, /) -> list[Span]:
        """See `SpanStore.trace`."""
        return await self._file.read(lambda db: _spans(db, _SELECT, trace_id))

    async def traces(
        self, wanted: TraceFilter = ALL_TRACES, *, before: str | None = None, limit: int = 50
    ) -> TracePage:
        """See `SpanStore.traces`."""
        where, given = _where(wanted, before)
        statement = f"{_TRACES} {where} ORDER BY started DESC, trace_id DESC LIMIT ?"

        def work(db: sqlite3.Connection) -> TracePage:
            found = db.execute(statement, [*given, limit + 1]).fetchall()
            page = [_summary(db, row) for row in found[:limit]]
            return TracePage(items=page, next=cursor_of(page[-1]) if len(found) > limit else None)

        return await self._file.read(work)

    async def prune(self, older_than: timedelta) -> int:
        """See `SpanStore.prune`."""
        oldest = time.time() - older_than.total_seconds()
        found = await self._file.read(
            lambda db: db.execute(
                "SELECT trace_id, spans FROM traces WHERE heard < ?", (oldest,)
            ).fetchall()
        )
        return await self._remove(found)

    async def close(self) -> None:
        """See `SpanStore.close`."""
        await self._file.close()

    async def _bound(self) -> None:
        """Remove the traces that were heard of longest ago until few enough spans are left."""

        def work(db: sqlite3.Connection) -> list[tuple[str, int]]:
            (count,) = db.execute("SELECT coalesce(sum(spans), 0) FROM traces").fetchone()
            too_many, found = count - self._keep, list[tuple[str, int]]()
            oldest = db.execute("SELECT trace_id, spans FROM traces ORDER BY heard")
            while too_many > 0 and (row := oldest.fetchone()):
                found.append(row)
                too_many -= row[1]
            return found

        await self._remove(await self._file.read(work))

    async def _remove(self, traces: Sequence[tuple[str, int]]) -> int:
        for first in range(0, len(traces), _REMOVED_AT_ONCE):
            ids = [(id,) for id, _ in traces[first : first + _REMOVED_AT_ONCE]]
            await self._file.write(lambda db, ids=ids: _delete(db, ids))
        return sum(spans for _, spans in traces)


def _delete(db: sqlite3.Connection, ids: Sequence[tuple[str]]) -> None:
    db.executemany("DELETE FROM spans WHERE trace_id = ?", ids)
    db.executemany("DELETE FROM traces WHERE trace_id = ?", ids)


def _full(db: sqlite3.Connection, traces: Iterable[str], most: int) -> dict[str, int]:
    """How many more spans each trace may have."""
    statement = "SELECT spans FROM traces WHERE trace_id = ?"
    found = {id: db.execute(statement, (id,)).fetchone() for id in traces}
    return {id: most - (row[0] if row else 0) for id, row in found.items()}


def _has(db: sqlite3.Connection, span: Span) -> bool:
    statement = "SELECT 1 FROM spans WHERE trace_id = ? AND span_id = ?"
    return db.execute(statement, (span.trace_id, span.span_id)).fetchone() is not None


def _counted(span: Span, now: float) -> dict[str, object]:
    return {
        "trace_id": span.trace_id,
        "start": span.start,
        "end": span.end,
        "error": span.status == "error",
        "now": now,
    }


def _spans(db: sqlite3.Connection, statement: str, trace_id: str) -> list[Span]:
    rows: Iterable[tuple[Any, ...]] = db.execute(statement, (trace_id,))
    return in_order(
        Span(**dict(zip(_PLAIN, columns, strict=True)), **read_body(body))
        for body, *columns in rows
    )


def _summary(db: sqlite3.Connection, row: tuple[str, int, int, int, int]) -> TraceSummary:
    """A trace at a glance, without reading all of its spans."""
    trace_id, start, end, spans, errors = row
    roots = (_spans(db, statement, trace_id) for statement in (_ROOT, _ORPHAN, _ANY))
    return TraceSummary(
        trace_id=trace_id,
        start=start,
        end=end,
        spans=spans,
        errors=errors,
        root=next(found[0] for found in roots if found),
        services=db.execute(_SERVICES, (trace_id,)).fetchall(),
        runs=db.execute(_RUNS, (trace_id,)).fetchall(),
    )


def _where(wanted: TraceFilter, before: str | None) -> tuple[str, list[object]]:
    """The condition, made of names of ours and placeholders only, and what fills them."""
    parts, given = list[str](), list[object]()

    def also(condition: str, *values: object) -> None:
        parts.append(condition)
        given.extend(values)

    if before is not None:
        also("(started, trace_id) < (?, ?)", *read_cursor(before))
    if wanted.failed:
        also("errors > 0")
    if wanted.min_seconds:
        also("ended - started >= ?", int(wanted.min_seconds * 1e9))
    of_run = {"flow = ?": wanted.flow, "run_id = ?": wanted.run_id}
    of_span = {"service = ?": wanted.service, "instr(lower(name), lower(?)) > 0": wanted.name}
    for conditions in (of_run, of_span):
        asked = {text: value for text, value in conditions.items() if value}
        if asked:
            some = f"SELECT trace_id FROM spans WHERE {' AND '.join(asked)}"  # noqa: S608 names of ours
            also(f"trace_id IN ({some})", *asked.values())
    return f"WHERE {' AND '.join(parts)}" if parts else "", given
