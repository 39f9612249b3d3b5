"""Measured values, and what they say: percentiles, ratios, targets."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

Statistic = Callable[[Sequence[float]], float]


def p50(values: Sequence[float]) -> float:
    """The median."""
    return median(values)


def p99(values: Sequence[float]) -> float:
    """The smallest value that 99 of 100 do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(math.ceil(0.99 * len(ordered)) - 1, 0)]


@dataclass
class Series:
    """The values of one side, by round."""

    rounds: list[list[float]] = field(default_factory=list[list[float]])

    def open_round(self) -> None:
        self.rounds.append([])

    def add(self, value: float) -> None:
        self.rounds[-1].append(value)

    @property
    def values(self) -> list[float]:
        return [value for one in self.rounds for value in one]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the results.

    `ratio` is what the project costs for each 1 that the hand-written side costs: less is better.
    """

    label: str
    unit: str
    wistro: float
    byhand: float | None = None
    other: str = "hand-written"
    """What it is compared with."""
    ratio: float | None = None
    spread: tuple[float, float] | None = None
    """The lowest and the highest ratio of a round: how far to trust it."""
    at_most: float | None = None
    """The target."""
    samples: int = 1

    @property
    def passed(self) -> bool | None:
        """Whether the target is met; None without one."""
        if self.at_most is None or self.ratio is None:
            return None
        return self.ratio <= self.at_most


def compare(
    label: str,
    wistro: Series,
    byhand: Series,
    *,
    statistic: Statistic = p50,
    unit: str = "ms",
    scale: float = 1000.0,
    at_most: float | None = None,
    other: str = "hand-written",
) -> Row:
    """A row for durations in seconds, of which less is better."""
    ours, theirs = statistic(wistro.values) * scale, statistic(byhand.values) * scale
    by_round = [
        statistic(a) / statistic(b) for a, b in zip(wistro.rounds, byhand.rounds, strict=True)
    ]
    return Row(
        label=label,
        unit=unit,
        wistro=ours,
        byhand=theirs,
        other=other,
        ratio=ours / theirs,
        spread=(min(by_round), max(by_round)) if len(by_round) > 1 else None,
        at_most=at_most,
        samples=len(wistro.values),
    )


def per_hop(runs: Series, empty: Series, hops: int) -> Series:
    """Seconds a hop, beyond those of a run without hops: the median of each round."""
    return Series(
        [[(p50(a) - p50(b)) / hops] for a, b in zip(runs.rounds, empty.rounds, strict=True)]
    )
