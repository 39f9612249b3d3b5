"""The pinned requirements belong to `pyproject.toml`. hint: `make requirements` compiles them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.repo.project import ROOT, pyproject

FILES = {"runtime": [], "dev": ["dev"]}


def pins(path: Path) -> dict[str, list[Requirement]]:
    """The pinned requirements by name; one can be pinned twice, for different platforms."""
    text = path.read_text("utf-8").replace("\\\n", " ")
    found: dict[str, list[Requirement]] = {}
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        requirement = Requirement(line.split(" --hash", 1)[0].strip())
        assert "--hash=sha256:" in line, f"`{requirement}` has no hash"
        assert str(requirement.specifier).startswith("=="), f"`{requirement}` is not pinned"
        found.setdefault(canonicalize_name(requirement.name), []).append(requirement)
    return found


@pytest.mark.parametrize("kind", FILES)
def test_pins_satisfy_the_project(kind: str) -> None:
    pinned = pins(ROOT / f"requirements/{kind}.txt")
    project = pyproject()["project"]
    wanted = list(project["dependencies"])
    for extra in FILES[kind]:
        wanted += project["optional-dependencies"][extra]
    for text in wanted:
        requirement = Requirement(text)
        found = pinned.get(canonicalize_name(requirement.name))
        assert found, f"`{requirement.name}` is not in requirements/{kind}.txt"
        for pin in found:
            version = str(pin.specifier).removeprefix("==")
            assert requirement.specifier.contains(version), f"`{pin}` against `{requirement}`"


def test_both_files_pin_the_same_versions() -> None:
    runtime, dev = (pins(ROOT / f"requirements/{kind}.txt") for kind in FILES)
    assert {name: runtime[name] for name in runtime} == {name: dev[name] for name in runtime}


@pytest.mark.parametrize("kind", FILES)
def test_no_address(kind: str) -> None:
    text = (ROOT / f"requirements/{kind}.txt").read_text("utf-8")
    assert not re.search(r"https?://|--(extra-)?index-url|--find-links", text)


def test_every_dependency_has_a_lower_bound() -> None:
    project = pyproject()["project"]
    extras = project["optional-dependencies"].values()
    for text in [*project["dependencies"], *(one for extra in extras for one in extra)]:
        assert ">=" in text, text
