"""The changelog knows the version that is being released."""

from __future__ import annotations

import re
from importlib.metadata import version

from tests.repo.project import ROOT, pyproject


def test_newest_version_is_the_packages() -> None:
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert headings[0] == "Unreleased"
    released = [heading.split()[0] for heading in headings[1:]]
    assert released[:1] in ([], [pyproject()["project"]["version"]])


def test_the_installed_version_is_this_one() -> None:
    assert version("wistro") == pyproject()["project"]["version"]
