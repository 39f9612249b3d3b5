"""The audit in memory, for tests."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from wistro.stores.audit import ALL, MAX_ENTRIES, AuditEntry, AuditFilter, Sort


class MemoryAudit:
    """An `Audit` that ends with its process."""

    def __init__(self, *, keep: int = MAX_ENTRIES) -> None:
        """Keep the newest `keep` entries of each sort."""
        self._keep = keep
        self._entries: dict[Sort, deque[AuditEntry]] = {}
        self._count = 0

    async def append(self, entries: Sequence[AuditEntry], /) -> None:
        """See `Audit.append`."""
        for entry in entries:
            self._count += 1
            kept = self._entries.setdefault(entry.sort, deque(maxlen=self._keep))
            kept.append(replace(entry, seq=self._count))

    async def read(
        self, wanted: AuditFilter = ALL, *, before: int | None = None, limit: int = 100
    ) -> list[AuditEntry]:
        """See `Audit.read`."""
        found = [
            entry
            for kept in self._entries.values()
            for entry in kept
            if (before is None or entry.seq < before) and wanted.accepts(entry)
        ]
        return sorted(found, key=lambda entry: entry.seq, reverse=True)[:limit]

    async def prune(self, older_than: timedelta) -> int:
        """See `Audit.prune`."""
        oldest = time.time() - older_than.total_seconds()
        removed = 0
        for sort, entries in self._entries.items():
            kept = deque((each for each in entries if each.at >= oldest), maxlen=self._keep)
            removed += len(entries) - len(kept)
            self._entries[sort] = kept
        return removed

    async def close(self) -> None:
        """See `Audit.close`."""
