"""Texts and numbers within the bounds that a JSON Schema sets."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import TypeAlias

from wistro_triggers.example_patterns import finds, text_matching

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


_NAMES = {
    "address": "1 Example Street",
    "city": "Zurich",
    "country": "CH",
    "currency": "EUR",
    "customer": "Ada Lovelace",
    "date": "2030-01-31",
    "email": "ada@example.com",
    "mail": "ada@example.com",
    "name": "Ada Lovelace",
    "phone": "+41 44 000 00 00",
    "url": "https://example.com/",
    "user": "ada",
}
"""What people expect in a field of this name, where the schema says nothing more."""


class NoExample(Exception):
    """Nothing was found that the schema accepts."""


def a_text(schema: Schema, nth: int, *, name: str = "") -> str:
    """A text: of its format or its pattern, or like what is called `name`; another `nth`, another one.

    Raises:
        NoExample: none was found for its pattern.
    """
    shortest = count_of(schema.get("minLength"), 0)
    longest = count_of(schema.get("maxLength"), 10**9)
    pattern, format = schema.get("pattern"), schema.get("format")
    formatted = _FORMATS.get(format) if isinstance(format, str) else None
    likely = formatted or (_named(name) if nth == 0 else None)
    if isinstance(pattern, str):
        if likely is not None and shortest <= len(likely) <= longest and finds(pattern, likely):
            return likely
        for least in (shortest + nth, shortest):
            found = text_matching(pattern, shortest=least, longest=longest)
            if found is not None:
                return found
        raise NoExample
    if formatted is not None:
        return formatted
    text = likely or ("text" if nth == 0 else f"text {nth + 1}")
    padded = text + "." * (shortest - len(text)) if shortest < 10**6 else text
    return padded[-longest:] if nth else padded[:longest]


def _named(name: str) -> str | None:
    """What something of this name is often like."""
    words = re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower())
    return next((_NAMES[word] for word in reversed(words) if word in _NAMES), None)


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
