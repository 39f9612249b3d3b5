"""A clock that moves only when a test moves it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

START = datetime(2026, 1, 1, tzinfo=UTC)
"""When a fake clock begins, unless a test says otherwise."""


@dataclass(frozen=True, kw_only=True)
class _Alarm:
    at: float
    order: int
    """Alarms of the same moment go off in the order in which they were set."""
    action: Callable[[], None]


class FakeClock:
    """Keeps a time and the alarms that go off when it passes them."""

    def __init__(self, start: datetime = START) -> None:
        self._time = start.timestamp()
        self._alarms: dict[Hashable, _Alarm] = {}
        self._set = 0

    @property
    def time(self) -> float:
        """Seconds since the epoch."""
        return self._time

    @property
    def now(self) -> datetime:
        """The moment, in UTC."""
        return datetime.fromtimestamp(self._time, UTC)

    def set(self, name: Hashable, at: float, action: Callable[[], None]) -> None:
        """Have `action` called once at `at`, instead of what `name` stood for before."""
        self._set += 1
        self._alarms[name] = _Alarm(at=at, order=self._set, action=action)

    def clear(self, name: Hashable) -> bool:
        """Forget the alarm; says whether there was one."""
        return self._alarms.pop(name, None) is not None

    def step(self, until: float) -> bool:
        """Go on to the next alarm and set it off, or to `until`; says whether there was an alarm."""
        due = [
            (alarm.at, alarm.order, name)
            for name, alarm in self._alarms.items()
            if alarm.at <= until
        ]
        if not due:
            self._time = max(self._time, until)
            return False
        at, _, name = min(due, key=lambda entry: entry[:2])
        self._time = max(self._time, at)
        self._alarms.pop(name).action()
        return True

    def after(self, delay: timedelta) -> float:
        """The time in `delay` from now, in seconds since the epoch."""
        return self._time + delay.total_seconds()
