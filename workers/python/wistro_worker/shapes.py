"""What data must look like: checked when it arrives, and when a handler sends it.

A declared Pydantic type wins, because handlers then work with its instances; a JSON Schema checks
plain values; without either, anything that JSON can carry passes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, cast

import jsonschema_rs
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import to_json

from wistro.errors import InvalidMessage, Issue
from wistro.issues import dotted
from wistro.schemas import wrong_field
from wistro.values import NotJson, jsonable

_SHOWN = 5
"""Issues that an error message spells out; all of them are in its details."""


class Shape(Protocol):
    """A check of data, and its conversion between JSON and what handlers use."""

    def load(self, data: object, what: str) -> object:
        """What a handler gets for the JSON value `data`.

        Raises:
            InvalidMessage: it begins with `what` and names every field that is wrong.
        """
        ...

    def dump(self, value: object, what: str) -> object:
        """The JSON value of what a handler gave.

        Raises:
            InvalidMessage: it begins with `what` and names every field that is wrong.
        """
        ...


def shape_of(source: object) -> Shape:
    """The shape that a type or a JSON Schema describes; `None` accepts every JSON value.

    Raises:
        ValueError: Pydantic can make nothing of the type, or the schema is not one.
    """
    if source is None:
        return ANYTHING
    if isinstance(source, Mapping):
        return _SchemaShape(cast("Mapping[str, object]", source))
    return _TypedShape(source)


class _AnyShape:
    """Any JSON value."""

    def load(self, data: object, what: str) -> object:
        _ = what
        return data

    def dump(self, value: object, what: str) -> object:
        try:
            return jsonable(value)
        except NotJson as error:
            raise InvalidMessage(
                f"{what} cannot be sent: {error}",
                hint="send objects, lists, strings, numbers, booleans, null, or Pydantic models of those",
            ) from None


ANYTHING: Shape = _AnyShape()


class _TypedShape:
    """A type that Pydantic validates."""

    def __init__(self, declared: Any) -> None:
        self._adapter = TypeAdapter[object](declared)
        self._name: str = getattr(declared, "__name__", None) or str(declared)
        is_model = isinstance(declared, type) and issubclass(declared, BaseModel)
        self._model: type[BaseModel] | None = declared if is_model else None

    def load(self, data: object, what: str) -> object:
        try:
            # From JSON text, because strict models accept the strings of dates only there.
            return self._adapter.validate_json(to_json(data))
        except ValidationError as error:
            raise _refusal(what, f"`{self._name}`", _issues(error)) from None

    def dump(self, value: object, what: str) -> object:
        data = ANYTHING.dump(value, what)
        if self._model is not None and type(value) is self._model:
            return data
        return ANYTHING.dump(self.load(data, what), what)


class _SchemaShape:
    """A JSON Schema (draft 2020-12)."""

    def __init__(self, schema: Mapping[str, object]) -> None:
        self._validator = jsonschema_rs.validator_for(dict(schema))

    def load(self, data: object, what: str) -> object:
        if not self._validator.is_valid(data):
            found = [
                Issue(field=dotted(wrong_field(error)), message=_brief(error.message))
                for error in self._validator.iter_errors(data)
            ]
            raise _refusal(what, "its schema", found)
        return data

    def dump(self, value: object, what: str) -> object:
        return self.load(ANYTHING.dump(value, what), what)


def _issues(error: ValidationError) -> list[Issue]:
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return [Issue(field=dotted(issue["loc"]), message=issue["msg"]) for issue in found]


def _refusal(what: str, shape: str, issues: Sequence[Issue]) -> InvalidMessage:
    shown = "; ".join(
        f"`{issue.field}`: {issue.message}" if issue.field else issue.message
        for issue in issues[:_SHOWN]
    )
    more = f"; and {len(issues) - _SHOWN} more" if len(issues) > _SHOWN else ""
    return InvalidMessage(
        f"{what} does not fit {shape}: {shown}{more}",
        issues=issues,
        hint="change the sender or the schema so that the two agree",
    )


def _brief(message: str) -> str:
    # jsonschema-rs quotes the value it found, however large it is.
    return message if len(message) <= 300 else f"…{message[-200:]}"
