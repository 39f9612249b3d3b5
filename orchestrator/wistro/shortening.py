"""Large JSON values in a few words: enough to recognise them, for pages that show many."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final, cast

_TEXT: Final = 200
_ENTRIES: Final = 12
_DEPTH: Final = 4
_MANY: Final = "…"


def size_of(value: object) -> int:
    """How many bytes of JSON it takes, about."""
    return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=repr))


def shorten(value: object, limit: int) -> tuple[object, bool]:
    """The value, or what it begins with when it takes more than `limit` bytes; and whether it was cut."""
    if value is None or size_of(value) <= limit:
        return value, False
    text = _TEXT
    while (found := _cut(value, text, _DEPTH)) is not None:
        if text <= 25 or size_of(found) <= limit:
            break
        text //= 2
    return found if size_of(found) <= 2 * limit else _told(value), True


def _cut(value: object, text: int, depth: int) -> object:
    if isinstance(value, str):
        return value if len(value) <= text else f"{value[:text]}{_MANY}"
    if isinstance(value, Mapping):
        mapping = cast("Mapping[str, object]", value)
        entries = list(mapping.items())
        if depth == 0 and entries:
            return _told(mapping)
        cut = {key: _cut(each, text, depth - 1) for key, each in entries[:_ENTRIES]}
        left = len(entries) - len(cut)
        return {**cut, _MANY: f"{left} more"} if left else cut
    if isinstance(value, list | tuple):
        items = cast("list[object]", value)
        if depth == 0 and items:
            return _told(items)
        found = [_cut(each, text, depth - 1) for each in items[:_ENTRIES]]
        left = len(items) - len(found)
        return [*found, f"{_MANY} {left} more"] if left else found
    return value


def _told(value: object) -> str:
    if isinstance(value, str):
        return f"{value[:25]}{_MANY}"
    count = len(cast("list[object]", value)) if isinstance(value, list | tuple | Mapping) else 1
    return f"{_MANY} {count} entries"
