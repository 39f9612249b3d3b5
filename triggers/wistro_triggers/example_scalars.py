"""Texts and numbers within the bounds that a JSON Schema sets."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TypeAlias

from wistro_triggers.example_patterns import text_matching

Schema: TypeAlias = Mapping[str, object]

_FORMATS = {
    "date": "2030-01-31",
    "date-time": "2030-01-31T09:00:00Z",
    "time": "09:00:00Z",
    "duration": "PT10M",
    "email": "ada@example.com",
    "idn-email": "ada@example.com",
    "hostname": "example.com",
    "idn-hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "iri": "https://example.com/",
    "uri-reference": "/example",
    "iri-reference": "/example",
    "uri-template": "/examples/{id}",
    "uuid": "123e4567-e89b-42d3-a456-426614174000",
    "json-pointer": "/example",
    "relative-json-pointer": "0/example",
    "regex": "^example$",
}


class NoExample(Exception):
    """Nothing was found that the schema accepts."""


def a_text(schema: Schema, nth: int) -> str:
    """A text: of its pattern, its format, or any; another `nth` makes another one.

    Raises:
        NoExample: none was found for its pattern.
    """
    shortest = count_of(schema.get("minLength"), 0)
    longest = count_of(schema.get("maxLength"), 10**9)
    pattern, format = schema.get("pattern"), schema.get("format")
    if isinstance(pattern, str):
        found = text_matching(pattern, shortest=shortest + nth, longest=longest)
        if found is None and nth:
            found = text_matching(pattern, shortest=shortest, longest=longest)
        if found is None:
            raise NoExample
        return found
    if isinstance(format, str) and format in _FORMATS:
        return _FORMATS[format]
    text = "text" if nth == 0 else f"text {nth + 1}"
    padded = text + "." * (shortest - len(text)) if shortest < 10**6 else text
    return padded[-longest:] if nth else padded[:longest]


def a_number(schema: Schema, nth: int, *, whole: bool) -> int | float:
    """A number, near 1 where that is possible; another `nth` makes another one."""
    step = _value(schema.get("multipleOf")) or (1 if whole else None)
    if whole and step is not None and step != int(step):
        step = 1
    lowest, above = _value(schema.get("minimum")), _value(schema.get("exclusiveMinimum"))
    highest, below = _value(schema.get("maximum")), _value(schema.get("exclusiveMaximum"))
    low = max((each for each in (lowest, above) if each is not None), default=None)
    high = min((each for each in (highest, below) if each is not None), default=None)
    if step is None:
        return _real(low, high, open_low=low == above, open_high=high == below, nth=nth)
    if low is None and high is None:
        return _plain((nth + 1) * step)
    if low is not None:
        count = math.ceil(low / step)
        count += 1 if above is not None and count * step <= above else 0
        # 1 says more than 0, where both are possible.
        count += 1 if count == 0 and step == 1 and (high is None or high > 1) else 0
        return _plain((count + nth) * step)
    assert high is not None
    count = math.floor(high / step)
    count -= 1 if below is not None and count * step >= below else 0
    return _plain((min(count, 1) - nth) * step)


def _real(
    low: float | None, high: float | None, *, open_low: bool, open_high: bool, nth: int
) -> int | float:
    if low is None and high is None:
        return nth + 1
    if low is None:
        assert high is not None
        return _plain(min(high - (1 if open_high else 0), 1) - nth)
    if high is None:
        return _plain(max(low + (1 if open_low else 0), 1) + nth)
    if low < 1 < high:
        return _plain(1 if nth == 0 else 1 + (high - 1) * nth / (nth + 1))
    return _plain(low + (high - low) * (nth + 1) / (nth + 2) if low != high else low)


def _plain(number: float) -> int | float:
    return int(number) if number == int(number) else number


def _value(found: object) -> int | float | None:
    return found if isinstance(found, int | float) and not isinstance(found, bool) else None


def count_of(found: object, otherwise: int) -> int:
    """A keyword that counts, or what holds without it."""
    number = _value(found)
    return otherwise if number is None else int(number)
