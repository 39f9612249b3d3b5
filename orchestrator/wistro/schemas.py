"""Message schemas: what authors may give as one, and its JSON Schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from types import UnionType
from typing import Annotated, Protocol, TypeAlias, cast

import jsonschema_rs
from pydantic import PlainSerializer, PlainValidator, TypeAdapter, WithJsonSchema
from pydantic.errors import PydanticSchemaGenerationError, PydanticUserError

from wistro.errors import Issue

JsonSchema: TypeAlias = Mapping[str, object]

_MOST_ISSUES = 20
"""A wrong list of a thousand items needs no thousand messages."""


def json_schema(source: object) -> dict[str, object]:
    """The JSON Schema (draft 2020-12) of a pydantic model, any type pydantic knows, or itself.

    Raises:
        ValueError: `source` is neither a type that can be validated nor a JSON Schema.
    """
    if isinstance(source, Mapping):
        schema = dict(cast("JsonSchema", source))
        try:
            jsonschema_rs.meta.validate(schema)
        except (jsonschema_rs.ValidationError, ValueError) as error:
            raise ValueError(f"not a valid JSON Schema: {error}") from error
        return schema
    if isinstance(source, str | int | float | list | tuple):
        found = type(cast("object", source)).__name__
        raise ValueError(f"expected a pydantic model, a type or a JSON Schema, found `{found}`")  # noqa: TRY004 - pydantic reads it
    try:
        return TypeAdapter[object](cast("type[object]", source)).json_schema()
    except (PydanticSchemaGenerationError, PydanticUserError) as error:
        name = getattr(source, "__name__", repr(source))
        reason = error.message.partition("\n")[0].partition(". ")[0]
        raise ValueError(f"`{name}` has no JSON Schema: {reason}") from error


class _Validator(Protocol):
    def is_valid(self, instance: object) -> bool: ...
    def iter_errors(self, instance: object) -> Iterator[jsonschema_rs.ValidationError]: ...


class SchemaCheck:
    """A compiled JSON Schema that says which fields of a value are wrong."""

    def __init__(self, schema: JsonSchema) -> None:
        """Compile `schema`; references to other documents are not followed."""
        self._validator: _Validator = jsonschema_rs.validator_for(
            dict(schema), validate_formats=True, offline=True
        )

    def issues(self, value: object, *, root: str) -> list[Issue]:
        """What is wrong with `value`; fields are dotted paths below `root`."""
        if self._validator.is_valid(value):
            return []
        return [
            Issue(
                field=".".join([root, *(str(part) for part in wrong_field(error))]),
                message=error.message,
            )
            for error in islice(self._validator.iter_errors(value), _MOST_ISSUES)
        ]


def wrong_field(error: jsonschema_rs.ValidationError) -> tuple[str | int, ...]:
    """Where a value does not fit; a property that is missing counts as being where it should be."""
    missing = getattr(error.kind, "property", None)
    return (*error.instance_path, *([missing] if isinstance(missing, str) else []))


def _check(source: object) -> object:
    json_schema(source)
    return source


SchemaSource = Annotated[
    type[object] | UnionType | Mapping[str, object],
    PlainValidator(_check, json_schema_input_type=dict[str, object]),
    PlainSerializer(json_schema, when_used="json"),
    WithJsonSchema({"type": "object", "description": "A JSON Schema."}),
]
"""A pydantic model, any other type that pydantic validates, or a JSON Schema."""
