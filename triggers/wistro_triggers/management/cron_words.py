"""A cron expression in words: `30 2 * * 1-5` is "at 02:30 on weekdays"."""

from __future__ import annotations

import re

_DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_ALIASES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}


def cron_words(expression: str, time_zone: str = "UTC") -> str:
    """When the expression ticks, for people; what is too odd for words is given as it is."""
    fields = _ALIASES.get(expression.strip().lower(), expression).split()
    if len(fields) == 6:
        if fields[0] != "0":  # Motia's form with seconds: words for minutes would be wrong
            return _as_written(expression, time_zone)
        fields = fields[1:]
    if len(fields) != 5:
        return _as_written(expression, time_zone)
    minute, hour, *days = fields
    clock, when = _clock(minute, hour), _days(*days)
    if clock is None or when is None:
        return _as_written(expression, time_zone)
    at_times = clock.startswith("at ")
    if at_times and not when:
        text = f"every day {clock}"
    elif at_times:
        text = f"{when} {clock}"
    else:
        text = f"{clock}, {when}" if when else clock
    return f"{text} {time_zone}" if hour != "*" else text


def _as_written(expression: str, time_zone: str) -> str:
    return f"by the cron expression {expression}, {time_zone}"


def _clock(minute: str, hour: str) -> str | None:
    """The part of the day: "at 03:00", "every 15 minutes"."""
    every_minute, every_hour = _step(minute), _step(hour)
    hours = _numbers(hour, 23)
    if every_minute and (hour == "*" or (hours and _consecutive(hours))):
        often = "every minute" if every_minute == 1 else f"every {every_minute} minutes"
        between = f" from {hours[0]:02}:00 to {hours[-1]:02}:59" if hours else ""
        return often + between
    minutes = _numbers(minute, 59)
    if not minutes:
        return None
    if every_hour:
        often = "every hour" if every_hour == 1 else f"every {every_hour} hours"
        past = "" if minutes == [0] else f" at {_listed([str(m) for m in minutes])} past"
        return often + past
    if not hours or len(hours) * len(minutes) > 4:
        return None
    return "at " + _listed([f"{h:02}:{m:02}" for h in hours for m in minutes])


def _days(day: str, month: str, weekday: str) -> str | None:
    """The part of the calendar; empty for every day."""
    parts: list[str] = []
    if weekday not in {"*", "?"}:
        names = _weekdays(weekday)
        if names is None or day not in {"*", "?"}:  # both: either of them, which nobody expects
            return None
        parts.append(names)
    elif day == "L":
        parts.append("on the last day of the month")
    elif day not in {"*", "?"}:
        days = _numbers(day, 31)
        if not days or len(days) > 4:
            return None
        parts.append(f"on the {_listed([_ordinal(each) for each in days])} of the month")
    if month != "*":
        months = _numbers(_named(month, _MONTHS, first=1), 12)
        if not months:
            return None
        parts.append(f"in {_listed([_MONTHS[each - 1] for each in months])}")
    return " ".join(parts)


def _weekdays(field: str) -> str | None:
    numbers = _numbers(_named(field, _DAYS, first=0), 7)
    if not numbers:
        return None
    days = sorted({each % 7 for each in numbers}, key=lambda each: (each - 1) % 7)
    if days == [1, 2, 3, 4, 5]:
        return "on weekdays"
    if days == [6, 0]:
        return "at weekends"
    return "every " + _listed([_DAYS[each] for each in days])


def _named(field: str, names: tuple[str, ...], *, first: int) -> str:
    for number, name in enumerate(names, first):
        field = re.sub(rf"\b{name[:3]}\b", str(number), field, flags=re.IGNORECASE)
    return field


def _step(field: str) -> int | None:
    """How often a field ticks that names no time of its own: `*`, `*/15`."""
    if field == "*":
        return 1
    match = re.fullmatch(r"(?:\*|0)/(\d+)", field)
    return int(match[1]) if match else None


def _numbers(field: str, last: int) -> list[int] | None:
    """The values of a list or range; none of a field that is neither."""
    found: list[int] = []
    for part in field.split(","):
        match = re.fullmatch(r"(\d+)(?:-(\d+))?", part)
        if match is None:
            return None
        found += range(int(match[1]), int(match[2] or match[1]) + 1)
    return sorted(set(found)) if found and max(found) <= last else None


def _consecutive(values: list[int]) -> bool:
    return values == list(range(values[0], values[-1] + 1))


def _ordinal(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if 10 < number < 14 else ending}"


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
