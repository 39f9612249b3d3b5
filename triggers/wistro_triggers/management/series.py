"""Rollups as charts want them: columns over time without gaps, and figures of the whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from wistro.stores.rollups import KEEP, Slot, Tally
from wistro_triggers.management.site import View

WIDTHS = (60, 120, 300, 900, 1800, 3600, 7200, 14400, 43200, 86400, 172800, 604800)
"""The widths of bars and points that charts are drawn with, in seconds."""
POINTS = 120
"""About so many of them are told apart on a screen."""
MAX_POINTS = 2000


class Figures(View):
    """What runs, or the attempts at a step, came to in a while."""

    started: int = 0
    """Runs that began; not counted of steps."""
    completed: int = 0
    failed: int = 0
    cancelled: int = 0
    timed_out: int = 0
    held: int = 0
    """Deliveries that began to wait for an operator."""
    p50: float | None = None
    """Half of them took at most so many seconds; within 2 % of the exact figure, as are the others."""
    p95: float | None = None
    p99: float | None = None


class Columns(View):
    """Figures over time: each list has one place for each moment of the overview."""

    started: list[int]
    completed: list[int]
    failed: list[int]
    cancelled: list[int]
    timed_out: list[int]
    held: list[int]
    p50: list[float | None]
    """Nothing where nothing ended."""
    p95: list[float | None]
    p99: list[float | None]


class Series(View):
    """The figures of one flow, of one step, or of all together."""

    id: str
    """Of the flow or the step; empty for all together."""
    name: str
    total: Figures
    """Of the whole time."""
    points: Columns


@dataclass(frozen=True, kw_only=True)
class Grid:
    """The moments that a chart has a place for: every `width` seconds from `since` on."""

    since: int
    until: float
    width: int
    stored: int
    """The width of the rollups that it is made of."""

    @classmethod
    def fitting(cls, since: float, until: float, *, now: float, width: int | None = None) -> Grid:
        """The finest grid that a chart of this stretch of time can show, or the one of this width.

        It begins on a multiple of its width, so that a chart that follows the time does not flicker.
        """
        stored = 60
        for chosen in WIDTHS:
            # As fine as is still kept of the time when it begins.
            stored = max(kept for kept in KEEP if chosen % kept == 0)
            begin = since - since % chosen
            is_kept = begin >= now - KEEP[stored].total_seconds() or stored == max(KEEP)
            asked_for = (until - begin) / chosen <= POINTS + 1 if width is None else chosen >= width
            if is_kept and asked_for:
                break
        else:
            chosen = WIDTHS[-1]
        return cls(since=int(since - since % chosen), until=until, width=chosen, stored=stored)

    @property
    def moments(self) -> Sequence[int]:
        """Where each place begins."""
        return range(self.since, max(self.since + 1, int(self.until) + 1), self.width)

    def series(self, id: str, name: str, tallies: Mapping[int, Tally]) -> Series:
        """The series of tallies by where they begin."""
        places = {moment: Tally() for moment in self.moments}
        total = Tally()
        for start, tally in tallies.items():
            total.merge(tally)
            place = places.get(start - (start - self.since) % self.width)
            if place is not None:
                place.merge(tally)
        figures = [figures_of(tally) for tally in places.values()]
        columns = {
            column: [getattr(each, column) for each in figures] for column in Columns.model_fields
        }
        return Series(id=id, name=name, total=figures_of(total), points=Columns(**columns))


def by_subject(found: Mapping[Slot, Tally]) -> dict[tuple[str, str | None], dict[int, Tally]]:
    """Tallies by flow and step, then by where they begin."""
    subjects: dict[tuple[str, str | None], dict[int, Tally]] = {}
    for slot, tally in found.items():
        subjects.setdefault((slot.flow, slot.step), {})[slot.start] = tally
    return subjects


def summed(tallies: Sequence[Mapping[int, Tally]]) -> dict[int, Tally]:
    """Several of them as one."""
    found: dict[int, Tally] = {}
    for each in tallies:
        for start, tally in each.items():
            found.setdefault(start, Tally()).merge(tally)
    return found


def figures_of(tally: Tally) -> Figures:
    """A tally with its percentiles."""
    seconds = tally.seconds
    return Figures(
        started=tally.started,
        completed=tally.completed,
        failed=tally.failed,
        cancelled=tally.cancelled,
        timed_out=tally.timed_out,
        held=tally.held,
        p50=_rounded(seconds.quantile(0.5)),
        p95=_rounded(seconds.quantile(0.95)),
        p99=_rounded(seconds.quantile(0.99)),
    )


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else float(f"{seconds:.4g}")
