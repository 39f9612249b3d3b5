"""JSON Schema validation of what comes in and what goes out."""

from __future__ import annotations

from collections.abc import Mapping

from wistro.schemas import SchemaCheck
from wistro_triggers.problems import Detail


class Schema:
    """A compiled JSON Schema that says which fields of a request or an answer are wrong."""

    def __init__(self, schema: Mapping[str, object]) -> None:
        """Compile `schema`; references to other documents are not followed."""
        self._check = SchemaCheck(schema)

    def errors(self, value: object, *, root: str) -> list[Detail]:
        """What is wrong with `value`; fields are dotted paths below `root`."""
        found = self._check.issues(value, root=root)
        return [Detail(field=issue.field, message=issue.message) for issue in found]
