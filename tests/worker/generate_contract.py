"""Writes `workers/contract/schemas` and `messages`: `python -m tests.worker.generate_contract`.

The schemas come from the classes that the engine, the worker API and the Python worker use, their
docstrings included; the golden messages are those of `tests/worker/golden`. A test runs this in
memory and finds every drift.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from pydantic import TypeAdapter

from tests.worker.golden import calls_api, deliveries, projects, streams_api, worker_api
from tests.worker.golden.making import Invalid, Json, Valid, merged, name_of
from wistro import contract
from wistro.contract import ErrorInfo, Invocation, SegmentResult, StepResult
from wistro.machine import plan as plans
from wistro.project import declared, descriptor, manifest
from wistro.project.declared import Declared
from wistro.project.manifest import Manifest

FOLDER = Path(__file__).parents[2] / "workers" / "contract"
_APIS = (worker_api, streams_api, calls_api)
REQUESTS = {path: shape for api in _APIS for path, shape in api.requests().items()}
"""The requests of the worker API, by their paths."""
MESSAGES: dict[str, type[object]] = {
    "Invocation": Invocation,
    "StepResult": StepResult,
    "SegmentResult": SegmentResult,
    "ErrorInfo": ErrorInfo,
    "Declared": Declared,
    "Manifest": Manifest,
    **{f"worker_api/{name_of(path)}": shape for path, shape in REQUESTS.items()},
    **{f"worker_api/{answer.__name__}": answer for api in _APIS for answer in api.ANSWERS},
}
"""Every message, by the name of its schema."""

_SOURCES = (contract, plans, declared, descriptor, manifest, *_APIS)


def valid() -> dict[str, Valid]:
    """The messages that are read, by the names of their files."""
    tables = (deliveries.VALID, projects.VALID, *(api.VALID for api in _APIS))
    return dict(merged(*tables))  # type: ignore[arg-type]


def invalid() -> dict[str, Invalid]:
    """The messages that are refused, by the names of their files."""
    tables = (deliveries.INVALID, projects.INVALID, *(api.INVALID for api in _APIS))
    return dict(merged(*tables))  # type: ignore[arg-type]


def generate() -> dict[str, Json]:
    """The files below `workers/contract`, by their names."""
    schemas = {f"schemas/{name}.json": _schema(name, of) for name, of in MESSAGES.items()}
    good = {f"messages/valid/{name}.json": case.file() for name, case in valid().items()}
    bad = {f"messages/invalid/{name}.json": case.file() for name, case in invalid().items()}
    return {**schemas, **good, **bad}


def _schema(name: str, message: type[object]) -> Json:
    text = json.dumps(TypeAdapter[object](message).json_schema())
    # Classes that are private to a module are not private to the contract.
    schema: Json = json.loads(re.sub(r'"(#/\$defs/)?_(?=[A-Z])', r'"\1', text))
    schema["title"] = name.rpartition("/")[2]
    documents = dict(_documents())
    for known, definition in {**schema.get("$defs", {}), schema["title"]: schema}.items():
        description, members = documents.get(known, ("", {}))
        if description:
            definition["description"] = description
        for member, text in members.items():
            if member in definition["properties"]:
                definition["properties"][member]["description"] = text
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _documents() -> Iterator[tuple[str, tuple[str, dict[str, str]]]]:
    """The docstrings of the contract's classes and of their members."""
    for module in _SOURCES:
        for node in _parsed(inspect.getsource(module)).body:
            if isinstance(node, ast.ClassDef):
                yield node.name, (ast.get_docstring(node) or "", dict(_members(node)))


def _parsed(source: str) -> ast.Module:
    try:
        return ast.parse(source)
    except SystemError:
        # Python 3.11 counts the depth of all threads in one place, so another one's parsing disturbs
        # ours (https://github.com/python/cpython/issues/106905).
        return ast.parse(source)


def _members(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for member, text in zip(node.body, node.body[1:], strict=False):
        match member, text:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(words))),
            ):
                yield name, inspect.cleandoc(words)
            case _:
                pass


def text_of(content: Json) -> str:
    """The text of a file."""
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def generated(folder: Path = FOLDER) -> Iterator[Path]:
    """The files that are there now, and that this writes."""
    for part in ("schemas", "messages"):
        yield from (folder / part).rglob("*.json")


if __name__ == "__main__":
    wanted = generate()
    for old in generated():
        if str(old.relative_to(FOLDER)) not in wanted:
            old.unlink()
    for file, content in wanted.items():
        path = FOLDER / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text_of(content), encoding="utf-8")
    sys.stdout.write(f"{len(wanted)} files\n")
