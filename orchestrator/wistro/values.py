"""JSON values: what a message, a state entry or a result may hold, and the error that says what may not."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from typing import cast

from pydantic import BaseModel
from pydantic_core import (
    PydanticSerializationError,
    from_json,
    to_json,
    to_jsonable_python,
)

MAX_DEPTH = 100
"""Levels of lists and objects in a value. Decoders refuse more than 200, and a value travels inside
others: one that is taken must be readable wherever it goes."""


class NotJson(ValueError):
    """A value has a part that JSON cannot carry; the message names the part."""


def jsonable(value: object) -> object:
    """A JSON copy of `value`: later changes to `value` do not reach it.

    Pydantic models, dataclasses, dates, decimals, UUIDs, enums, sets, tuples and bytes in UTF-8 take
    the form that Pydantic gives them; NaN and the infinities become null, as in JavaScript.

    Raises:
        NotJson: when a part of it is something else; the message names the part.
    """
    if value is None or type(value) in _SCALARS:
        return value
    if type(value) is str:
        return _checked(value)
    try:
        copy = to_jsonable_python(value, inf_nan_mode="null")
        check_depth(copy)
        return copy
    except NotJson:
        raise
    except (PydanticSerializationError, ValueError, RecursionError) as error:
        if isinstance(error, RecursionError) or "depth" in str(error):
            raise NotJson(_TOO_DEEP) from None
        path, culprit = _culprit(value)
        found = (
            f"`{path}` is a `{type(culprit).__name__}`"
            if path
            else f"it is a `{type(culprit).__name__}`"
        )
        raise NotJson(f"{found}, which JSON cannot carry ({error})") from None


def json_size(value: object) -> int:
    """Bytes of a JSON value, or of a dataclass or model of such values, as JSON text."""
    return len(to_json(value))


def check_depth(value: object) -> int:
    """Bytes of a JSON value as text, if it is not nested too deeply.

    Raises:
        NotJson: when it has more than `MAX_DEPTH` levels.
    """
    text = to_json(value)
    # The decoder counts levels at its own speed, and refuses more than twice `MAX_DEPTH`.
    try:
        from_json(b"[" * MAX_DEPTH + text + b"]" * MAX_DEPTH)
    except ValueError as error:
        raise NotJson(_TOO_DEEP) from error
    return len(text)


_TOO_DEEP = f"it is nested deeper than {MAX_DEPTH} levels"
_SCALARS = frozenset({int, bool})


def _checked(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise NotJson(
            f"it has half of a surrogate pair at {error.start}, which is no text"
        ) from None
    return text


def _culprit(value: object) -> tuple[str, object]:
    """The path to the innermost part that does not serialise, and the part."""
    path: list[str] = []
    seen: set[int] = set()
    while id(value) not in seen:
        seen.add(id(value))
        for name, part in _parts(value):
            if not _serialises(part):
                path.append(name)
                value = part
                break
        else:
            break
    return "".join(path).removeprefix("."), value


def _parts(value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, Mapping):
        fields = cast("Mapping[object, object]", value)
        yield from ((f".{key}", part) for key, part in fields.items())
    elif isinstance(value, list | tuple | set | frozenset):
        items = cast("Iterable[object]", value)
        yield from ((f"[{index}]", part) for index, part in enumerate(items))
    elif isinstance(value, BaseModel):
        yield from ((f".{name}", part) for name, part in value)
    elif dataclasses.is_dataclass(value):
        names = [field.name for field in dataclasses.fields(value)]
        yield from ((f".{name}", getattr(value, name)) for name in names)


def _serialises(value: object) -> bool:
    try:
        to_jsonable_python(value)
    except (PydanticSerializationError, ValueError, RecursionError):
        return False
    return True
