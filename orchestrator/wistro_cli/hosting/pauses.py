"""How long to wait before something that failed is tried again."""

from __future__ import annotations

from collections.abc import Iterator


def pauses(first: float = 0.25, longest: float = 10.0) -> Iterator[float]:
    """Seconds that double from `first` up to `longest`, without end."""
    pause = first
    while True:
        yield pause
        pause = min(pause * 2, longest)
