"""Key files stay private, are made once, and rotate under running processes."""

from __future__ import annotations

import json
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from wistro_codec import (
    CodecError,
    FlowKeys,
    KeyFile,
    KeyRing,
    dump_keys,
    load_keys,
    seal,
    unseal,
    write_keys,
)

NOW = datetime(2025, 6, 1, 12, 30, tzinfo=UTC)


def code_of(refused: pytest.ExceptionInfo[CodecError]) -> str:
    assert refused.value.hint
    assert "hint: " in str(refused.value)
    return refused.value.code


def test_first_use_makes_a_file_that_only_its_owner_can_read(tmp_path: Path) -> None:
    path = tmp_path / ".wistro" / "keys.json"
    keys = load_keys(path, {})
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert [entry.name for entry in path.parent.iterdir()] == ["keys.json"]
    again = load_keys(path, {})
    assert again.active("orders").secret == keys.active("orders").secret


def test_of_several_first_users_one_wins(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    with ThreadPoolExecutor(16) as pool:
        opened = list(pool.map(lambda _: KeyFile.open_or_create(path), range(32)))
    assert len({file.active("orders").secret for file in opened}) == 1
    assert [entry.name for entry in tmp_path.iterdir()] == ["keys.json"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_file_that_others_may_touch_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "keys.json"
    write_keys(path, KeyRing.generate(NOW))
    path.chmod(mode)
    with pytest.raises(CodecError) as refused:
        KeyFile(path)
    assert code_of(refused) == "key_file_permissions"
    assert f"{mode:04o}" in refused.value.message


def test_a_named_file_must_be_there(tmp_path: Path) -> None:
    missing = tmp_path / "none.json"
    with pytest.raises(CodecError) as refused:
        load_keys(tmp_path / "keys.json", {"WISTRO_KEYS_FILE": str(missing)})
    assert code_of(refused) == "key_file_missing"
    assert not list(tmp_path.iterdir())


def test_a_folder_is_no_key_file(tmp_path: Path) -> None:
    with pytest.raises(CodecError) as refused:
        KeyFile(tmp_path)
    assert code_of(refused) == "key_file_permissions"


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"null", b"[" * 100_000])
def test_a_broken_file_is_refused_and_kept(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "keys.json"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(CodecError) as refused:
        load_keys(path, {})
    assert code_of(refused) == "key_file_invalid"
    assert path.read_bytes() == content


def test_the_variables_win_over_the_default_place(tmp_path: Path) -> None:
    inline, named = KeyRing.generate(NOW), KeyRing.generate(NOW)
    path = tmp_path / "named.json"
    write_keys(path, named)
    default = tmp_path / "keys.json"
    environ = {"WISTRO_KEYS": dump_keys(inline), "WISTRO_KEYS_FILE": str(path)}
    assert load_keys(default, environ).active("o").secret == inline.active("o").secret
    del environ["WISTRO_KEYS"]
    assert load_keys(default, environ).active("o").secret == named.active("o").secret
    assert not default.exists()


def test_the_environment_is_the_process_s_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring = KeyRing.generate(NOW)
    monkeypatch.setenv("WISTRO_KEYS", dump_keys(ring.export(["orders"])))
    keys = load_keys(tmp_path / "keys.json")
    assert isinstance(keys, FlowKeys)
    assert keys.active("orders").secret == ring.active("orders").secret


def test_rotation_reaches_a_running_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "keys.json"
    worker = KeyFile.open_or_create(path)
    before = seal(worker.active("orders"), b"before")
    old = worker.active("orders")

    master = KeyFile(path).rotate()

    # At once, when it meets the new key; within a second, for what it writes itself.
    fresh = KeyFile(path).active("orders")
    assert fresh.id.master == master.id
    assert unseal(worker.get(str(fresh.id)), seal(fresh, b"after")) == b"after"
    assert unseal(worker.get(str(old.id)), before) == b"before"
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 2)
    assert worker.active("orders").id.master == master.id


def test_writers_follow_a_rotation_without_meeting_the_new_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "keys.json"
    worker = KeyFile.open_or_create(path)
    master = KeyFile(path).rotate()
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 2)
    assert worker.active("orders").id.master == master.id
    assert [key.id.master for key in worker.history("orders")][-1] == master.id


def test_rotations_at_once_lose_no_master(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    KeyFile.open_or_create(path)
    with ThreadPoolExecutor(8) as pool:
        added = list(pool.map(lambda _: KeyFile(path).rotate().id, range(16)))
    kept = [master.id for master in KeyFile(path).ring.masters]
    assert sorted(kept[1:]) == sorted(added)
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_prepared_master_is_activated_later(tmp_path: Path) -> None:
    file = KeyFile.open_or_create(tmp_path / "keys.json")
    master = file.rotate(activate=False)
    assert file.ring.active_master != master
    file.activate(master.id)
    assert KeyFile(file.path).ring.active_master.id == master.id


def test_a_bad_edit_does_not_stop_a_running_process(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "keys.json"
    worker = KeyFile.open_or_create(path)
    path.write_text("{")
    with caplog.at_level(logging.WARNING), pytest.raises(CodecError) as refused:
        worker.get("k9/default/orders")
    assert code_of(refused) == "key_unknown"
    assert str(path) in caplog.text
    assert worker.active("orders")
    path.unlink()
    assert worker.active("orders")


def test_an_export_cannot_be_rotated(tmp_path: Path) -> None:
    path = tmp_path / "orders.json"
    write_keys(path, KeyRing.generate(NOW).export(["orders"]))
    with pytest.raises(CodecError) as refused:
        KeyFile(path).rotate()
    assert code_of(refused) == "key_file_invalid"
    assert json.loads(path.read_text())["format"] == "wistro-flow-keys/1"


def test_times_are_kept(tmp_path: Path) -> None:
    write_keys(tmp_path / "keys.json", KeyRing.generate(NOW))
    file = KeyFile(tmp_path / "keys.json")
    assert file.ring.active_master.created == NOW
    assert file.keys is file.ring
