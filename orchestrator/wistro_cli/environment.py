"""The `.env` file of a project: settings and secrets of this machine."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from wistro.errors import SetupError

ENV_FILE = ".env"

_ENTRY = re.compile(
    r"""
    [ \t]*(?:export[ \t]+)? (?P<name>[A-Za-z_][\w.-]*) [ \t]*=[ \t]*
    (?: "(?P<double>(?:\\.|[^"\\])*)" [ \t]*(?:\#[^\n]*)?
      | '(?P<single>[^']*)'          [ \t]*(?:\#[^\n]*)?
      | (?P<plain>[^\n]*) ) $
    """,
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)
_NOTHING = re.compile(r"[ \t]*(?:\#[^\n]*)?$", re.MULTILINE)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


def read_env_file(root: Path) -> dict[str, str]:
    r"""The variables in the project's `.env`, if it has one.

    Lines are `NAME=value`, `NAME="value"` or comments, as dotenv has them: quoted values may have
    several lines, double quotes know `\n`. Nothing is expanded.

    Raises:
        SetupError: a line is none of these.
    """
    path = root / ENV_FILE
    if not path.is_file():
        return {}
    text = path.read_text(encoding="utf-8-sig").replace("\r\n", "\n")
    found: dict[str, str] = {}
    place = 0
    while place < len(text):
        if (entry := _ENTRY.match(text, place)) is not None:
            found[entry["name"]] = _value(entry)
            place = entry.end() + 1
        elif (nothing := _NOTHING.match(text, place)) is not None:
            place = nothing.end() + 1
        else:
            line = text.count("\n", 0, place) + 1
            raise SetupError(
                f"`{ENV_FILE}` on line {line}: expected `NAME=value`",
                code="bad_env_file",
                hint="put a `#` before what is a comment",
                file=ENV_FILE,
                line=line,
            )
    return found


def load_env_file(root: Path, *, replacing: Iterable[str] = ()) -> frozenset[str]:
    """Set the variables of the project's `.env` that are not set already; says which.

    Args:
        root: The project's folder.
        replacing: What an earlier call has set, which is forgotten first.
    """
    for name in replacing:
        os.environ.pop(name, None)
    new = {name: value for name, value in read_env_file(root).items() if name not in os.environ}
    os.environ.update(new)
    return frozenset(new)


def _value(entry: re.Match[str]) -> str:
    if entry["double"] is not None:
        return re.sub(r"\\(.)", _escaped, entry["double"], flags=re.DOTALL)
    if entry["single"] is not None:
        return entry["single"]
    return re.split(r"(?:^|\s+)#", entry["plain"], maxsplit=1)[0].strip()


def _escaped(match: re.Match[str]) -> str:
    # As dotenv: what has no meaning keeps its backslash; Windows' paths are often quoted.
    return _ESCAPES.get(match[1], match[1] if match[1] in {'"', "\\"} else match[0])
