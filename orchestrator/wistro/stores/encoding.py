"""The JSON text that stores keep: bounds on values, names and pages, and equality of JSON values."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import cast

from wistro.errors import StoreError

MAX_VALUE_BYTES = 1024 * 1024
"""The default bound on a value, as UTF-8 JSON text."""
MAX_NAME_BYTES = 512
"""The bound on a group's name and on a key, in UTF-8."""
MAX_PAGE = 1000
"""The most items that one page may be asked for."""
MAX_PAGE_BYTES = 4 * 1024 * 1024
"""A page of values ends once it holds this much text, so that no answer grows without bound."""


def encode(group: str, key: str, value: object, limit: int) -> str:
    """The JSON text of a value of the state.

    Raises:
        StoreError: `value_not_json` or `value_too_large`, naming the entry.
    """
    return json_text(f"The value of `{key}` in the state group `{group}`", value, limit)


def json_text(what: str, value: object, limit: int) -> str:
    """The JSON text of a value.

    Raises:
        StoreError: `value_not_json` or `value_too_large`, which begins with `what`.
    """
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        size = len(text.encode())
    except (TypeError, ValueError, RecursionError) as error:
        raise StoreError(
            f"{what} is not JSON: {error}",
            code="value_not_json",
            retryable=False,
            hint="store objects, lists, strings, finite numbers, booleans and null",
        ) from None
    if size > limit:
        raise StoreError(
            f"{what} has {size:,} bytes of JSON; the limit is {limit:,}",
            code="value_too_large",
            retryable=False,
            hint="split it up, or store the content elsewhere and its address here",
            details={"size": size, "limit": limit},
        )
    return text


def decode(text: str) -> object:
    """The value of a JSON text that `encode` made."""
    return cast("object", json.loads(text))


def check_names(**names: str) -> None:
    """Refuse a group or key that some store could not keep or order.

    Raises:
        StoreError: `name_invalid`.
    """
    for what, name in names.items():
        if not isinstance(name, str):  # pyright: ignore[reportUnnecessaryIsInstance] users give anything
            found = f"a `{type(name).__name__}`"
        elif not name:
            found = "an empty string"
        elif "\0" in name or not _is_unicode(name):
            found = "a NUL or half a surrogate pair in it"
        elif len(name.encode()) > MAX_NAME_BYTES:
            found = f"{len(name.encode()):,} bytes, beginning `{name[:40]}`"
        else:
            continue
        raise StoreError(
            f"`{what}` was expected to be a text of 1 to {MAX_NAME_BYTES} bytes; found {found}",
            code="name_invalid",
            retryable=False,
            hint="use an id or a short name; hash what is longer",
        )


def check_page(after: str | None, limit: int) -> None:
    """Refuse a page that begins nowhere, is empty or too long.

    Raises:
        StoreError: `name_invalid` or `page_invalid`.
    """
    if after:
        check_names(after=after)
    check_limit(limit)


def check_limit(limit: int, most: int = MAX_PAGE) -> None:
    """Refuse a page that is empty or too long.

    Raises:
        StoreError: `page_invalid`.
    """
    if not 1 <= limit <= most:
        raise StoreError(
            f"The `limit` of a page is 1 to {most:,}; found {limit:,}",
            code="page_invalid",
            retryable=False,
            hint="read page after page with `after`",
        )


def same(one: object, other: object) -> bool:
    """Whether two JSON values are equal; unlike `==`, `True` is not `1`."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        left, right = cast("dict[str, object]", one), cast("dict[str, object]", other)
        return left.keys() == right.keys() and all(same(left[name], right[name]) for name in left)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        first, second = cast("Sequence[object]", one), cast("Sequence[object]", other)
        return len(first) == len(second) and all(map(same, first, second))
    return one == other


def _is_unicode(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
