"""Results for people, for programs and for the documentation."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table

from bench.figures import Row

_VERDICTS = {True: "pass", False: "MISS", None: ""}


def as_json(machine: Mapping[str, object], rows: Sequence[Row], *, quick: bool) -> str:
    """Everything, as one JSON object."""
    results = [{**asdict(row), "passed": row.passed} for row in rows]
    document = {"at": _today(), "quick": quick, "machine": machine, "results": results}
    return json.dumps(document, indent=2, ensure_ascii=False)


def print_table(rows: Sequence[Row], console: Console) -> None:
    """The results as a table, and how many targets are met."""
    table = Table(box=None, pad_edge=False)
    for heading in ("", "wistro", "compared with", "ratio", "rounds", "target", ""):
        right = heading in {"wistro", "compared with", "ratio", "rounds"}
        table.add_column(heading, justify="right" if right else "left")
    for row in rows:
        colour = {True: "green", False: "red", None: None}[row.passed]
        table.add_row(*_cells(row), style=None if row.passed is not False else colour)
    console.print(table)
    judged = [row.passed for row in rows if row.passed is not None]
    if judged:
        console.print(f"\n{sum(judged)} of {len(judged)} targets are met")


def as_markdown(machine: Mapping[str, object], rows: Sequence[Row], *, quick: bool) -> str:
    """The results as the part of a page that is written anew with each measurement."""
    heading = ["", "Wistro", "compared with", "ratio", "rounds", "target", ""]
    lines = [
        f"Measured on {_today()} on a {machine['processor']} with {machine['cores']} cores and "
        f"{machine['memory_gib']} GiB ({machine['system']}), Python {machine['python']}, "
        f"Temporal {machine['temporal']}"
        + (", with `--quick`: a first impression." if quick else "."),
        "",
        f"| {' | '.join(heading)} |",
        "|---|--:|--:|--:|--:|---|---|",
        *(f"| {' | '.join(_cells(row))} |" for row in rows),
    ]
    return "\n".join(lines) + "\n"


def _cells(row: Row) -> list[str]:
    compared = f"{_number(row.byhand)} {row.unit}" if row.byhand is not None else ""
    if compared and row.other != "hand-written":
        compared += f" ({row.other})"
    return [
        row.label,
        f"{_number(row.wistro)} {row.unit}",
        compared,
        f"{row.ratio:.2f}" if row.ratio is not None else "",
        f"{row.spread[0]:.2f} to {row.spread[1]:.2f}" if row.spread else "",
        f"≤ {row.at_most:.2f}" if row.at_most is not None else "",
        _VERDICTS[row.passed],
    ]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _today() -> str:
    return datetime.now(UTC).date().isoformat()
