"""The table of what each event did, and the verdict."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rich.table import Table

from demokit.stage import WIDE

from .checks import Check
from .observer import Observation


@dataclass(frozen=True)
class Row:
    """One happening: what it did, and whether that is what the rules say."""

    observation: Observation
    did: tuple[str, ...]
    problems: tuple[str, ...] = ()
    rule: str = ""
    """What to say when nothing was to be done."""


def table(rows: Iterable[Row], width: int) -> Table:
    """One line for each happening."""
    shown = Table(box=None, pad_edge=False, header_style="bold", row_styles=["", "dim"])
    shown.add_column("", justify="right")
    shown.add_column("What happened", no_wrap=True)
    shown.add_column("Source", no_wrap=True)
    shown.add_column("What it did")
    shown.add_column("Run", no_wrap=True, overflow="ellipsis", max_width=32)
    shown.add_column("Runs", justify="right")
    shown.add_column("ms", justify="right")
    shown.add_column("")
    for number, row in enumerate(rows, 1):
        seen = row.observation
        did = "\n".join(_grouped(row.did)) or f"[italic]{row.rule or 'nothing'}[/]"
        shown.add_row(
            str(number),
            seen.happening.label,
            seen.happening.note,
            "\n".join((did, *(f"[red]{problem}[/]" for problem in row.problems))),
            seen.run_id if width >= WIDE else seen.run_id[:8],
            str(len(seen.runs) or ""),
            f"{seen.seconds * 1000:.0f}",
            "[red]✗[/]" if row.problems else "[green]✓[/]",
        )
    return shown


def verdict(checks: Iterable[Check]) -> Iterable[str]:
    """A line for each thing that was looked at, and its problems."""
    for check in checks:
        yield f"[green]✓[/] {check.title}" if check.passed else f"[red]✗ {check.title}[/]"
        yield from (f"    [red]{problem}[/]" for problem in check.problems)


def _grouped(did: Iterable[str]) -> Iterable[str]:
    """`created web (…)` and `created docs (…)` on one line: `created web, docs (…)`."""
    apps: dict[tuple[str, str], list[str]] = {}
    for what in sorted(did):
        verb, app, where = what.split(" ", 2)
        apps.setdefault((verb, where), []).append(app)
    return (f"{verb} {', '.join(found)} {where}" for (verb, where), found in apps.items())
