"""How stores look for a text within others: the same everywhere, of ASCII letters either case."""

from __future__ import annotations

import re
from typing import Final

CONTAINS: Final = "LIKE ? ESCAPE '\\'"
"""The condition in SQLite; `pattern` fills it."""

_LETTERS = str.maketrans({chr(code): chr(code).lower() for code in range(ord("A"), ord("Z") + 1)})


def pattern(text: str) -> str:
    """What `CONTAINS` is filled with to look for a text."""
    return "%" + re.sub(r"([%_\\])", r"\\\1", text) + "%"


def contains(whole: str, text: str) -> bool:
    """Whether a text is within another, as SQLite compares."""
    return text.translate(_LETTERS) in whole.translate(_LETTERS)
