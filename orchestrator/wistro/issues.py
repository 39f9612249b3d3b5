"""Turns pydantic's errors into issues: the field as its author spelled it, and what was expected."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal, TypeAlias, cast, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from wistro.errors import Issue

Location: TypeAlias = tuple[str | int, ...]


def issues_of(
    error: ValidationError,
    model: type[BaseModel],
    value: object = None,
    *,
    line_of: Callable[[Location], int | None] | None = None,
) -> tuple[Issue, ...]:
    """What is wrong with `value`, read as `model`: every issue names its field.

    Args:
        error: What validating `value` raised.
        model: The model it was validated with; suggestions come from its fields.
        value: The raw input, so that fields are named the way it spells them.
        line_of: Where a location stands in the file that `value` was read from.
    """
    issues: list[Issue] = []
    for found in error.errors(include_url=False):
        location = tuple(part for part in found["loc"] if not _is_tag(part))
        line = line_of(location) if line_of else None
        issues.append(replace(_issue(found, location, model, value), line=line))
    return tuple(issues)


def dotted(location: Iterable[str | int]) -> str:
    """A location as people write it: `lines[1].sku`; that of the whole value is empty."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return "".join(parts).removeprefix(".")


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word that `word` was probably meant to be."""
    plain = {_plain(name): name for name in known}
    found = difflib.get_close_matches(_plain(word), list(plain), n=1, cutoff=0.7)
    return plain[found[0]] if found else None


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """A hint: the closest known word, or all of them."""
    match = closest(word, known)
    if match:
        return f"did you mean `{match}`?"
    return "known are " + ", ".join(f"`{name}`" for name in known)


def _is_tag(part: str | int) -> bool:
    """Whether it names a branch of a union (`wistro.options.PLAIN_OR_TABLE`) or a mapping's key."""
    return isinstance(part, str) and (part.startswith("<") or part == "[key]")


def _issue(found: ErrorDetails, location: Location, model: type[BaseModel], value: object) -> Issue:
    field = _spell(location, value)
    if found["type"] == "extra_forbidden":
        word = str(location[-1])
        known = _fields_at(model, location[:-1], camel=_camel(word))
        where = f" in `{_spell(location[:-1], value)}`" if location[:-1] else ""
        return Issue(
            field=field, message=f"unknown field `{word}`{where}", hint=did_you_mean(word, known)
        )
    if found["type"] == "missing":
        return Issue(field=field, message=f"`{field}` is missing")
    if found["type"] == "value_error":
        return Issue(
            field=field, message=f"`{field}`: {found['msg'].removeprefix('Value error, ')}"
        )
    expected = found["msg"].removeprefix("Input ").removeprefix("Value ")
    expected = expected.partition(" after validation")[0]
    return Issue(field=field, message=f"`{field}` {expected}, found {_show(found['input'])}")


def _show(value: object) -> str:
    text = repr(value)
    return f"`{text}`" if len(text) <= 60 else f"a `{type(value).__name__}`"


def _plain(word: str) -> str:
    return word.replace("_", "").replace("-", "").lower()


def _camel(word: str) -> bool:
    return "_" not in word and word != word.lower()


def _spell(location: Sequence[str | int], value: object) -> str:
    """`queue.maxRetries` or `queue.max_retries`: as `value` has it, else the Python name."""
    text = ""
    for part in location:
        if isinstance(part, int):
            text += f"[{part}]"
            items = cast("Sequence[object]", value) if isinstance(value, list | tuple) else ()
            value = items[part] if part < len(items) else None
            continue
        name = part
        if isinstance(value, Mapping):
            table = cast("Mapping[object, object]", value)
            name = part if part in table else _snake(part)
            value = table.get(name)
        elif value is None:
            name = _snake(part)
        text += f".{name}" if text else name
    return text


def _snake(name: str) -> str:
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in name)


def _fields_at(
    model: type[BaseModel], location: Sequence[str | int], *, camel: bool
) -> tuple[str, ...]:
    """The fields that would be known at `location`."""
    here: list[object] = [model]
    for part in location:
        here = [step for annotation in here for step in _descend(annotation, part)]
    models = [found for annotation in here for found in _models(annotation)]
    names = [
        (field.alias or name) if camel else name
        for found in models
        for name, field in found.model_fields.items()
    ]
    return tuple(dict.fromkeys(names))


def _descend(annotation: object, part: str | int) -> list[object]:
    """What `annotation` holds at `part`: a field, the value of a mapping, an item of a list."""
    annotation = _bare(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = annotation.model_fields
        return [f.annotation for name, f in fields.items() if part in {name, f.alias}]
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is None or origin is Literal:
        return []
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return [arguments[1]] if isinstance(part, str) else []
    if isinstance(origin, type) and issubclass(origin, Sequence):
        return [arguments[0]] if isinstance(part, int) else []
    return [step for argument in arguments for step in _descend(argument, part)]


def _models(annotation: object) -> list[type[BaseModel]]:
    annotation = _bare(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    origin = get_origin(annotation)
    if origin is None or (isinstance(origin, type) and issubclass(origin, Mapping | Sequence)):
        return []
    return [found for argument in get_args(annotation) for found in _models(argument)]


def _bare(annotation: Any) -> object:
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    return annotation
