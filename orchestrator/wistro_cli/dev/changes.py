"""Which files of a project have changed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import aclosing
from pathlib import Path

from watchfiles import Change, awatch  # pyright: ignore[reportUnknownVariableType] - a union with trio's types

from wistro.project.descriptor import Language
from wistro.project.files import is_own
from wistro.project.layout import LAYOUT_FILE

_SETTLE = 60
"""Milliseconds of quiet after which changes are reported together: editors write in several steps."""

_NOT_SOURCES = frozenset({".pyc", ".pyo", ".swp", ".tmp", ".lock"})


_CODE: Mapping[str, Language] = {
    ".py": "python",
    **dict.fromkeys((".ts", ".tsx", ".js", ".mjs", ".cjs"), "node"),
    ".go": "go",
}
_PACKAGES: Mapping[str, Language] = {
    **dict.fromkeys(("package.json", "tsconfig.json"), "node"),
    **dict.fromkeys(("go.mod", "go.sum", "go.work"), "go"),
}


def languages_of_code(changed: Iterable[Path]) -> frozenset[Language]:
    """The languages that some of the files are code of, or that their packages come from."""
    # Declarations are read by compilers only; `wistro types` writes some.
    code = [path for path in changed if not path.name.endswith(".d.ts")]
    found = {_CODE.get(path.suffix) or _PACKAGES.get(path.name) for path in code}
    return frozenset[Language](found - {None})  # pyright: ignore[reportArgumentType] - None is out


async def file_changes(root: Path) -> AsyncGenerator[set[Path], None]:
    """The files that changed, as often as some did. Hidden folders and installed packages are left out."""
    queue: asyncio.Queue[set[Path]] = asyncio.Queue()
    while True:
        folders = _folders(root)
        watching = [
            asyncio.create_task(_watch(queue, root, [root], recursive=False)),
            *(
                [asyncio.create_task(_watch(queue, root, folders, recursive=True))]
                if folders
                else []
            ),
        ]
        try:
            # Folders are watched one by one, and not from the root: below it may be a virtual
            # environment or `node_modules`, with more folders than the system watches at a time.
            while _folders(root) == folders:
                changed = await queue.get()
                if changed:
                    yield changed
        finally:
            for task in watching:
                task.cancel()
            await asyncio.gather(*watching, return_exceptions=True)


async def _watch(
    queue: asyncio.Queue[set[Path]], root: Path, paths: list[Path], *, recursive: bool
) -> None:
    def matters(_: Change, path: str) -> bool:
        return _matters(Path(path), root)

    watched = awatch(*paths, watch_filter=matters, recursive=recursive, step=_SETTLE, debounce=800)
    async with aclosing(watched) as batches:
        async for batch in batches:
            queue.put_nowait({Path(path) for _, path in batch})


def _matters(path: Path, root: Path) -> bool:
    if path.name == ".env":
        return path.parent == root
    if path.name == LAYOUT_FILE:
        return False  # written by the workbench whenever somebody moves a node
    return is_own(path, root) and path.suffix not in _NOT_SOURCES and not path.name.endswith("~")


def _folders(root: Path) -> list[Path]:
    return sorted(entry for entry in root.iterdir() if entry.is_dir() and is_own(entry, root))
