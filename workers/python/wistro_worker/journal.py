"""What a worker tells people who follow runs: to the journal, and in the log of its process."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict

import structlog

from wistro.context import Level
from wistro.contract import ErrorInfo, Invocation, StepResult
from wistro.stores.journal import JournalEntry
from wistro_worker.secrets import Mask

_log = structlog.stdlib.get_logger("wistro.worker")


class DeliveryJournal:
    """Notes what deliveries do and say; from any thread, and without making them wait."""

    def __init__(self, append: Callable[[JournalEntry], None], mask: Mask) -> None:
        """Note to `append`, usually that of a `JournalBuffer`; `mask` hides secrets."""
        self._append = append
        self._mask = mask

    def log(
        self,
        invocation: Invocation,
        attempt: int,
        level: Level,
        message: str,
        fields: Mapping[str, object],
    ) -> None:
        """Note a line that a handler logged."""
        text = self._mask.text(str(message))
        masked = self._mask.fields(fields)
        self._note("log", invocation, attempt, level, text, masked)
        write = getattr(_log, "warning" if level == "warn" else level)
        write(text, **_identity(invocation, attempt), **({"fields": masked} if masked else {}))

    def started(self, invocation: Invocation, attempt: int) -> None:
        """Note that an attempt begins."""
        topic = {"topic": invocation.topic} if invocation.topic else {}
        self._note("delivery.started", invocation, attempt, "info", "", topic)

    def completed(
        self, invocation: Invocation, attempt: int, seconds: float, result: StepResult
    ) -> None:
        """Note that an attempt has succeeded."""
        topics = [emission.topic for emission in result.emissions]
        fields = {"seconds": round(seconds, 6), "emitted": topics}
        self._note("delivery.completed", invocation, attempt, "info", "", fields)

    def failed(
        self, invocation: Invocation, attempt: int, seconds: float, error: ErrorInfo
    ) -> None:
        """Note that an attempt has failed. Whether another follows, the machine decides."""
        fields = {"seconds": round(seconds, 6), "error": asdict(error)}
        self._note("delivery.failed", invocation, attempt, "error", error.message, fields)
        _log.warning(
            "attempt failed",
            **_identity(invocation, attempt),
            code=error.code,
            error=error.message,
            retryable=error.retryable,
        )

    def cancelled(
        self, invocation: Invocation, attempt: int, seconds: float, reason: str | None
    ) -> None:
        """Note that an attempt was stopped."""
        fields = {"seconds": round(seconds, 6), "reason": reason}
        self._note("delivery.cancelled", invocation, attempt, "warn", reason or "", fields)

    def _note(
        self,
        kind: str,
        invocation: Invocation,
        attempt: int,
        level: Level,
        message: str,
        fields: Mapping[str, object],
    ) -> None:
        self._append(
            JournalEntry(
                kind=kind,
                project=invocation.project,
                at=time.time(),
                flow=invocation.flow,
                run_id=invocation.run_id,
                delivery_id=invocation.delivery_id,
                step=invocation.step,
                attempt=attempt,
                level=level,
                message=message,
                fields=fields,
            )
        )


def _identity(invocation: Invocation, attempt: int) -> dict[str, object]:
    return {
        "flow": invocation.flow,
        "run": invocation.run_id,
        "step": invocation.step,
        "delivery": invocation.delivery_id,
        "attempt": attempt,
    }
