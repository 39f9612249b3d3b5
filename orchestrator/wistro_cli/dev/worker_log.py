"""The log of a worker of another language, as `wistro dev` shows it."""

from __future__ import annotations

import json
from typing import cast

from wistro_cli.output import compact
from wistro_cli.supervision.child import Watcher

_OURS = frozenset({"event", "level", "logger", "timestamp"})


class WorkerLog:
    """Hands on what a watcher of children is told; log lines as text, and only those of interest."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher

    def printed(self, name: str, line: str) -> None:
        """See `Watcher`."""
        if shown := worth_showing(line):
            self._watcher.printed(name, shown)

    def crashed(self, name: str, code: int, pause: float) -> None:
        """See `Watcher`."""
        self._watcher.crashed(name, code, pause)

    def refused(self, name: str, message: str, hint: str | None) -> None:
        """See `Watcher`."""
        self._watcher.refused(name, message, hint)


def worth_showing(line: str) -> str | None:
    """A line for people; `None` for what the journal shows anyway, and for what is only information."""
    try:
        document = cast("object", json.loads(line))
    except ValueError:
        return line  # what user code prints
    if not isinstance(document, dict) or not {"event", "level"} <= document.keys():
        return line
    entry = cast("dict[str, object]", document)
    if "delivery" in entry or entry["level"] in ("debug", "info"):
        return None
    fields = [f"{key}={compact(value)}" for key, value in entry.items() if key not in _OURS]
    return " ".join([f"[{entry['level']}]", str(entry["event"]), *fields])
