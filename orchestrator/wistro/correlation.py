"""What a wait for a message and the message have in common, where `where` says that it is equal.

A wait whose `where` is `message.order == request.id`, or begins with that and `&&`, is looked up by the
value instead of being asked about every message of its topic.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

_FIELD = r"(message|request)((?:\.[A-Za-z_]\w*)+)"
_EQUALITY = re.compile(rf"\s*{_FIELD}\s*==\s*{_FIELD}\s*(?:&&(.*)|)\Z", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Correlation:
    """Two fields that must be equal: dotted paths into the message, and into what opened the wait."""

    message: str
    request: str

    @classmethod
    def of(cls, where: str | None) -> Correlation | None:
        """The equality that `where` begins with; None where there is none that must hold."""
        found = _EQUALITY.match(where or "")
        if found is None:
            return None
        left, left_path, right, right_path, rest = found.groups()
        # `a == b && c || d` may hold although `a` is not `b`.
        if left == right or "||" in (rest or "") or "?" in (rest or ""):
            return None
        paths = {left: left_path[1:], right: right_path[1:]}
        return cls(message=paths["message"], request=paths["request"])


def value_at(data: object, path: str) -> str | None:
    """The value at a path as text that equal values share; None when there is nothing."""
    for name in path.split("."):
        if not isinstance(data, Mapping) or name not in data:
            return None
        data = cast("Mapping[str, object]", data)[name]
    return json.dumps(_plain(data), sort_keys=True, separators=(",", ":"))


def _plain(value: object) -> object:
    """Numbers that CEL finds equal are written the same: 7 and 7.0."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in cast("Mapping[str, object]", value).items()}
    if isinstance(value, list):
        return [_plain(each) for each in cast("Sequence[object]", value)]
    return value
