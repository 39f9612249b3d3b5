"""Moves the schemas of a lock's document into one table, and back."""

from __future__ import annotations

import copy
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

_PREFIX = "#/schemas/"

Table = dict[str, Any]


def extract_schemas(document: Table) -> dict[str, object]:
    """Replace each schema in `document` by a reference; equal ones by the same.

    Returns:
        The schemas by name: their title, and a piece of their hash where a title has several.
    """
    slots = list(_slots(document))
    titles: dict[str, set[str]] = {}
    for table, key in slots:
        titles.setdefault(_title(table[key]), set()).add(_digest(table[key]))
    schemas: dict[str, object] = {}
    for table, key in slots:
        schema, title = table[key], _title(table[key])
        name = title if len(titles[title]) == 1 else f"{title}-{_digest(schema)[:8]}"
        schemas[name] = schema
        table[key] = {"$ref": f"{_PREFIX}{name}"}
    return dict(sorted(schemas.items()))


def resolve_schemas(document: Mapping[str, object]) -> Table:
    """The document with each reference replaced by its schema, and without the table.

    Raises:
        KeyError: a schema that is not in the table.
    """
    resolved = cast("Table", copy.deepcopy(dict(document)))
    schemas = resolved.pop("schemas", {})
    for table, key in list(_slots(resolved)):
        table[key] = schemas[str(table[key].get("$ref")).removeprefix(_PREFIX)]
    return resolved


def _slots(document: Table) -> Iterator[tuple[Table, str]]:
    """Where schemas stand in the document of a lock: the table, and the key in it."""
    for table, key in _places(document):
        if table.get(key) is not None:
            yield table, key


def _places(document: Table) -> Iterator[tuple[Table, str]]:
    yield from ((topic, "message") for topic in document.get("topics", {}).values())
    for step in document.get("steps", {}).values():
        yield from ((step, key) for key in ("input", "output"))
        yield from ((emit, "message") for emit in step.get("emits", ()))
        api: Table | None = step.get("api")
        if api:
            responses: Table = api.get("responses", {})
            yield api, "body"
            yield from ((responses, status) for status in responses)


def _title(schema: Mapping[str, object]) -> str:
    title = re.sub(r"\W+", "_", str(schema.get("title", ""))).strip("_")
    return title or "Schema"


def _digest(schema: object) -> str:
    return hashlib.sha256(json.dumps(schema, sort_keys=True).encode()).hexdigest()
