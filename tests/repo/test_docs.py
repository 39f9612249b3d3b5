"""Links resolve, and code in the documents is code.

A fenced block is a `python` block that must run when its info string says so: ```` ```python run ````
(blocks of one file share their names, in order). Other Python blocks must parse.
"""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
import yaml

from tests.repo.project import PACKAGES, ROOT, name, tracked_files

DOCUMENTS = [
    path
    for path in tracked_files()
    if path.suffix == ".md" and not path.is_relative_to(PACKAGES["wistro_cli"] / "templates")
]
FENCE = re.compile(r"^(`{3,}|~{3,})([^\n]*)\n(.*?)^\1\s*$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)|!\[[^\]]*\]\(([^)\s]+)\)")


def prose(path: Path) -> str:
    """A document without its code."""
    return re.sub(r"`[^`\n]*`", "", FENCE.sub("", path.read_text("utf-8")))


def anchors(path: Path) -> set[str]:
    """The anchors of a document's headings, as web pages of repositories name them."""
    text = FENCE.sub("", path.read_text("utf-8"))
    found: set[str] = set(re.findall(r"<a (?:id|name)=\"([^\"]+)\"", text))
    for heading in re.findall(r"^#+ +(.+?)\s*#*$", text, re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        found.add(re.sub(r"[^\w\- ]", "", plain).replace(" ", "-"))
    return found


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_links_resolve(path: Path) -> None:
    for match in LINK.finditer(prose(path)):
        link = match[1] or match[2]
        if re.match(r"[a-z]+:", link):
            continue
        file, _, anchor = link.partition("#")
        target = (path.parent / unquote(file)).resolve() if file else path
        assert target.exists(), f"`{link}` leads nowhere"
        assert target.is_relative_to(ROOT), f"`{link}` leaves the repository"
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), f"`{link}` names no heading"


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_pictures_are_there(path: Path) -> None:
    for picture in re.findall(r'<(?:img|source)[^>]* (?:src|srcset)="([^"]+)"', prose(path)):
        assert (path.parent / picture).is_file(), f"there is no picture `{picture}`"


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_code_blocks(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "documentation"}
    for _, info, code in FENCE.findall(path.read_text("utf-8")):
        language, *marks = info.split() or [""]
        if language == "python":
            tree = ast.parse(code, filename=name(path))
            if "run" in marks:
                exec(compile(tree, name(path), "exec"), names)
        elif language == "json":
            json.loads(code)
        elif language == "yaml":
            list(yaml.safe_load_all(code))


def test_make_targets_in_documents_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for path in DOCUMENTS:
        for target in re.findall(r"`make ([a-z]+)", path.read_text("utf-8")):
            assert target in targets, f"{name(path)} names `make {target}`"


def test_every_part_has_its_page() -> None:
    parts = ["orchestrator", "codec", "workers", "triggers", "examples", "benchmarks", "docs"]
    assert [part for part in parts if not (ROOT / part / "README.md").is_file()] == []
