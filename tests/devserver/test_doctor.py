"""What `wistro doctor` is told about a machine."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from wistro.temporal.host.devserver import Check, doctor_checks


def by_name(checks: list[Check]) -> dict[str, Check]:
    return {check.name: check for check in checks}


def test_every_failure_has_a_hint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    checks = by_name(doctor_checks(tmp_path))
    assert not checks["Temporal server"].ok
    assert not checks["Go"].ok
    assert not checks["Go"].required
    assert checks["Python"].ok
    assert checks["keys file"].ok  # the first start makes it
    assert all(check.hint for check in checks.values() if not check.ok)


def test_what_the_languages_of_a_project_need(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "steps").mkdir()
    (tmp_path / "steps/ship.step.go").touch()
    (tmp_path / "package.json").write_text('{"dependencies": {"zod": "^4"}}')
    checks = by_name(doctor_checks(tmp_path))
    assert checks["Go"].ok
    assert checks["Go"].found.endswith("for one file")
    assert checks["Node.js"].found.endswith("not needed here")
    assert not checks["npm packages"].ok
    (tmp_path / "node_modules").mkdir()
    assert by_name(doctor_checks(tmp_path))["npm packages"].ok
    monkeypatch.setenv("PATH", str(tmp_path))
    checks = by_name(doctor_checks(tmp_path))
    assert not checks["Go"].ok
    assert checks["Go"].required
    assert "Go steps need Go" in checks["Go"].found
    assert "https://go.dev" in checks["Go"].hint
    assert not checks["Node.js"].required


def test_keys_that_others_can_read(tmp_path: Path) -> None:
    keys = tmp_path / ".wistro" / "keys.json"
    keys.parent.mkdir()
    keys.write_text("{}")
    keys.chmod(0o644)
    found = by_name(doctor_checks(tmp_path))["keys file"]
    assert not found.ok
    assert "mode 644" in found.found
    assert "chmod 600" in found.hint
    keys.chmod(0o600)
    assert by_name(doctor_checks(tmp_path))["keys file"].ok


def test_ports(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        found = by_name(doctor_checks(tmp_path, ports={"the API": port}))[f"port {port}"]
        assert not found.ok
    assert by_name(doctor_checks(tmp_path, ports={"the API": port}))[f"port {port}"].ok


def test_an_address_that_does_not_answer(
    tmp_path: Path, free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", f"127.0.0.1:{free_port}")
    found = by_name(doctor_checks(tmp_path))["Temporal server"]
    assert not found.ok
    assert str(free_port) in found.found


def test_a_command_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = tmp_path / "temporal"
    command.write_text("#!/bin/sh\necho temporal version 1.5.1\n")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    found = by_name(doctor_checks(tmp_path))["Temporal server"]
    assert found.ok
    assert found.found == f"temporal version 1.5.1 at {command} (path)"
    command.write_text("#!/bin/sh\nexit 1\n")
    assert not by_name(doctor_checks(tmp_path))["Temporal server"].ok
