"""Usage: what is kept to tell an account how long its environments lived."""

from __future__ import annotations

from datetime import datetime

from pydantic import AwareDatetime

from previews.model import Environment, Message


class Meter(Message):
    """One environment's life. There is one meter for each, so nothing is ever counted twice."""

    environment: str
    app: str
    started_at: AwareDatetime
    stopped_at: AwareDatetime | None = None

    def seconds(self, now: datetime) -> float:
        """How long it lived, until `now` if it still does."""
        return ((self.stopped_at or now) - self.started_at).total_seconds()


class Usage(Message):
    """What an account used."""

    account: str
    seconds: float
    environments: int
    running: int


def meters_of(account: str) -> str:
    """The state group of an account's meters, by environment."""
    return f"usage {account}"


def meter(environment: Environment) -> Meter:
    """The meter of an environment as it is now."""
    return Meter(
        environment=environment.id,
        app=environment.app,
        started_at=environment.created_at,
        stopped_at=environment.stopped_at,
    )


def total(account: str, meters: list[Meter], now: datetime) -> Usage:
    """The sum of an account's meters."""
    return Usage(
        account=account,
        seconds=sum(meter.seconds(now) for meter in meters),
        environments=len(meters),
        running=sum(meter.stopped_at is None for meter in meters),
    )
