"""An example of what a JSON Schema describes: what a tester starts from.

What the schema itself says comes first (`const`, `examples`, `default`, `enum`); what it leaves open is
made up within its bounds. An example is given only if it is valid.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import cast

from wistro.schemas import SchemaCheck
from wistro_triggers.example_scalars import NoExample, Schema, a_number, a_text, count_of

_DEEPEST = 8
"""Levels beyond which only what is required is written."""
_BOTTOM = 24
"""Levels beyond which nothing is: the schema asks for something without end."""
_MOST_ITEMS = 50
_PATIENCE = 3000
"""How many parts are made at most, tries that lead nowhere included."""
_KEYWORDS = {
    "object": (
        "properties",
        "required",
        "additionalProperties",
        "minProperties",
        "patternProperties",
    ),
    "array": ("items", "prefixItems", "minItems", "maxItems", "contains", "uniqueItems"),
    "string": ("minLength", "maxLength", "pattern", "format"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
}
"""What speaks of a type where the schema does not name one."""


def example_of(schema: Schema) -> object:
    """A value that `schema` accepts: with all that may be said, or else with what must be.

    Raises:
        NoExample: none was found; some schemas accept nothing at all.
    """
    maker = _Maker(schema)
    for sparing in (False, True):
        try:
            value = maker.make(schema, sparing=sparing)
        except NoExample:
            continue
        if maker.fits(schema, value):
            return value
    raise NoExample


class _Maker:
    def __init__(self, root: Schema) -> None:
        self._root = root
        self._work = 0
        self._checks: dict[int, tuple[Schema, SchemaCheck | None]] = {}

    def fits(self, schema: Schema, value: object) -> bool:
        """Whether a part of the schema accepts `value`; references in it start at the whole one."""
        known = self._checks.get(id(schema))
        if known is None:  # kept with its schema, so that no other gets its id
            known = self._checks[id(schema)] = (schema, self._check(schema))
        check = known[1]
        return check is None or not check.issues(value, root="")

    def _check(self, schema: Schema) -> SchemaCheck | None:
        try:
            return SchemaCheck(
                {**{key: self._root[key] for key in _DEFS if key in self._root}, **schema}
            )
        except ValueError:  # its references lead elsewhere: only the whole schema can tell
            return None

    def make(
        self, schema: object, *, depth: int = 0, nth: int = 0, sparing: bool = False, name: str = ""
    ) -> object:
        """A value for `schema`; another `nth` makes another value where there are several."""
        self._work += 1
        if schema is False or depth > _BOTTOM or self._work > _PATIENCE:
            raise NoExample
        if not isinstance(schema, Mapping):
            return {}
        found = cast("Schema", schema)
        named = self._named(found)
        if named:
            return named[nth % len(named)]
        return self._first_fitting(found, depth=depth, nth=nth, sparing=sparing, name=name)

    def _named(self, schema: Schema) -> list[object]:
        """The values that the schema itself names, as far as it accepts them."""
        named = [value for value in _given(schema) if self.fits(schema, value)]
        if not named and ("const" in schema or "enum" in schema):
            raise NoExample
        return named

    def _first_fitting(
        self, schema: Schema, *, depth: int, nth: int, sparing: bool, name: str
    ) -> object:
        """The first of the ways to understand a schema that leads to a value."""
        last: object = None
        made = False
        for plain in self._unfolded(schema, depth):
            try:
                named = self._named(plain)
                last = (
                    named[nth % len(named)]
                    if named
                    else self._typed(plain, depth=depth, nth=nth, sparing=sparing, name=name)
                )
            except NoExample:
                continue
            made = True
            if self.fits(schema, last):
                return last
        if not made:
            raise NoExample
        return last

    def _unfolded(self, schema: Schema, depth: int) -> Iterator[Schema]:
        """Schemas without references, combinations and conditions that imply the given one."""
        if depth > _BOTTOM:
            return
        if isinstance(reference := schema.get("$ref"), str):
            rest = {key: value for key, value in schema.items() if key != "$ref"}
            yield from self._unfolded(_merged([self._resolve(reference), rest]), depth + 1)
            return
        if parts := _schemas(schema.get("allOf")):
            rest = {key: value for key, value in schema.items() if key != "allOf"}
            resolved = [self._referred(part) for part in parts]
            yield from self._unfolded(_merged([*resolved, rest]), depth + 1)
            return
        for keyword in ("oneOf", "anyOf"):
            if options := _schemas(schema.get(keyword)):
                rest = {key: value for key, value in schema.items() if key != keyword}
                # `null` is an option that shows nothing.
                for option in sorted(options, key=lambda each: each.get("type") == "null"):
                    yield from self._unfolded(_merged([rest, self._referred(option)]), depth + 1)
                return
        if "if" in schema:
            rest = {key: value for key, value in schema.items() if key not in _CONDITION}
            yield from self._conditions(schema, rest, depth)
            return
        yield schema

    def _conditions(self, schema: Schema, rest: Schema, depth: int) -> Iterator[Schema]:
        yield from self._unfolded(rest, depth + 1)
        condition = _schemas([schema["if"]])
        for parts in (
            [*condition, *_schemas([schema.get("then")])],
            _schemas([schema.get("else")]),
        ):
            yield from self._unfolded(
                _merged([rest, *(self._referred(part) for part in parts)]), depth + 1
            )

    def _referred(self, schema: Schema) -> Schema:
        for _ in range(_BOTTOM):
            reference = schema.get("$ref")
            if not isinstance(reference, str):
                return schema
            rest = {key: value for key, value in schema.items() if key != "$ref"}
            schema = _merged([self._resolve(reference), rest])
        raise NoExample

    def _resolve(self, reference: str) -> Schema:
        """What a reference within the schema leads to."""
        if not reference.startswith("#"):
            raise NoExample
        found: object = self._root
        for part in reference.removeprefix("#").split("/")[1:]:
            key = part.replace("~1", "/").replace("~0", "~").replace("%24", "$")
            if isinstance(found, Mapping):
                found = cast("object", found.get(key))
            elif isinstance(found, Sequence) and key.isdigit():
                items = cast("Sequence[object]", found)
                found = items[int(key)] if int(key) < len(items) else None
        if not isinstance(found, Mapping):
            raise NoExample
        return cast("Schema", found)

    def _typed(self, schema: Schema, *, depth: int, nth: int, sparing: bool, name: str) -> object:
        match _type_of(schema):
            case "object":
                return self._object(schema, depth=depth, nth=nth, sparing=sparing)
            case "array":
                return self._array(schema, depth=depth, nth=nth, sparing=sparing)
            case "string":
                return a_text(schema, nth, name=name)
            case "integer":
                return a_number(schema, nth, whole=True)
            case "number":
                return a_number(schema, nth, whole=False)
            case "boolean":
                return nth % 2 == 0
            case "null":
                return None
            case _:
                return {} if nth == 0 else f"text {nth + 1}"

    def _object(self, schema: Schema, *, depth: int, nth: int, sparing: bool) -> dict[str, object]:
        properties = cast("Mapping[str, object]", schema.get("properties") or {})
        required = cast("Sequence[str]", schema.get("required") or ())
        more: object = schema.get("additionalProperties", {})
        value: dict[str, object] = {}
        for name in [*properties, *(each for each in required if each not in properties)]:
            needed = name in required
            if not needed and (sparing or depth > _DEEPEST):
                continue
            try:
                value[name] = self.make(
                    properties.get(name, more),
                    # What refers to itself ends soon, unless it must go on.
                    depth=depth + (1 if needed else 3),
                    nth=nth,
                    sparing=sparing,
                    name=name,
                )
            except NoExample:
                if needed:
                    raise
        least = count_of(schema.get("minProperties"), 0)
        shown = 1 if not properties and not sparing and _describes(more) else 0
        for number in range(1, max(least, shown) - len(value) + 1):
            value[f"key{number}"] = self.make(
                more, depth=depth + 3, nth=number - 1, sparing=sparing
            )
        return value

    def _array(self, schema: Schema, *, depth: int, nth: int, sparing: bool) -> list[object]:
        first = cast("Sequence[object]", schema.get("prefixItems") or ())
        each = schema.get("items", {})
        contained = schema.get("contains")
        least = count_of(schema.get("minItems"), 0)
        most = count_of(schema.get("maxItems"), _MOST_ITEMS)
        shown = 0 if sparing or depth > _DEEPEST else 1
        if least > _MOST_ITEMS:
            raise NoExample
        value: list[object] = []
        for index in range(min(most, max(least, len(first), shown))):
            inner = first[index] if index < len(first) else contained or each
            try:
                value.append(self.make(inner, depth=depth + 2, nth=nth + index, sparing=sparing))
            except NoExample:
                if index < least:
                    raise
                break
        if contained is not None and not value:
            value.append(self.make(contained, depth=depth + 2, nth=nth, sparing=sparing))
        return value


_DEFS = ("$defs", "definitions")
_CONDITION = ("if", "then", "else")


def _describes(schema: object) -> bool:
    return isinstance(schema, Mapping) and len(cast("Schema", schema)) > 0


def _given(schema: Schema) -> Iterator[object]:
    """The values that a schema names."""
    if "const" in schema:
        yield schema["const"]
        return
    for keyword in ("examples", "default", "example", "enum"):
        if keyword in schema:
            found = schema[keyword]
            many = keyword in ("examples", "enum") and isinstance(found, list)
            yield from cast("list[object]", found) if many else (found,)


def _schemas(found: object) -> list[Schema]:
    """The schemas of a list, without those that are just `true` or `false`."""
    parts: Iterable[object] = cast("list[object]", found) if isinstance(found, list) else ()
    return [cast("Schema", part) for part in parts if isinstance(part, Mapping)]


def _merged(parts: Sequence[Schema]) -> Schema:
    """One schema that asks for what all of them do, as far as keywords can say it."""
    merged: dict[str, object] = {}
    for part in parts:
        for keyword, value in part.items():
            merged[keyword] = _both(keyword, merged[keyword], value) if keyword in merged else value
    return merged


def _both(keyword: str, one: object, other: object) -> object:
    """A keyword that two schemas have, so that it asks for both."""
    match one, other:
        case Mapping(), Mapping() if keyword == "properties":
            properties = dict(cast("Mapping[str, object]", one))
            for name, schema in cast("Mapping[str, object]", other).items():
                known = properties.get(name)
                properties[name] = (
                    schema if known is None or known == schema else {"allOf": [known, schema]}
                )
            return properties
        case list(), list() if keyword == "required":
            names = [*cast("list[str]", one), *cast("list[str]", other)]
            return list(dict.fromkeys(names))
        case list(), list() if keyword in ("allOf", "oneOf", "anyOf"):
            # Two choices at once are rare: the later is made, and the result checked.
            chosen = cast("list[object]", other)
            return [*cast("list[object]", one), *chosen] if keyword == "allOf" else chosen
        case list(), list() if keyword == "enum":
            known = cast("list[object]", other)
            return [value for value in cast("list[object]", one) if value in known]
        case int() | float(), int() | float() if keyword.startswith(("min", "exclusiveMin")):
            return max(one, other)
        case int() | float(), int() | float() if keyword.startswith(("max", "exclusiveMax")):
            return min(one, other)
        case _:
            return other


def _type_of(schema: Schema) -> str | None:
    named = schema.get("type")
    if isinstance(named, str):
        return named
    if isinstance(named, list):
        names = cast("list[str]", named)
        return next((name for name in names if name != "null"), names[0] if names else None)
    for name, keywords in _KEYWORDS.items():
        if any(keyword in schema for keyword in keywords):
            return name
    return None
