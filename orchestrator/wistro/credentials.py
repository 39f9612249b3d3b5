"""What in requests and their answers proves who somebody is: whoever looks at a run does not see it.

Handlers get requests as they came, so the history has all of it, encrypted. These are the standard
headers for it; a secret that a body carries, or a header of the project's own, is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, cast

HIDDEN: Final = "•••"
"""What is shown instead."""
_HEADERS: Final = frozenset(
    {"authorization", "cookie", "proxy-authorization", "set-cookie", "x-api-key"}
)


def hide_credentials(message: object) -> object:
    """A request or an answer of an api step, to be looked at."""
    shown = {name: HIDDEN for name in _headers(message) if name.lower() in _HEADERS}
    return _with_headers(message, shown)


def put_back_credentials(edited: object, original: object) -> object:
    """An edited request that is sent in place of `original`, of which somebody saw what may be seen."""
    known = _headers(original)
    hidden = {
        name: known[name]
        for name, value in _headers(edited).items()
        if value == HIDDEN and name in known
    }
    return _with_headers(edited, hidden)


def _headers(message: object) -> Mapping[str, object]:
    if not isinstance(message, Mapping):
        return {}
    found = cast("Mapping[str, object]", message).get("headers")
    return cast("Mapping[str, object]", found) if isinstance(found, Mapping) else {}


def _with_headers(message: object, changed: Mapping[str, object]) -> object:
    if not changed:
        return message
    whole = cast("Mapping[str, object]", message)
    return {**whole, "headers": {**_headers(message), **changed}}
