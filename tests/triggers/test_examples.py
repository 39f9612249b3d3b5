"""Examples from schemas: valid always, and what a person would write where that is said."""

from __future__ import annotations

from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wistro.schemas import SchemaCheck
from wistro_triggers.example_patterns import text_matching
from wistro_triggers.example_scalars import NoExample
from wistro_triggers.examples import example_of

Json = dict[str, Any]

FORMATS = [
    "date",
    "date-time",
    "time",
    "duration",
    "email",
    "hostname",
    "ipv4",
    "ipv6",
    "uri",
    "uuid",
]
NAMES = st.sampled_from(["id", "name", "count", "lines", "address", "note", "a b"])


@st.composite
def texts(draw: st.DrawFn) -> Json:
    least = draw(st.integers(0, 30))
    bounds = draw(st.sampled_from([{}, {"minLength": least}, {"maxLength": least}]))
    return {"type": "string", **bounds}


@st.composite
def numbers(draw: st.DrawFn) -> Json:
    kind = draw(st.sampled_from(["integer", "number"]))
    low = draw(st.integers(-1000, 1000))
    schema: Json = {"type": kind}
    if draw(st.booleans()):
        schema[draw(st.sampled_from(["minimum", "exclusiveMinimum"]))] = low
    if draw(st.booleans()):
        width = draw(st.integers(20, 500))
        schema[draw(st.sampled_from(["maximum", "exclusiveMaximum"]))] = low + width
    if draw(st.booleans()):
        schema["multipleOf"] = draw(st.integers(1, 9))
    return schema


LEAVES = st.one_of(
    texts(),
    numbers(),
    st.sampled_from(FORMATS).map(lambda format: {"type": "string", "format": format}),
    st.sampled_from(["^[A-Z]{3}-\\d{4}$", "^(tea|cup)s?$", "^\\+?[0-9 ]{5,}$", "[^a-z]"]).map(
        lambda pattern: {"type": "string", "pattern": pattern}
    ),
    st.lists(st.one_of(st.text(max_size=5), st.integers(), st.none()), min_size=1, max_size=4).map(
        lambda values: {"enum": values}
    ),
    st.one_of(st.text(max_size=5), st.integers()).map(lambda value: {"const": value}),
    st.sampled_from([{"type": "boolean"}, {"type": "null"}, {}, {"type": ["null", "integer"]}]),
    st.just({"$ref": "#/$defs/tree"}),
)


def _object(properties: Json, required: list[str], closed: bool) -> Json:
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in required if name in properties],
        **({"additionalProperties": False} if closed else {}),
    }


def _both(one: Json, other: Json) -> Json:
    return {
        "allOf": [
            _object({"left": one}, ["left"], False),
            _object({"right": other}, ["right"], False),
        ]
    }


def _choice(parts: list[Json]) -> Json:
    return {
        "oneOf": [
            _object({"kind": {"const": str(index)}, "value": part}, ["kind"], True)
            for index, part in enumerate(parts)
        ]
    }


def _list(items: Json, least: int) -> Json:
    return {"type": "array", "items": items, "minItems": least}


def _any(options: list[Json]) -> Json:
    return {"anyOf": options}


def _map(values: Json) -> Json:
    return {"type": "object", "additionalProperties": values}


def _grown(inner: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    properties = st.dictionaries(NAMES, inner, max_size=4)
    return st.one_of(
        st.builds(_object, properties, st.lists(NAMES, unique=True), st.booleans()),
        st.builds(_list, inner, st.integers(0, 3)),
        st.lists(inner, min_size=1, max_size=3).map(_any),
        st.tuples(st.just({"type": "null"}), inner).map(list).map(_any),
        inner.map(_map),
        st.builds(_both, inner, inner),
        st.lists(inner, min_size=2, max_size=2).map(_choice),
    )


TREE: Json = {
    "type": "object",
    "properties": {
        "label": {"type": "string"},
        "children": {"type": "array", "items": {"$ref": "#/$defs/tree"}},
        "parent": {"anyOf": [{"$ref": "#/$defs/tree"}, {"type": "null"}]},
    },
    "required": ["label"],
}
SCHEMAS = st.recursive(LEAVES, _grown, max_leaves=8).map(
    lambda schema: {**schema, "$defs": {"tree": TREE}}
)


@settings(max_examples=300, deadline=None)
@given(SCHEMAS)
def test_an_example_is_valid(schema: Json) -> None:
    assert SchemaCheck(schema).issues(example_of(schema), root="") == []


def test_what_the_schema_says_comes_first() -> None:
    schema = {
        "type": "object",
        "properties": {
            "customer": {"type": "string", "examples": ["Ada"]},
            "country": {"type": "string", "default": "CH"},
            "unit": {"enum": ["piece", "kilo"]},
            "count": {"type": "integer", "minimum": 2, "default": 1},
            "email": {"type": "string", "format": "email"},
        },
    }
    assert example_of(schema) == {
        "customer": "Ada",
        "country": "CH",
        "unit": "piece",
        "count": 2,  # a default that is not valid does not count
        "email": "ada@example.com",
    }


def test_texts_are_like_their_names() -> None:
    text = {"type": "string"}
    properties = {
        "customerName": text,
        "ship_to_email": {**text, "pattern": "^[^@]+@[^@]+$"},
        "city": {**text, "maxLength": 3},
        "card": text,
    }
    assert example_of({"type": "object", "properties": properties}) == {
        "customerName": "Ada Lovelace",
        "ship_to_email": "ada@example.com",
        "city": "Zur",
        "card": "text",
    }


def test_what_refers_to_itself_ends() -> None:
    value = cast("Json", example_of({"$ref": "#/$defs/tree", "$defs": {"tree": TREE}}))
    assert value["label"] == "text"


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "array", "uniqueItems": True, "minItems": 4, "items": {"type": "integer"}},
        {"type": "array", "uniqueItems": True, "minItems": 3, "items": {"type": "string"}},
        {"type": "array", "prefixItems": [{"const": 1}, {"type": "string"}], "items": False},
        {"type": "array", "contains": {"const": "needle"}},
        {"if": {"properties": {"a": {"const": 1}}}, "then": {"required": ["b"]}, "type": "object"},
        {"type": "object", "minProperties": 2, "additionalProperties": {"type": "integer"}},
        {"$ref": "#/properties/a", "properties": {"a": {"type": "object"}}},
    ],
    ids=str,
)
def test_less_common_keywords(schema: Json) -> None:
    assert SchemaCheck(schema).issues(example_of(schema), root="") == []


@pytest.mark.parametrize(
    "schema",
    [
        {"enum": []},
        {"type": "string", "minLength": 5, "maxLength": 2},
        {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}},
        {"type": "string", "pattern": "^(?=a)b$"},
        {"$ref": "https://example.com/elsewhere.json"},
    ],
    ids=str,
)
def test_no_example_where_none_is_found(schema: Json) -> None:
    with pytest.raises(NoExample):
        example_of(schema)


@pytest.mark.parametrize(
    "pattern",
    [
        "^[a-z]+$",
        "^(?:EUR|USD) \\d+\\.\\d{2}$",
        "^[^@\\s]+@[^@\\s]+\\.[a-z]{2,}$",
        "^\\p{L}+$",
        "^[\\w.-]{3,10}?$",
        "\\u0041\\x42",
        "^(?<year>\\d{4})-(?!00)\\d\\d$",
        "^[]a]$",
        "a|b",
        "",
        "^.{12,}$",
    ],
)
def test_texts_of_patterns(pattern: str) -> None:
    assert text_matching(pattern) is not None
