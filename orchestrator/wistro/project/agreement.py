"""Whether two JSON Schemas can agree: could a message that one allows be what the other expects?

A structural check, on the side of silence: it speaks when the two can never agree, or when what is
required is not among the properties of the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

Schema = Mapping[str, object]

_DEPTH = 12
"""Recursive schemas are followed this far."""


def disagreement(given: Schema, wanted: Schema) -> str | None:
    """Why no message that fits `given` is one that `wanted` expects; None when some may be.

    Args:
        given: What the emitter says of its messages.
        wanted: What the subscriber says.
    """
    return _compare(given, wanted, given, wanted, "", _DEPTH)


def _compare(
    given: object, wanted: object, givens: Schema, wanteds: Schema, path: str, depth: int
) -> str | None:
    left, right = _resolve(given, givens), _resolve(wanted, wanteds)
    if not left or not right or not depth:
        return None
    lefts, rights = _branches(left), _branches(right)
    if len(lefts) > 1 or len(rights) > 1:
        # A union agrees when any of its branches does.
        found = [_compare(a, b, givens, wanteds, path, depth - 1) for a in lefts for b in rights]
        return None if None in found else found[0]
    return (
        _types(left, right, path)
        or _values(left, right, path)
        or _properties(left, right, givens, wanteds, path, depth)
        or _items(left, right, givens, wanteds, path, depth)
    )


def _types(left: Schema, right: Schema, path: str) -> str | None:
    given, wanted = _type_names(left), _type_names(right)
    if not given or not wanted or given & wanted:
        return None
    # Every integer is a number; a number may happen to be an integer.
    if {"integer", "number"} <= given | wanted:
        return None
    return f"{_at(path)} is {_either(given)}, expected {_either(wanted)}"


def _values(left: Schema, right: Schema, path: str) -> str | None:
    given, wanted = _enumerated(left), _enumerated(right)
    if given is None or wanted is None or any(value in wanted for value in given):
        return None
    return f"{_at(path)} is {_either(map(repr, given))}, expected {_either(map(repr, wanted))}"


def _properties(
    left: Schema, right: Schema, givens: Schema, wanteds: Schema, path: str, depth: int
) -> str | None:
    given, wanted = _table(left.get("properties")), _table(right.get("properties"))
    required = cast("list[str]", right.get("required") or [])
    # A schema that lists properties means those: that JSON Schema would let more through does not
    # make anyone send them. `additionalProperties: true` and patterns are said on purpose.
    open_ended = bool(left.get("additionalProperties") or left.get("patternProperties"))
    if given and not open_ended:
        for name in required:
            if name not in given:
                return f"{_at(_join(path, name))} is required, and the emitter never sends it"
    for name in given.keys() & wanted.keys():
        if name in required:
            inner = _join(path, name)
            problem = _compare(given[name], wanted[name], givens, wanteds, inner, depth - 1)
            if problem:
                return problem
    return None


def _items(
    left: Schema, right: Schema, givens: Schema, wanteds: Schema, path: str, depth: int
) -> str | None:
    # A list may be empty whatever its items are: only two plain lists are worth comparing.
    given, wanted = _table(left.get("items")), _table(right.get("items"))
    return _compare(given, wanted, givens, wanteds, f"{path}[]", depth - 1)


def _resolve(schema: object, document: Schema) -> Schema:
    """The schema that a local reference stands for; an empty one for what cannot be followed."""
    for _ in range(_DEPTH):
        if not isinstance(schema, Mapping):
            return {}
        found = cast("Schema", schema)
        reference = found.get("$ref")
        if not isinstance(reference, str):
            return found
        schema = _follow(reference, document)
    return {}


def _follow(reference: str, document: Schema) -> object:
    if not reference.startswith("#"):
        return {}
    place: object = document
    for part in reference.removeprefix("#").strip("/").split("/"):
        if part:
            table = _table(place)
            place = table.get(part.replace("~1", "/").replace("~0", "~"))
    return place


def _branches(schema: Schema) -> list[Schema]:
    for keyword in ("anyOf", "oneOf"):
        branches = schema.get(keyword)
        if isinstance(branches, list) and branches:
            return cast("list[Schema]", branches)
    return [schema]


def _type_names(schema: Schema) -> set[str]:
    names = schema.get("type")
    if isinstance(names, str):
        return {names}
    if isinstance(names, list):
        return set(cast("list[str]", names))
    return {"object"} if "properties" in schema else set()


def _enumerated(schema: Schema) -> list[object] | None:
    if "const" in schema:
        return [schema["const"]]
    values = schema.get("enum")
    return cast("list[object]", values) if isinstance(values, list) else None


def _table(value: object) -> Mapping[str, object]:
    return cast("Mapping[str, object]", value) if isinstance(value, Mapping) else {}


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _at(path: str) -> str:
    return f"`{path}`" if path else "the message"


def _either(names: object) -> str:
    return " or ".join(sorted(cast("set[str]", names)))
