"""The audit: who was refused what, and why. It holds no credentials, and nothing of any message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from wistro.access import IdentityKind

MAX_TEXT = 500
"""Characters of an id or a reason that are kept: both come from outside."""
MAX_ENTRIES = 100_000
"""How many entries are kept; the oldest go first."""
MAX_READ = 1000
"""The most entries that one read may be asked for."""


@dataclass(frozen=True, kw_only=True)
class AuditEntry:
    """Something that was refused."""

    at: float
    """When, in seconds since the epoch."""
    kind: IdentityKind
    """What kind of identity asked."""
    id: str = ""
    """The key's name, the user's id, the flow; nothing for the others."""
    action: str
    """What was asked for: `call`, `fetch`, `inbox`, …"""
    flow: str | None = None
    reason: str
    """A word for programs: `unauthenticated`, `not_allowed`, `scope_missing`, `key_expired`, …"""
    correlation_id: str = ""
    """That of the request, as its answer and the logs have it."""
    remote: str | None = None
    """The address of whoever sent the request."""
    seq: int = 0
    """Its place in the audit, given when it is appended."""


@dataclass(frozen=True, kw_only=True)
class AuditFilter:
    """Which entries are wanted; what is not given is not asked for."""

    flow: str | None = None
    since: float | None = None
    """Not before this moment, in seconds since the epoch."""


ALL = AuditFilter()
"""Accepts every entry."""


class Audit(Protocol):
    """A bounded list of entries, shared by the processes of a project."""

    async def append(self, entries: Sequence[AuditEntry], /) -> None:
        """Append entries in this order, all or none; their `seq` is ignored.

        Raises:
            StoreError: `store_unavailable`.
        """
        ...

    async def read(
        self, wanted: AuditFilter = ALL, *, before: int | None = None, limit: int = 100
    ) -> list[AuditEntry]:
        """Wanted entries, the newest first: those with a `seq` less than `before`."""
        ...

    async def prune(self, older_than: timedelta) -> int:
        """Remove entries older than this; says how many there were."""
        ...

    async def close(self) -> None:
        """Let go of files; the audit is not used again."""
        ...
