"""Public is what a package's `__init__` exports, and frozen here.

A name that appears or goes is a decision: freeze the new list and say so in the changelog.
hint: `python -m tests.repo.test_public_names` writes `public_names.json`.
"""

from __future__ import annotations

import importlib
import inspect
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.repo.project import PACKAGES

FILE = Path(__file__).with_name("public_names.json")
FROZEN: dict[str, list[str]] = json.loads(FILE.read_text("utf-8"))


def test_every_package_is_frozen() -> None:
    assert set(PACKAGES) <= set(FROZEN)


@pytest.mark.parametrize("package", FROZEN)
def test_public_names(package: str) -> None:
    module = importlib.import_module(package)
    public = list(module.__all__)
    assert sorted(public) == FROZEN[package]
    for name in public:
        value = getattr(module, name)
        if inspect.isclass(value) or inspect.isfunction(value):
            assert value.__doc__, f"`{package}.{name}` has no docstring"


def test_authors_import_no_temporal() -> None:
    """`import wistro` is what step files do: it must stay light."""
    code = "import wistro, sys; print([m for m in ('temporalio', 'fastapi') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


if __name__ == "__main__":
    now = {name: sorted(importlib.import_module(name).__all__) for name in sorted(PACKAGES)}
    FILE.write_text(json.dumps(now, indent=2) + "\n", "utf-8")
