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
        The schemas by name: their title, else the place where one is first used. A piece of the
        hash follows where several want the same name.
    """
    names: dict[str, str] = {}
    wanted: dict[str, set[str]] = {}
    slots = [(table, key, _digest(table[key]), place) for table, key, place in _slots(document)]
    for table, key, digest, place in slots:
        name = names.setdefault(digest, _title(table[key]) or place)
        wanted.setdefault(name, set()).add(digest)
    schemas: dict[str, object] = {}
    for table, key, digest, _ in slots:
        name = names[digest]
        if len(wanted[name]) > 1:
            name = f"{name}-{digest[:8]}"
        schemas[name] = table[key]
        table[key] = {"$ref": f"{_PREFIX}{name}"}
    return dict(sorted(schemas.items()))


def resolve_schemas(document: Mapping[str, object]) -> Table:
    """The document with each reference replaced by its schema, and without the table.

    Raises:
        KeyError: a schema that is not in the table.
    """
    resolved = cast("Table", copy.deepcopy(dict(document)))
    schemas = resolved.pop("schemas", {})
    for table, key, _ in list(_slots(resolved)):
        table[key] = schemas[str(table[key].get("$ref")).removeprefix(_PREFIX)]
    return resolved


def _slots(document: Table) -> Iterator[tuple[Table, str, str]]:
    """Where schemas stand in the document of a lock: the table, the key in it, and its name."""
    for table, key, place in _places(document):
        if table.get(key) is not None:
            yield table, key, place


def _places(document: Table) -> Iterator[tuple[Table, str, str]]:
    for name, topic in document.get("topics", {}).items():
        yield topic, "message", name
    for name, stream in document.get("streams", {}).items():
        yield stream, "item", f"{name}.item"
    for id, step in document.get("steps", {}).items():
        yield from ((step, key, f"{id}.{key}") for key in ("input", "output"))
        yield from ((emit, "message", f"{id}.{emit['topic']}") for emit in step.get("emits", ()))
        api: Table | None = step.get("api")
        if api:
            responses: Table = api.get("responses", {})
            yield api, "body", f"{id}.body"
            yield from ((responses, status, f"{id}.{status}") for status in responses)


def _title(schema: Mapping[str, object]) -> str:
    return re.sub(r"\W+", "_", str(schema.get("title", ""))).strip("_")


def _digest(schema: object) -> str:
    return hashlib.sha256(json.dumps(schema, sort_keys=True).encode()).hexdigest()
