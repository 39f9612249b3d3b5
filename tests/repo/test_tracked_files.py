"""What must not be in the repository."""

from __future__ import annotations

import re

from tests.repo.project import name, tracked_files

FORBIDDEN = {
    "a package registry's host": re.compile(
        r"(registry\.(npmjs|yarnpkg)|files\.pythonhosted|\bpypi|\bproxy\.golang|\bcrates)\.(org|io)"
        r"|repo1?\.maven\.(apache\.)?org|deb\.debian\.org"
    ),
    "a path of one machine": re.compile(r"(?<![\w.$}~-])/(work|root|home/\w+|tmp/w)/\w"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY"),
    "a conflict marker": re.compile(r"^(<{7}|>{7}) ", re.MULTILINE),
}


def test_nothing_forbidden() -> None:
    found: list[str] = []
    for path in tracked_files():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        for what, pattern in FORBIDDEN.items():
            hit = pattern.search(text)
            if hit:
                line = text.count("\n", 0, hit.start()) + 1
                found.append(f"{name(path)}:{line} has {what}: {hit[0]}")
    assert found == []


def test_lock_files_name_no_address() -> None:
    for path in tracked_files():
        if path.name == "package-lock.json":
            assert re.search(r'"resolved": "\w+:', path.read_text("utf-8")) is None, name(path)
            npmrc = path.with_name(".npmrc")
            assert "omit-lockfile-registry-resolved=true" in npmrc.read_text("utf-8")


def test_runtime_folders_stay_out() -> None:
    kept_out = {".wistro", ".venv", "node_modules", "__pycache__", ".tools"}
    assert [name(path) for path in tracked_files() if kept_out & set(path.parts)] == []
