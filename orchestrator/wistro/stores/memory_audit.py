"""The audit in memory, for tests."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from wistro.stores.audit import ALL, MAX_ENTRIES, AuditEntry, AuditFilter


class MemoryAudit:
    """An `Audit` that ends with its process."""

    def __init__(self, *, keep: int = MAX_ENTRIES) -> None:
        """Keep the newest `keep` entries."""
        self._entries: deque[AuditEntry] = deque(maxlen=keep)
        self._count = 0

    async def append(self, entries: Sequence[AuditEntry], /) -> None:
        """See `Audit.append`."""
        for entry in entries:
            self._count += 1
            self._entries.append(replace(entry, seq=self._count))

    async def read(
        self, wanted: AuditFilter = ALL, *, before: int | None = None, limit: int = 100
    ) -> list[AuditEntry]:
        """See `Audit.read`."""
        found = [
            entry
            for entry in reversed(self._entries)
            if (before is None or entry.seq < before)
            and wanted.flow in (None, entry.flow)
            and (wanted.since is None or entry.at >= wanted.since)
        ]
        return found[:limit]

    async def prune(self, older_than: timedelta) -> int:
        """See `Audit.prune`."""
        oldest = time.time() - older_than.total_seconds()
        kept = [entry for entry in self._entries if entry.at >= oldest]
        removed = len(self._entries) - len(kept)
        self._entries = deque(kept, maxlen=self._entries.maxlen)
        return removed

    async def close(self) -> None:
        """See `Audit.close`."""
