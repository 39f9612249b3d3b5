"""The projects that `wistro new` makes in other languages do what their READMEs say."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import post, running, wistro
from wistro.project.toolchains import NODE
from wistro.temporal.host.serverbinary import ServerBinary

pytestmark = [pytest.mark.server, pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.mark.parametrize(("template", "steps"), [("typescript", 2), ("go", 2)])
def test_a_template_runs(
    template: str, steps: int, tmp_path: Path, temporal_binary: ServerBinary
) -> None:
    made = wistro("new", "shop", "-t", template, cwd=tmp_path).ok()
    assert ("npm install" in made.err) == (template == "typescript")
    root = tmp_path / "shop"
    if template == "typescript":
        # What `npm install` gets, without asking a registry.
        (root / "node_modules").mkdir()
        (root / "node_modules/zod").symlink_to(NODE.ready() / "node_modules/zod")
    with running("dev", "--json", "--port", "0", "--drain", "1", cwd=root) as command:
        url = command.wait_for("dev.running", timeout=200)["api"]
        assert post(f"{url}/greetings", {"nom": "Ada"}).status_code == 422
        answer = post(f"{url}/greetings", {"name": "Ada"})
        assert answer.status_code == 202
        command.wait_for("log", message="Hello, Ada!")
        command.wait_for("run.completed", run_id=answer.json()["run"])
        problems = [line for line in command.documents() if line["kind"] == "dev.problem"]
        assert problems == []
