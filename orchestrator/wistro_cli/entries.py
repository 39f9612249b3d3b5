"""Journal entries as lines that people read at a glance."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, cast
from zlib import crc32

from rich.text import Text

from wistro.stores.journal import JournalEntry
from wistro_cli.output import compact, seconds

SHORT_ID: Final = 8
"""Characters of a run's id that tell it apart from others nearby."""

_RUN_STYLES: Final = ("cyan", "magenta", "blue", "green", "yellow", "bright_cyan", "bright_magenta")
_LEVEL_STYLES: Final = {"debug": "dim", "info": "", "warn": "yellow", "error": "red"}
_WORDS: Final = {
    "run.started": ("▶ started", "bold"),
    "run.completed": ("✓ completed", "bold green"),
    "run.failed": ("✗ failed", "bold red"),
    "run.cancelled": ("■ cancelled", "bold yellow"),
    "run.timed_out": ("✗ timed out", "bold red"),
    "delivery.started": ("→", "dim"),
    "delivery.completed": ("✓", "green"),
    "delivery.opened": ("… waits for", "cyan"),
    "delivery.told": ("… people are told of", "cyan"),
    "delivery.settled": ("✓", "green"),
    "task.answered": ("… answered", "cyan"),
    "task.commented": ("… commented on", "cyan"),
    "task.attached": ("… file attached to", "cyan"),
    "task.reassigned": ("… reassigned", "cyan"),
    "delivery.cancelled": ("■ stopped", "yellow"),
    "delivery.failed": ("✗ no attempts left for", "bold red"),
    "delivery.held": ("‖ held for an operator:", "bold yellow"),
    "delivery.ignored": ("· failure ignored of", "yellow"),
    "delivery.released": ("→ again", "bold"),
    "delivery.skipped": ("· skipped", "bold"),
}
_DONE_BY: Final = ("run.started", "task.")
"""How the names of what has somebody for a message begin."""
_FAILED_ATTEMPT: Final = ("✗", "red")
"""A worker notes each attempt; the run notes once more when it was the last."""


def entry_line(entry: JournalEntry, *, with_run: bool = True) -> Text:
    """One entry on one line.

    Args:
        entry: The entry.
        with_run: Whether to say which run it is about.
    """
    at = datetime.fromtimestamp(entry.at, UTC).astimezone()
    line = Text(f"{at:%H:%M:%S} ", style="dim", end="")
    if with_run and entry.run_id:
        line.append(f"{entry.flow} {entry.run_id[:SHORT_ID]} ", style=_run_style(entry.run_id))
    if entry.kind == "log":
        line.append(f"  {entry.step}  ")
        line.append(entry.message, style=_LEVEL_STYLES[entry.level])
        line.append(_fields(entry.fields), style="dim")
        return line
    word, style = _WORDS.get(entry.kind, (entry.kind, "dim"))
    if entry.kind == "delivery.failed" and entry.attempt is not None:
        word, style = _FAILED_ATTEMPT
    line.append(f"{'' if entry.kind.startswith('run.') else '  '}{word}", style=style)
    if entry.step:
        line.append(f" {entry.step}", style="dim" if entry.kind == "delivery.started" else "")
    line.append(_more(entry), style="red" if entry.level == "error" else "dim")
    return line


def _more(entry: JournalEntry) -> str:
    parts: list[str] = []
    if (entry.attempt or 1) > 1:
        parts.append(f"attempt {entry.attempt}")
    took = entry.fields.get("seconds")
    if isinstance(took, int | float):
        parts.append(f"in {seconds(took)}")
    if emitted := cast("list[str]", entry.fields.get("emitted")):
        parts.append(f"emitted {', '.join(emitted)}")
    text = f" {', '.join(parts)}" if parts else ""
    if entry.message:
        joint = " by " if entry.kind.startswith(_DONE_BY) else ": "
        text += joint + compact(entry.message, 300)
    return text


def _fields(fields: Mapping[str, object]) -> str:
    return "".join(f"  {name}={compact(value, 60)}" for name, value in fields.items())


def _run_style(run_id: str) -> str:
    return _RUN_STYLES[crc32(run_id.encode()) % len(_RUN_STYLES)]
