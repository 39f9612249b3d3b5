"""The pytest plugin finds the project around a test."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from shutil import copytree

PLUGIN = """
# What the entry point does where Wistro is installed.
from wistro_worker.testing import project, project_root
"""
SHOP = Path(__file__).parent / "shop"
TEST = """
import pytest


@pytest.mark.asyncio
async def test_it(project):
    run = await project.emit("orders", "order.placed", {"id": "7", "total": "5"})
    await project.advance(minutes=1)
    assert run.outcome == "completed"
"""


def pytest_in(folder: Path) -> subprocess.CompletedProcess[str]:
    (folder / "conftest.py").write_text(PLUGIN)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_project_around_a_test_is_found(tmp_path: Path) -> None:
    root = copytree(SHOP, tmp_path / "shop")
    (root / "tests").mkdir()
    (root / "tests" / "test_orders.py").write_text(TEST)
    done = pytest_in(root / "tests")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


def test_its_absence_is_explained(tmp_path: Path) -> None:
    (tmp_path / "test_orders.py").write_text(TEST)
    done = pytest_in(tmp_path)
    assert done.returncode == 1
    assert "override the fixture `project_root`" in done.stdout
