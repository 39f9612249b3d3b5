"""Series without gaps from rollups, and looks that are shared."""

from __future__ import annotations

import asyncio

import pytest

from wistro.stores.histogram import Histogram
from wistro.stores.rollups import Tally
from wistro_triggers.management.recent import Recent
from wistro_triggers.management.series import Grid

NOW = 1_800_000_000.0


def test_a_grid_is_as_fine_as_can_be_seen_and_is_kept() -> None:
    hour, day = 3600.0, 86400.0
    expected = {hour / 4: 60, hour: 60, 3 * hour: 120, day: 900, 7 * day: 7200, 90 * day: 86400}
    for length, width in expected.items():
        grid = Grid.fitting(NOW - length, NOW, now=NOW)
        assert grid.width == width
        assert grid.since <= NOW - length < grid.since + width
        assert grid.moments[-1] <= NOW < grid.moments[-1] + width
    # Minutes of last week are not kept any more.
    assert Grid.fitting(NOW - 5 * day, NOW - 5 * day + hour, now=NOW).stored == 900


def test_a_series_has_a_place_for_every_moment() -> None:
    grid = Grid.fitting(NOW, NOW + 3 * 3600, now=NOW + 3 * 3600)
    first, last = grid.moments[0], grid.moments[-1]
    tallies = {
        first: Tally(started=1),
        first + 60: Tally(completed=1, seconds=Histogram.of([2.0])),
        last: Tally(failed=1, seconds=Histogram.of([8.0])),
    }
    series = grid.series("orders", "Orders", tallies)
    points = series.points
    assert (points.started[0], points.completed[0], points.failed[-1]) == (1, 1, 1)
    assert points.p95[0] == pytest.approx(2.0, rel=0.02)
    assert points.p95[1:-1] == [None] * (len(grid.moments) - 2)
    assert series.total.p99 == pytest.approx(2.0, rel=0.02)
    assert (series.total.completed, series.total.failed) == (1, 1)


async def test_those_who_ask_at_once_share_a_look() -> None:
    looks = 0

    async def look() -> int:
        nonlocal looks
        looks += 1
        await asyncio.sleep(0.01)
        if looks == 2:
            raise ConnectionError
        return looks

    recent = Recent(look, seconds=0.05)
    assert await asyncio.gather(*(recent.get() for _ in range(5))) == [1] * 5
    assert await recent.get() == 1
    await asyncio.sleep(0.1)
    with pytest.raises(ConnectionError):
        await recent.get()
    assert await recent.get() == 3
