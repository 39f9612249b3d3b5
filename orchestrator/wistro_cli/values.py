"""JSON values given on the command line: as text, from a file, or from stdin."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import cast

from wistro.errors import SetupError


def read_json(given: str, *, option: str) -> object:
    """Read `JSON`, `@file` or `-` for stdin.

    Args:
        given: What stands on the command line.
        option: What errors call it.

    Raises:
        SetupError: the file cannot be read, or the text is not JSON.
    """
    text, source = _text(given, option)
    try:
        return cast("object", json.loads(text))
    except ValueError as error:
        raise SetupError(
            f"{source} is not JSON: {error}",
            code="not_json",
            hint='quote it for the shell: \'{"name": "Ada"}\', and text as \'"Ada"\'',
        ) from error


def _text(given: str, option: str) -> tuple[str, str]:
    if given == "-":
        return sys.stdin.read(), "what came on stdin"
    if not given.startswith("@"):
        return given, f"`{option}`"
    path = Path(given[1:])
    try:
        return path.read_text(encoding="utf-8"), f"`{path}`"
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise SetupError(f"`{path}` cannot be read: {reason}", code="unreadable") from error
