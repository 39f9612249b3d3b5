"""When a call is made: at a moment, after a while, or again and again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Self

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from wistro.options import Duration
from wistro.policies import Overlap, TimeZone
from wistro.temporal.host.scheduled_calls import CallSchedule
from wistro_triggers.problems import Detail, Problem
from wistro_triggers.starting import StartOptions

FURTHEST = timedelta(days=366)


def _cron(expression: str) -> str:
    if len(expression.split()) != 5:
        raise ValueError(f"expected five fields, found {len(expression.split())}")
    try:
        next(CronSim(expression, datetime(2024, 1, 1, tzinfo=UTC)))
    except CronSimError as error:
        raise ValueError(f"it is not a cron expression: {error}") from None
    return " ".join(expression.split())


def _near(at: datetime) -> datetime:
    if at - datetime.now(UTC) > FURTHEST:
        raise ValueError(f"it is more than {FURTHEST.days} days away")
    return at


class When(BaseModel):
    """When a call is made: exactly one of `at`, `after` and `cron`."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    at: Annotated[AwareDatetime, AfterValidator(_near)] | None = None
    """At this moment, with an offset from UTC: `2030-01-31T09:00:00Z`."""
    after: Annotated[Duration, Field(ge=timedelta(), le=FURTHEST)] | None = None
    """That much later: seconds, `10m` or `PT10M`."""
    cron: Annotated[str, AfterValidator(_cron)] | None = None
    """Again and again: minute, hour, day of the month, month and day of the week."""
    time_zone: TimeZone = "UTC"
    """The IANA name of the zone that `cron` is read in."""
    overlap: Overlap = "skip"
    """What happens when the run of the last tick is still going."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        given = [name for name in ("at", "after", "cron") if getattr(self, name) is not None]
        if len(given) != 1:
            found = " and ".join(f"`{name}`" for name in given) or "none"
            raise ValueError(f"expected exactly one of `at`, `after` and `cron`, found {found}")
        return self

    def added_to(self, options: StartOptions) -> StartOptions:
        """What the headers say, and when.

        Raises:
            Problem: 422, the headers say another time.
        """
        if options.delayed:
            raise Problem(
                422,
                "validation_failed",
                "`schedule` and the headers `Wistro-At` and `Wistro-Delay` both say when the call is "
                "made. hint: send one of them.",
                details=[Detail(field="schedule", message="a header says another time")],
            )
        return replace(options, at=self.at, after=self.after, respond_async=True)

    @property
    def schedule(self) -> CallSchedule | None:
        """The schedule, when the call is made again and again."""
        if self.cron is None:
            return None
        return CallSchedule(cron=self.cron, time_zone=self.time_zone, overlap=self.overlap)
