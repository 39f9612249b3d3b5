"""Notes what was done, and refusals without making anybody wait: a flood of them is only counted."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable

from wistro.access import Identity
from wistro.errors import StoreError
from wistro.stores.audit import MAX_TEXT, Audit, AuditEntry

_EVERY = 0.2
_LONGEST_PAUSE = 5.0
_BATCH = 1000

_log = logging.getLogger(__name__)


class AuditBuffer:
    """Appends refusals to an audit in the background; beyond `capacity`, they are only counted.

    What was done is appended at once, and waits here only while the audit is away. What was left out is noted in the audit itself, as an entry with the action `audit`, so that
    nobody takes a gap for silence.
    """

    def __init__(
        self, audit: Audit, *, capacity: int = 5000, clock: Callable[[], float] = time.time
    ) -> None:
        """Buffer for `audit`."""
        self.audit = audit
        self.dropped = 0
        """Counts the refusals that were left out."""
        self._capacity = capacity
        self._clock = clock
        self._waiting: list[AuditEntry] = []
        self._told = 0
        self._task: asyncio.Task[None] | None = None

    def refused(
        self,
        identity: Identity,
        action: str,
        reason: str,
        *,
        flow: str | None = None,
        correlation_id: str = "",
        remote: str | None = None,
    ) -> None:
        """Note a refusal. Returns at once; call it on the event loop.

        Args:
            identity: Who asked, as far as it was proved.
            action: What was asked for: `call`, `fetch`, …
            reason: A word for programs; never a credential.
            flow: The flow that was asked for.
            correlation_id: That of the request.
            remote: The address of whoever sent it.
        """
        if len(self._waiting) >= self._capacity:
            self.dropped += 1
            return
        entry = AuditEntry(
            at=self._clock(),
            kind=identity.kind,
            id=identity.id[:MAX_TEXT],
            action=action,
            flow=None if flow is None else flow[:MAX_TEXT],
            reason=reason[:MAX_TEXT],
            correlation_id=correlation_id,
            remote=remote,
        )
        self._wait(entry)

    def _wait(self, entry: AuditEntry) -> None:
        self._waiting.append(entry)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run(), name="wistro-audit")

    async def did(self, entry: AuditEntry) -> None:
        """Note something that was done, or that failed; returns when it is in the audit.

        While the audit is away it waits, and nobody else does: what was done cannot be undone for it.
        """
        try:
            await self.audit.append([entry])
        except StoreError as error:
            _log.warning("the audit is away: %s", error.message)
            self._wait(entry)

    async def flush(self) -> None:
        """Wait until what was noted is in the audit."""
        if self._task is not None:
            await asyncio.shield(self._task)

    async def close(self, deadline: float = 5.0) -> None:
        """Append what waits, for at most `deadline` seconds."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.flush(), deadline)
        if self._task is not None:
            self._task.cancel()
        if self._waiting:
            _log.error("%d entries were not noted: the audit was away", len(self._waiting))

    async def _run(self) -> None:
        """Until nothing waits."""
        pause = _EVERY
        await asyncio.sleep(_EVERY)  # for others to travel with
        while self._waiting:
            batch = self._waiting[:_BATCH]
            dropped = self.dropped - self._told
            gap = [_gap(batch[-1], dropped)] if dropped else []
            try:
                await self.audit.append([*batch, *gap])
            except StoreError as error:
                if error.retryable:
                    _log.warning("the audit is away: %s", error.message)
                    pause = min(2 * pause, _LONGEST_PAUSE)
                    await asyncio.sleep(pause)
                    continue
                _log.error("the audit refused %d entries: %s", len(batch), error.message)
            pause = _EVERY
            self._told += dropped
            del self._waiting[: len(batch)]


def _gap(last: AuditEntry, dropped: int) -> AuditEntry:
    return AuditEntry(
        at=last.at,
        kind="anonymous",
        action="audit",
        reason=f"{dropped} refusals were not noted: there were too many at once",
    )
