"""What is kept of the delivery of an answer: the attempts, and how it stands. No bodies, no secrets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

AttemptOutcome = Literal["delivered", "failed", "refused", "lost"]
"""`refused`: the receiver will never take it. `lost`: the process that made the attempt is gone."""

AnswerStatus = Literal["pending", "delivered", "undelivered"]


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One attempt to deliver an answer."""

    at: float
    """When it began, in seconds since the epoch."""
    seconds: float = 0.0
    """How long it took."""
    target: str
    outcome: AttemptOutcome
    status_code: int | None = None
    """That of the receiver, where it has such."""
    message: str = ""


@dataclass(frozen=True, kw_only=True)
class AnswerRecord:
    """How the delivery of an answer stands."""

    id: str
    """What receivers tell repetitions by."""
    flow: str
    run_id: str
    number: int
    last: bool
    answered_at: float
    answer: str
    """What kind of answer it is: `answered`, `flow_failed`, …"""
    target: str
    address: Mapping[str, object] = field(default_factory=dict[str, object])
    status: AnswerStatus
    attempts: tuple[Attempt, ...] = ()
    next_at: float | None = None
    """When the next attempt is made, while there is one."""
