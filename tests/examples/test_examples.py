"""The examples are sound, their locks are current, and their own tests pass."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from wistro.project import Project

EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = sorted(path.parent.name for path in EXAMPLES.glob("*/steps"))


@pytest.mark.parametrize("name", NAMES)
def test_the_example_is_sound(name: str) -> None:
    compiled = Project.open(EXAMPLES / name).compile(cache=False)
    assert compiled.errors == ()
    assert compiled.findings == ()


@pytest.mark.parametrize("lock", sorted(EXAMPLES.glob("*/wistro.yml.lock")), ids=str)
def test_the_lock_is_current(lock: Path) -> None:
    project = Project.open(lock.parent)
    changes = project.stale(project.compile().lock)
    assert changes == (), "run `wistro lock` in the example's folder"


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("tests", sorted(EXAMPLES.glob("*/tests")), ids=str)
def test_its_own_tests_pass(tests: Path) -> None:
    # In a process of its own: every project has a package called `steps`.
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tests)]
    _succeeds(command)


@pytest.mark.slow
def test_handlers_in_other_languages_have_tests_that_pass() -> None:
    orders = EXAMPLES / "orders"
    _succeeds(["npm", "run", "--silent", "check"], cwd=orders)
    _succeeds(["npm", "run", "--silent", "test"], cwd=orders)
    _succeeds(["go", "vet", "./..."], cwd=orders)
    _succeeds(["go", "test", "./..."], cwd=orders)
    _succeeds(["npm", "run", "--silent", "check"], cwd=EXAMPLES / "support-desk")


def test_types_are_current() -> None:
    wistro = [sys.executable, "-m", "wistro_cli", "--project", str(EXAMPLES / "orders")]
    _succeeds([*wistro, "types", "--check"])


def _succeeds(command: Sequence[str], *, cwd: Path | None = None) -> None:
    ended = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
