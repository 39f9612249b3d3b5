"""What is published carries everything that is needed to run it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.repo.project import ROOT

PAGE = "wistro_triggers/_workbench"


@pytest.mark.slow
def test_wheel_carries_the_workbench_and_the_workers(tmp_path: Path) -> None:
    if not (ROOT / "triggers" / PAGE / "index.html").is_file():
        pytest.skip("the workbench is not built: that needs Node.js")
    command = (sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path))
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    [wheel] = tmp_path.glob("*.whl")
    with ZipFile(wheel) as archive:
        names = set(archive.namelist())
        page = archive.read(f"{PAGE}/index.html").decode()
    assets = re.findall(r'(?:src|href)="/_wistro/workbench/(.+?)"', page)
    assert assets
    assert {f"{PAGE}/{asset}" for asset in assets} <= names
    assert {f"{PAGE}/licenses.md", "wistro/_workers/typescript/package.json"} <= names
    assert not any("node_modules" in name for name in names)
