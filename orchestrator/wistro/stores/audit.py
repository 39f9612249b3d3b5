"""The audit: who did what, and who was refused what. It holds no credentials, and nothing of messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, Protocol, TypeAlias

from wistro.access import IdentityKind

MAX_TEXT = 500
"""Characters of an id or a reason that are kept: both come from outside."""
MAX_ENTRIES = 100_000
"""How many entries of each sort are kept; the oldest go first."""
MAX_READ = 1000
"""The most entries that one read may be asked for."""


Outcome: TypeAlias = Literal["refused", "done", "failed"]
"""`refused`: by who asked; `done` and `failed`: what came of something that somebody may do."""

Sort: TypeAlias = Literal["refused", "done"]
"""The two sorts of entries: refusals, and what was done, failures included. Each has a bound of its own,
so that a flood of refusals pushes out nothing of what was done."""


@dataclass(frozen=True, kw_only=True)
class AuditEntry:
    """Something that was done, or refused."""

    at: float
    """When, in seconds since the epoch."""
    kind: IdentityKind
    """What kind of identity asked."""
    id: str = ""
    """The key's name, the user's id, the flow; nothing for the others."""
    action: str
    """What was asked for: `call`, `fetch`, `inbox`, …, or done: `run.cancel`, `state.set`, …"""
    outcome: Outcome = "refused"
    flow: str | None = None
    run_id: str | None = None
    delivery_id: str | None = None
    subject: str | None = None
    """What else it was about: the step of a schedule, the group and key of a value, a task, …"""
    reason: str = ""
    """Why it was refused, or failed, in a word for programs: `unauthenticated`, `run_not_found`, …"""
    correlation_id: str = ""
    """That of the request, as its answer and the logs have it."""
    remote: str | None = None
    """The address of whoever sent the request."""
    seq: int = 0
    """Its place in the audit, given when it is appended."""

    @property
    def sort(self) -> Sort:
        """Whether it was refused, or done."""
        return "refused" if self.outcome == "refused" else "done"


@dataclass(frozen=True, kw_only=True)
class AuditFilter:
    """Which entries are wanted; what is not given is not asked for."""

    sort: Sort | None = None
    flow: str | None = None
    run_id: str | None = None
    id: str | None = None
    """Of whoever asked: the user, the key's name, …"""
    action: str | None = None
    """An action, or with a dot at its end all that begin with it: `delivery.`."""
    since: float | None = None
    """Not before this moment, in seconds since the epoch."""

    def accepts(self, entry: AuditEntry) -> bool:
        """Whether `entry` is wanted."""
        return (
            self.sort in (None, entry.sort)
            and self.flow in (None, entry.flow)
            and self.run_id in (None, entry.run_id)
            and self.id in (None, entry.id)
            and (
                self.action in (None, entry.action)
                or (self.action.endswith(".") and entry.action.startswith(self.action))
            )
            and (self.since is None or entry.at >= self.since)
        )


ALL = AuditFilter()
"""Accepts every entry."""


class Audit(Protocol):
    """A bounded list of entries of each sort, shared by the processes of a project."""

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
