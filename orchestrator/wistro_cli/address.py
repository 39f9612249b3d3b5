"""Where a project's triggers listen: a file that they write and that other commands read."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

from wistro_cli.folder import RUNTIME

API_VARIABLE = "WISTRO_API"
"""Where the triggers are, for processes that cannot read the file."""


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where the triggers are, and the Temporal server that they use."""

    url: str
    pid: int
    temporal: str
    namespace: str


def write_address(root: Path, address: Address) -> None:
    """Tell the other commands where the triggers are."""
    path = _path(root)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"api.{address.pid}.json")
    draft.write_text(json.dumps(asdict(address), indent=2) + "\n", encoding="utf-8")
    draft.replace(path)


def read_address(root: Path) -> Address | None:
    """Where the triggers said that they are; they may be gone since."""
    try:
        found = cast("object", json.loads(_path(root).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None
    if not isinstance(found, dict):
        return None
    with suppress(TypeError):
        return Address(**cast("dict[str, object]", found))  # pyright: ignore[reportArgumentType] - our own file
    return None


def remove_address(root: Path) -> None:
    """Take it back, unless somebody else has written theirs since."""
    address = read_address(root)
    if address is not None and address.pid == os.getpid():
        _path(root).unlink(missing_ok=True)


def _path(root: Path) -> Path:
    return root / RUNTIME / "api.json"
