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
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def own_lines(function: ast.AST) -> int:
    """The lines of a function's body, without those of the functions in it.

    The options of a command stand in its signature: many lines, and no logic.
    """
    assert isinstance(function, FUNCTIONS)
    assert function.end_lineno
    lines = function.end_lineno - function.body[0].lineno + 1
    return lines - sum(own_lines(node) for node in function.body if isinstance(node, FUNCTIONS))


@pytest.mark.parametrize("path", sources(), ids=name)
def test_source(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= MOST_LINES
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, FUNCTIONS):
            lines = own_lines(node)
            assert lines <= MOST_FUNCTION_LINES, f"`{node.name}` has {lines} lines"


def test_median() -> None:
    lines = [len(path.read_text("utf-8").splitlines()) for path in sources()]
    assert statistics.median(lines) <= MEDIAN_LINES


def test_no_large_file() -> None:
    large = [name(path) for path in tracked_files() if path.stat().st_size > MOST_BYTES]
    assert large == []
