"""Reads YAML (and JSON, which is YAML) with the line of every value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import yaml

from wistro.errors import SetupError
from wistro.issues import Location


@dataclass(frozen=True, kw_only=True)
class Source:
    """A file that was read: its value, and where each part of it stands."""

    value: object
    lines: Mapping[Location, int]

    def line_of(self, location: Location) -> int | None:
        """The line of a value, or of the innermost one around it that is there."""
        for length in range(len(location), 0, -1):
            around = location[:length]
            if (line := self.lines.get(around) or self.lines.get(_plain(around))) is not None:
                return line
        return None


def read_source(path: Path, *, name: str | None = None) -> Source:
    """Read the file at `path`; an empty one is an empty table.

    Args:
        path: The file.
        name: How errors call it.

    Raises:
        SetupError: it cannot be read, is not YAML, or has a key twice; it names the line.
    """
    name = name or path.name
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SetupError(
            f"`{name}` cannot be read: {error}", code="unreadable", file=name
        ) from error
    loader = yaml.CSafeLoader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return Source(value={}, lines={})
        lines: dict[Location, int] = {}
        for location, line in _walk(node, ()):
            if location in lines:
                raise SetupError(
                    f"`{name}` has `{location[-1]}` twice, on line {lines[location]} and on line {line}",
                    code="duplicate_key",
                    hint="keep one of them: only the last would count",
                    file=name,
                    line=line,
                )
            lines[location] = line
        for location, line in tuple(lines.items()):
            lines.setdefault(_plain(location), line)
        value = cast("object", loader.construct_document(node))  # pyright: ignore[reportUnknownMemberType] # its stub says nothing
        return Source(value=value, lines=lines)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = None if mark is None else int(mark.line) + 1
        problem = getattr(error, "problem", None) or str(error)
        raise SetupError(
            f"`{name}` is not YAML: {problem}" + (f" on line {line}" if line else ""),
            code="bad_yaml",
            hint="check the indentation, and quote text that has `:` or `#` in it",
            file=name,
            line=line,
        ) from error
    finally:
        loader.dispose()


def _walk(node: yaml.Node, location: Location) -> Iterator[tuple[Location, int]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*location, str(key.value))
            yield inner, key.start_mark.line + 1
            yield from _walk(value, inner)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            inner = (*location, index)
            yield inner, value.start_mark.line + 1
            yield from _walk(value, inner)


def _plain(location: Location) -> Location:
    """Models may be spelled in camelCase or snake_case: both are one place."""
    return tuple(
        part.replace("_", "").lower() if isinstance(part, str) else part for part in location
    )
