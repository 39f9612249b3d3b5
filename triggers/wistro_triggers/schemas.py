"""JSON Schema validation of what comes in and what goes out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

import jsonschema_rs

from wistro.schemas import wrong_field
from wistro_triggers.problems import Detail

_MOST_DETAILS = 20
"""A wrong list of a thousand items needs no thousand messages."""


class _Validator(Protocol):
    def is_valid(self, instance: object) -> bool: ...
    def iter_errors(self, instance: object) -> Iterator[jsonschema_rs.ValidationError]: ...


class Schema:
    """A compiled JSON Schema that says which fields of a value are wrong."""

    def __init__(self, schema: Mapping[str, object]) -> None:
        """Compile `schema`; references to other documents are not followed."""
        self._validator: _Validator = jsonschema_rs.validator_for(
            dict(schema), validate_formats=True, offline=True
        )

    def errors(self, value: object, *, root: str) -> list[Detail]:
        """What is wrong with `value`; fields are dotted paths below `root`."""
        if self._validator.is_valid(value):
            return []
        details: list[Detail] = []
        for error in self._validator.iter_errors(value):
            path = [root, *(str(part) for part in wrong_field(error))]
            details.append(Detail(field=".".join(path), message=error.message))
            if len(details) == _MOST_DETAILS:
                break
        return details
