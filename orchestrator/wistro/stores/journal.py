"""The journal: what runs did and said, in the order it was noted, for people who follow them live.

It is best-effort information. The truth about a run is its history in Temporal; an entry may be
missing after an outage, and may be there twice when the answer to an append was lost.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Literal, Protocol, get_args

from wistro.stores.looking import contains

Level = Literal["debug", "info", "warn", "error"]

LEVELS: tuple[Level, ...] = get_args(Level)
"""From the least to the most severe."""
MAX_MESSAGE = 16 * 1024
"""Characters of a message that are kept."""
MAX_FIELDS_BYTES = 64 * 1024
"""The bound on an entry's fields, as JSON text."""
MAX_READ = 10_000
"""The most entries that one read may be asked for."""
LOOKED_THROUGH = 100_000
"""The most entries that one page of `Journal.back` looks through for those that are wanted."""


@dataclass(frozen=True, kw_only=True)
class JournalEntry:
    """One thing that happened, or one line that a handler logged."""

    kind: str
    """`log` for a handler's line; else `run.started`, `delivery.completed`, …"""
    project: str
    at: float
    """When it happened, in seconds since the epoch, by the clock of whoever noted it."""
    flow: str | None = None
    run_id: str | None = None
    delivery_id: str | None = None
    step: str | None = None
    attempt: int | None = None
    level: Level = "info"
    message: str = ""
    fields: Mapping[str, object] = field(default_factory=dict[str, object])
    """Any JSON object."""
    seq: int = 0
    """Its place in the journal, given when it is appended; entries appear in this order."""

    def fields_text(self) -> str:
        """The fields as JSON text, replaced by a note of their size when they are too large.

        What is not JSON becomes its `repr`: a log line must never be what fails a step.
        """
        if not self.fields:
            return "{}"
        try:
            text = json.dumps(self.fields, ensure_ascii=False, separators=(",", ":"), default=repr)
            # Half a surrogate pair passes for text in Python and nowhere else.
            size = len(text.encode(errors="surrogatepass"))
            text = text.encode(errors="replace").decode()
        except (TypeError, ValueError, RecursionError) as error:
            return json.dumps({"omitted": f"the fields are not JSON: {error}"[:500]})
        if size > MAX_FIELDS_BYTES:
            return json.dumps(
                {"omitted": f"{size:,} bytes of fields; the limit is {MAX_FIELDS_BYTES:,}"}
            )
        return text

    def bounded(self) -> JournalEntry:
        """The entry with a message and fields that every journal takes."""
        message = self.message.encode(errors="replace").decode()
        if len(message) > MAX_MESSAGE:
            message = f"{message[:MAX_MESSAGE]}… ({len(message):,} characters)"
        return replace(self, message=message, fields=json.loads(self.fields_text()))


@dataclass(frozen=True, kw_only=True)
class JournalFilter:
    """Which entries are wanted; what is not given is not asked for."""

    run_id: str | None = None
    flow: str | None = None
    step: str | None = None
    delivery_id: str | None = None
    kinds: Sequence[str] = ()
    """Any of these kinds."""
    level: Level | None = None
    """This level and more severe ones."""
    text: str = ""
    """Part of the message, or of the fields as JSON text; ASCII letters of either case."""

    @property
    def levels(self) -> tuple[Level, ...]:
        """The levels that are wanted; empty for all."""
        return LEVELS[LEVELS.index(self.level) :] if self.level else ()

    def accepts(self, entry: JournalEntry) -> bool:
        """Whether the entry is wanted."""
        return (
            self.run_id in (None, entry.run_id)
            and self.flow in (None, entry.flow)
            and self.step in (None, entry.step)
            and self.delivery_id in (None, entry.delivery_id)
            and (not self.kinds or entry.kind in self.kinds)
            and (not self.level or entry.level in self.levels)
            and (not self.text or self._says(entry))
        )

    def _says(self, entry: JournalEntry) -> bool:
        return contains(entry.message, self.text) or contains(entry.fields_text(), self.text)


EVERYTHING = JournalFilter()
"""Accepts every entry."""


@dataclass(frozen=True, kw_only=True)
class JournalPage:
    """Entries on the way back from the newest to the oldest."""

    entries: Sequence[JournalEntry]
    """The newest first. There may be none, and older ones all the same: a page looks only so far."""
    next: int | None = None
    """The `before_seq` of the page of older entries; `None` at the beginning of the journal."""


class JournalSink(Protocol):
    """Where entries can be appended."""

    async def append(self, entries: Sequence[JournalEntry], /) -> None:
        """Append entries in this order, all or none; their `seq` is ignored.

        Raises:
            StoreError: `store_unavailable`.
        """
        ...


class Journal(JournalSink, Protocol):
    """An append-only list of entries, shared by the processes of a project.

    A reader that has seen an entry has been able to see every entry before it: providers make entries
    visible in the order of their `seq`, although numbers may be left out.
    """

    async def read(
        self,
        wanted: JournalFilter = EVERYTHING,
        *,
        after_seq: int = 0,
        limit: int = 1000,
        newest: bool = False,
    ) -> list[JournalEntry]:
        """Wanted entries beyond `after_seq`, in order: the first `limit` of them, or the `newest`."""
        ...

    async def back(
        self, wanted: JournalFilter = EVERYTHING, *, before_seq: int | None = None, limit: int = 100
    ) -> JournalPage:
        """The newest wanted entries before `before_seq` (default: of all).

        Takes about as long however large the journal is and however little is wanted, because it gives
        up after `LOOKED_THROUGH` entries and says from where to go on.
        """
        ...

    def tail(
        self, wanted: JournalFilter = EVERYTHING, *, after_seq: int | None = None
    ) -> AsyncGenerator[JournalEntry, None]:
        """Wanted entries beyond `after_seq` (default: from now on) as they come; ends on `close`.

        Entries of this process come at once, those of others within about a tenth of a second.
        Iterate within `contextlib.aclosing`.
        """
        ...

    async def last_seq(self) -> int:
        """The `seq` of the newest entry ever appended; 0 when there was none."""
        ...

    async def prune(self, older_than: timedelta) -> int:
        """Remove entries older than this; says how many there were."""
        ...

    async def close(self) -> None:
        """End the tails and let go of files; the journal is not used again."""
        ...
