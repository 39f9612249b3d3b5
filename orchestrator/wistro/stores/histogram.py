"""Durations counted in buckets that grow by a constant factor, so that percentiles stay exact enough.

DDSketch: C. Masson, J. E. Rim and H. K. Lee, "DDSketch: a fast and fully-mergeable quantile sketch with
relative-error guarantees", PVLDB 12(12), 2019, https://doi.org/10.14778/3352063.3352135.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field

RELATIVE_ERROR = 0.02
"""How far a percentile may be from the exact one, as a share of it."""
LEAST_SECONDS = 1e-6
"""What is shorter counts as this long."""
MOST_SECONDS = 400 * 86400.0
"""What is longer counts as this long; a histogram therefore has at most 780 buckets."""

_FACTOR = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)
_LOG = math.log(_FACTOR)


@dataclass(kw_only=True)
class Histogram:
    """How many durations fell into each bucket: bucket `i` ends at `_FACTOR ** i` seconds."""

    buckets: dict[int, int] = field(default_factory=dict[int, int])

    @classmethod
    def of(cls, durations: Iterable[float]) -> Histogram:
        """The histogram of some durations, in seconds."""
        histogram = cls()
        for seconds in durations:
            histogram.add(seconds)
        return histogram

    @classmethod
    def parse(cls, text: str) -> Histogram:
        """The histogram that `text` gave."""
        found: dict[str, int] = json.loads(text)
        return cls(buckets={int(bucket): count for bucket, count in found.items()})

    @property
    def text(self) -> str:
        """The histogram as stores keep it."""
        return json.dumps(self.buckets, separators=(",", ":"))

    @property
    def count(self) -> int:
        """How many durations were added."""
        return sum(self.buckets.values())

    def add(self, seconds: float) -> None:
        """Count a duration."""
        bounded = min(max(seconds, LEAST_SECONDS), MOST_SECONDS)
        bucket = math.ceil(math.log(bounded) / _LOG)
        self.buckets[bucket] = self.buckets.get(bucket, 0) + 1

    def merge(self, other: Histogram) -> None:
        """Count all that another histogram counted: as if each duration had been added here."""
        for bucket, count in other.buckets.items():
            self.buckets[bucket] = self.buckets.get(bucket, 0) + count

    def quantile(self, share: float) -> float | None:
        """The duration that this share of all durations does not exceed; `None` when there are none.

        It is within `RELATIVE_ERROR` of the one at the place `floor(share * (count - 1))`, from 0, of
        the sorted durations.
        """
        place = math.floor(share * (self.count - 1))
        for bucket in sorted(self.buckets):
            place -= self.buckets[bucket]
            if place < 0:
                # As far from the bucket's lower bound as from its upper one, in relation to itself.
                return 2 * _FACTOR**bucket / (_FACTOR + 1)
        return None
