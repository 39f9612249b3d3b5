"""Forms made from JSON Schema: which fields there are, and what a filled-in form says. No HTML."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, cast
from urllib.parse import quote

from pydantic_core import from_json

from wistro.errors import Issue

Schema: TypeAlias = Mapping[str, object]
Path: TypeAlias = tuple[str, ...]
Kind: TypeAlias = Literal[
    "group",
    "text",
    "lines",
    "number",
    "integer",
    "yes_no",
    "choice",
    "date",
    "email",
    "url",
    "json",
]

_DEEPEST = 6
"""Objects in objects that get fields of their own; what is deeper is written as JSON."""
_LONG = 200
"""From how many characters on a text gets several lines."""
_TEXT_KINDS: Mapping[object, Kind] = {"date": "date", "email": "email", "uri": "url"}


@dataclass(frozen=True, kw_only=True)
class Field:
    """A field of a form, or a group of them."""

    path: Path
    kind: Kind
    label: str
    help: str = ""
    required: bool = False
    choices: tuple[object, ...] = ()
    given: object = None
    """What it begins with."""
    fields: tuple[Field, ...] = ()

    @property
    def name(self) -> str:
        """What its input is called: no other input begins with a `/`, and none has spaces in it."""
        return "/" + "/".join(quote(part, safe="") for part in self.path)

    def leaves(self) -> Iterator[Field]:
        """The fields that are filled in."""
        if self.kind != "group":
            yield self
        for field in self.fields:
            yield from field.leaves()

    def shown(self, value: object) -> str:
        """What stands in the input for a value."""
        if value is None:
            return ""
        if self.kind == "choice":
            return str(self.choices.index(value)) if value in self.choices else ""
        if isinstance(value, bool):
            return "true" if value else "false"
        return value if isinstance(value, str) and self.kind != "json" else _json(value)


def form_of(schema: Schema | None) -> Field:
    """The form of a schema: a group for an object, else the single field of the whole answer."""
    return _field((), schema or {}, schema or {}, required=True)


def read_form(form: Field, filled: Mapping[str, str]) -> tuple[object, list[Issue]]:
    """The value that a filled-in form says, and what cannot be read.

    What was left empty is left out, so that the schema decides whether it may be.
    """
    issues: list[Issue] = []
    value = _read(form, filled, issues)
    return (value if form.kind == "group" or value is not _NOTHING else None), issues


def _field(path: Path, schema: Schema, root: Schema, *, required: bool) -> Field:
    plain = _plain(schema, root)
    label = str(plain.get("title") or (path[-1].replace("_", " ") if path else "Answer"))
    about = Field(
        path=path,
        kind="json",
        label=label[:1].upper() + label[1:],
        help=str(plain.get("description") or ""),
        required=required,
        given=plain.get("default"),
    )
    properties = plain.get("properties")
    if isinstance(properties, Mapping) and properties and len(path) < _DEEPEST:
        needed = plain.get("required")
        known = cast("Mapping[str, Schema]", properties)
        fields = tuple(
            _field((*path, name), each, root, required=isinstance(needed, list) and name in needed)
            for name, each in known.items()
        )
        return replace(about, kind="group", fields=fields)
    if (choices := _choices(plain)) is not None:
        return replace(about, kind="choice", choices=choices)
    return replace(about, kind=_kind(plain))


def _kind(schema: Schema) -> Kind:
    match schema.get("type"):
        case "boolean":
            return "yes_no"
        case "integer":
            return "integer"
        case "number":
            return "number"
        case "string":
            longest = schema.get("maxLength")
            long = isinstance(longest, int) and longest > _LONG
            return _TEXT_KINDS.get(schema.get("format"), "lines" if long else "text")
        case _:
            return "json"


def _choices(schema: Schema) -> tuple[object, ...] | None:
    if "const" in schema:
        return (schema["const"],)
    values = schema.get("enum")
    return tuple(cast("list[object]", values)) if isinstance(values, list) else None


def _plain(schema: Schema, root: Schema, depth: int = 0) -> Schema:
    """The schema without references, and without `null` beside one other type.

    A schema that says something else is left as it is: its value is written as JSON.
    """
    if depth > _DEEPEST:
        return {}
    reference = schema.get("$ref")
    if isinstance(reference, str):
        own = {key: value for key, value in schema.items() if key != "$ref"}
        return _plain({**_find(reference, root), **own}, root, depth + 1)
    for word in ("anyOf", "oneOf", "allOf"):
        found = schema.get(word)
        if isinstance(found, list):
            parts = [part for part in cast("list[Schema]", found) if part.get("type") != "null"]
            if len(parts) == 1:
                own = {key: value for key, value in schema.items() if key != word}
                return _plain({**parts[0], **own}, root, depth + 1)
    types = schema.get("type")
    if isinstance(types, list):
        others = [each for each in cast("list[object]", types) if each != "null"]
        if len(others) == 1:
            return {**schema, "type": others[0]}
    return schema


def _find(reference: str, root: Schema) -> Schema:
    found = root
    for part in reference.removeprefix("#").split("/")[1:]:
        inner = found.get(part.replace("~1", "/").replace("~0", "~"))
        if not isinstance(inner, Mapping):
            return {}
        found = cast("Schema", inner)
    return found


_NOTHING = object()


def _read(field: Field, filled: Mapping[str, str], issues: list[Issue]) -> object:
    if field.kind == "group":
        parts = ((each.path[-1], _read(each, filled, issues)) for each in field.fields)
        found = {name: value for name, value in parts if value is not _NOTHING}
        # An object that nothing was said of is left out too, unless there has to be one.
        return found if found or field.required or not field.path else _NOTHING
    text = filled.get(field.name, "").replace("\r\n", "\n")
    if not text.strip():
        return _NOTHING
    try:
        return _parse(field, text)
    except ValueError as error:
        issues.append(Issue(field=".".join(("data", *field.path)), message=str(error)))
        return _NOTHING


def _parse(field: Field, text: str) -> object:
    match field.kind:
        case "yes_no":
            return text == "true"
        case "choice":
            return _chosen(field.choices, text)
        case "integer" | "number":
            return _number(text.strip(), whole=field.kind == "integer")
        case "json":
            try:
                # Not `json.loads`: it takes `NaN`, halves of characters, and a million brackets.
                return cast("object", from_json(text, allow_inf_nan=False))
            except ValueError as error:
                raise ValueError(f"this is not JSON: {error}") from None
        case "date" | "email" | "url":
            return text.strip()
        case _:
            return text


def _chosen(choices: Sequence[object], text: str) -> object:
    if text.isdigit() and int(text) < len(choices):
        return choices[int(text)]
    raise ValueError("expected one of the choices")


def _number(text: str, *, whole: bool) -> int | float:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        found = float(text)
    except ValueError:
        found = float("nan")
    if not math.isfinite(found):
        raise ValueError(f"expected a number, found `{text[:60]}`")
    if whole and not found.is_integer():
        raise ValueError(f"expected a whole number, found `{text[:60]}`")
    return int(found) if whole else found


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
