"""Projects that the command line is tried on."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.command import wistro


@pytest.fixture(scope="session")
def template_hello(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `wistro new shop` makes."""
    folder = tmp_path_factory.mktemp("templates")
    wistro("new", "shop", cwd=folder).ok()
    return folder / "shop"


@pytest.fixture
def shop(template_hello: Path, tmp_path: Path) -> Path:
    """A new project of the template `hello`."""
    return shutil.copytree(template_hello, tmp_path / "shop")


BROKEN = "from wistro import nothing_of_this_name\n"
"""A step file that does not load."""
