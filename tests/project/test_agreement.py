"""Whether an emitter's schema and a subscriber's can agree."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from pydantic import BaseModel, TypeAdapter

from wistro.project.agreement import disagreement


class Item(BaseModel):
    sku: str
    count: int = 1


class Basket(BaseModel):
    id: str
    items: list[Item]
    note: str | None = None


class Node(BaseModel):
    value: int
    next: Node | None = None


class WordNode(BaseModel):
    value: str
    next: WordNode | None = None


class Big(BaseModel):
    id: int


class Titled(BaseModel):
    id: str
    title: str


class Closed(BaseModel, extra="allow"):
    id: str


class State(BaseModel):
    state: Literal["open", "held"]


class Done(BaseModel):
    state: Literal["done"]


class TextItems(BaseModel):
    items: list[str]


def schema(kind: Any) -> dict[str, Any]:
    return kind if isinstance(kind, dict) else TypeAdapter(kind).json_schema()


@pytest.mark.parametrize(
    ("given", "wanted", "problem"),
    [
        (Basket, Basket, None),
        (Basket, Big, "`id` is string, expected integer"),
        (Basket, Titled, "`title` is required, and the emitter never sends it"),
        (Closed, Titled, None),
        (Titled, Basket, "`items` is required"),
        (Basket, TextItems, "`items[]` is object, expected string"),
        (State, State, None),
        (State, Done, "`state` is 'held' or 'open', expected 'done'"),
        (Node, Node, None),
        (Node, WordNode, "`value` is integer, expected string"),
        (int, float, None),
        (float, int, None),
        (str, int, "the message is string, expected integer"),
        (str | None, int, "the message is string, expected integer"),
        (str | None, int | None, None),
        (str | int, int, None),
        (list[int], list[str], "`[]` is integer, expected string"),
        (list[int], dict[str, int], "the message is array, expected object"),
        ({}, Basket, None),
        (Basket, {}, None),
        ({"type": "object"}, Basket, None),
        ({"type": ["string", "null"]}, {"type": ["null", "integer"]}, None),
        ({"$ref": "https://example.com/x"}, Basket, None),
        ({"$ref": "#/nowhere"}, Basket, None),
        ({"const": 1}, {"enum": [2, 3]}, "the message is 1, expected 2 or 3"),
    ],
)
def test_disagreement(given: Any, wanted: Any, problem: str | None) -> None:
    found = disagreement(schema(given), schema(wanted))
    assert (found is None) == (problem is None), found
    assert problem is None or (found is not None and problem in found)


def test_recursion_ends() -> None:
    loop = {"$defs": {"a": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"}
    assert disagreement(loop, loop) is None
    union: dict[str, Any] = {"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}
    assert disagreement(union, {"type": "string"}) is None
