"""Imports point one way, and what must be pure is."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.repo.project import PACKAGES, ROOT, name, sources


def imported(path: Path) -> Iterator[str]:
    """The modules that a file imports when it runs, by full name."""
    tree = ast.parse(path.read_text("utf-8"))
    typing_only = {
        id(node)
        for branch in ast.walk(tree)
        if isinstance(branch, ast.If) and ast.unparse(branch.test).endswith("TYPE_CHECKING")
        for inner in branch.body
        for node in ast.walk(inner)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def test_contracts() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", sorted((PACKAGES["wistro"] / "machine").rglob("*.py")), ids=name)
def test_the_machine_imports_the_standard_library_only(path: Path) -> None:
    ours = ("wistro.machine", "wistro.contract")
    for module in imported(path):
        standard = module.split(".")[0] in sys.stdlib_module_names
        assert standard or module.startswith(ours), f"`{module}`"


def test_only_the_temporal_folder_imports_temporalio() -> None:
    engine = PACKAGES["wistro"]
    outside = [
        name(path)
        for path in sources()
        if path.is_relative_to(engine)
        and not path.is_relative_to(engine / "temporal")
        and any(module.split(".")[0] == "temporalio" for module in imported(path))
    ]
    assert outside == []


def test_no_import_climbs() -> None:
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert node.level < 2, f"{name(path)}:{node.lineno} imports from a parent"
