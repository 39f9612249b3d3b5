"""The step files that the README shows are a project that compiles, in every language."""

from __future__ import annotations

import re
from pathlib import Path

from wistro.project import Project

README = Path(__file__).parents[2] / "README.md"
STEP = re.compile(r"^```\w+\n(?:#|//) (steps/[\w.-]+)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_its_steps_are_a_sound_project(tmp_path: Path) -> None:
    found = STEP.findall(README.read_text("utf-8"))
    assert {Path(name).suffix for name, _ in found} == {".py", ".ts", ".go"}
    for name, code in found:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(code, "utf-8")
    (tmp_path / "go.mod").write_text("module shop\n\ngo 1.26\n")
    compiled = Project.open(tmp_path).compile()
    assert compiled.errors == ()
    assert [finding for finding in compiled.findings if finding.severity == "error"] == []
    assert len(compiled.lock.steps) == len(found) == 7
