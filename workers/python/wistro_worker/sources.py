"""What a step is made of: its file, the project's modules it imports, the files it includes.

Imports are read from the syntax tree, not observed: what an import statement names does not depend
on which step was loaded before.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from wistro.project.files import hash_files


def content_hash(path: Path, root: Path, include: Sequence[str] = ()) -> str:
    """The hash of a step's sources; it changes when the step may behave differently.

    Args:
        path: The step file.
        root: The project; only what lies below it counts.
        include: Patterns of files that the handler reads, relative to the step file's folder.
    """
    included = (found for pattern in include for found in path.parent.glob(pattern))
    files = [found for found in included if found.is_file()]
    return hash_files(root, [*sources(path, root), *files])


def sources(path: Path, root: Path) -> frozenset[Path]:
    """The file itself and every file of the project that it imports, directly or not."""
    found: set[Path] = set()
    waiting = [path]
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting.extend(_imports(file, root))
    return frozenset(found)


@cache
def _imports(file: Path, root: Path) -> tuple[Path, ...]:
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return ()
    return tuple(
        found
        for node in ast.walk(tree)
        for base, name in _names(node, file, root)
        for found in _files(base, name)
    )


def _names(node: ast.AST, file: Path, root: Path) -> Iterator[tuple[Path, str]]:
    """The dotted names that a statement imports, each with the folder it starts from."""
    if isinstance(node, ast.Import):
        yield from ((root, alias.name) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = file.parents[node.level - 1] if 0 < node.level <= len(file.parents) else root
        prefix = f"{node.module}." if node.module else ""
        # `from a.b import c`: `c` may be a module too.
        yield from ((base, f"{prefix}{alias.name}") for alias in node.names)


def _files(base: Path, name: str) -> Iterator[Path]:
    """The files that importing `name` runs, as far as they are below `base`."""
    place = base
    yield from _existing(base / "__init__.py")
    for part in name.split("."):
        place /= part
        yield from _existing(place.with_name(f"{part}.py"))
        yield from _existing(place / "__init__.py")


def _existing(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
