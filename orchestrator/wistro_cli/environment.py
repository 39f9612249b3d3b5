"""The `.env` file of a project: settings and secrets of this machine."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from wistro.errors import SetupError

ENV_FILE = ".env"

_LINE = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")


def read_env_file(root: Path) -> dict[str, str]:
    """The variables in the project's `.env`, if it has one.

    Lines are `NAME=value`, `NAME="value"` or comments. Nothing is expanded.

    Raises:
        SetupError: a line is none of these.
    """
    path = root / ENV_FILE
    if not path.is_file():
        return {}
    found: dict[str, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        match = _LINE.fullmatch(text)
        if match is None:
            raise SetupError(
                f"`{ENV_FILE}` on line {number}: expected `NAME=value`",
                code="bad_env_file",
                hint="put a `#` before what is a comment",
                file=ENV_FILE,
                line=number,
            )
        found[match[1]] = _value(match[2])
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


def _value(text: str) -> str:
    for quote in ('"', "'"):
        if text.startswith(quote) and (end := text.find(quote, 1)) > 0:
            return text[1:end]
    return re.split(r"\s+#", text, maxsplit=1)[0].strip()
