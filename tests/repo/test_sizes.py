"""A file or function that grows past its bound is telling you that it holds two things."""

from __future__ import annotations

import ast
import statistics
from pathlib import Path

import pytest

from tests.repo.project import name, sources, tracked_files

MOST_LINES = 600
MEDIAN_LINES = 150
MOST_FUNCTION_LINES = 60
MOST_BYTES = 1 << 20


@pytest.mark.parametrize("path", sources(), ids=name)
def test_source(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= MOST_LINES
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno
            lines = node.end_lineno - node.lineno + 1
            assert lines <= MOST_FUNCTION_LINES, f"`{node.name}` has {lines} lines"


def test_median() -> None:
    lines = [len(path.read_text("utf-8").splitlines()) for path in sources()]
    assert statistics.median(lines) <= MEDIAN_LINES


def test_no_large_file() -> None:
    large = [name(path) for path in tracked_files() if path.stat().st_size > MOST_BYTES]
    assert large == []
