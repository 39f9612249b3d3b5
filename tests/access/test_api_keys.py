"""API keys: hashed in a file that only its owner reads, and followed by servers that run."""

from __future__ import annotations

import json
import multiprocessing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from wistro.errors import SetupError, StoreError
from wistro.project.auth_settings import KeySettings
from wistro.stores.api_keys import ApiKeyFile
from wistro_triggers.api_keys import ApiKeys


@pytest.fixture
def file(tmp_path: Path) -> ApiKeyFile:
    return ApiKeyFile(tmp_path / ".wistro" / "access.json")


def test_a_key_from_start_to_end(file: ApiKeyFile) -> None:
    follower = ApiKeyFile(file.path)
    assert follower.find("wk_1_2") is None
    key, text = file.create("front", scopes=["call:*"], roles=["agent"])
    assert text.startswith(f"wk_{key.id}_")
    assert follower.find(text) == key
    for wrong in (text[:-1], text + "x", text.upper(), "", "wk_", f"wk_{key.id}_", key.digest):
        assert follower.find(wrong) is None
    content = file.path.read_text()
    assert text not in content
    assert text.removeprefix(f"wk_{key.id}_") not in content
    assert file.path.stat().st_mode & 0o777 == 0o600
    file.revoke("front")
    assert follower.find(text) is None
    assert list(file.list()) == []


def test_names_are_used_once(file: ApiKeyFile) -> None:
    file.create("front", scopes=[])
    with pytest.raises(SetupError, match="there is a key `front` already"):
        file.create("front", scopes=[])
    with pytest.raises(SetupError, match="there is no key `fornt`") as refused:
        file.revoke("fornt")
    assert refused.value.hint == "did you mean `front`?"


def test_a_file_that_others_can_read_opens_nothing(file: ApiKeyFile) -> None:
    _, text = file.create("front", scopes=[])
    follower = ApiKeyFile(file.path)
    assert follower.find(text)
    file.path.chmod(0o644)
    assert follower.find(text) is None
    with pytest.raises(StoreError, match="mode 0644") as refused:
        file.list()
    assert "chmod 600" in str(refused.value.hint)
    file.path.chmod(0o600)
    assert follower.find(text)


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"version": 2, "keys": []}', '{"keys": [{}]}', "\xff"]
)
def test_a_damaged_file_opens_nothing(file: ApiKeyFile, content: str) -> None:
    _, text = file.create("front", scopes=[])
    follower = ApiKeyFile(file.path)
    assert follower.find(text)
    file.path.write_bytes(content.encode("latin-1"))
    assert follower.find(text) is None
    with pytest.raises(StoreError, match="is no file of API keys"):
        file.create("other", scopes=[])
    assert file.path.read_bytes() == content.encode("latin-1")


def _create(path: str, number: int) -> None:
    ApiKeyFile(Path(path)).create(f"key-{number}", scopes=[])


def test_keys_made_at_once_are_all_kept(file: ApiKeyFile) -> None:
    context = multiprocessing.get_context("spawn")
    makers = [context.Process(target=_create, args=(str(file.path), n)) for n in range(4)]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join(60)
    assert [key.name for key in file.list()] == [f"key-{n}" for n in range(4)]
    assert [path.name for path in file.path.parent.iterdir()] == ["access.json"]


def test_expiry(file: ApiKeyFile) -> None:
    now = datetime.now(UTC)
    key, _ = file.create("front", scopes=[], expires_at=now + timedelta(hours=1))
    assert not key.expired(now)
    assert key.expired(now + timedelta(hours=1))
    assert json.loads(file.path.read_text())["keys"][0]["expires_at"].endswith("Z")


@pytest.mark.parametrize(
    ("texts", "finding"),
    [
        ({}, "is missing"),
        ({"A": "short"}, "has 5 characters"),
        ({"A": "x" * 24, "B": " " + "x" * 24}, "`a` and `b` are the same"),
    ],
)
def test_keys_of_the_settings_must_be_good(
    file: ApiKeyFile, texts: dict[str, str], finding: str
) -> None:
    settings = {name: KeySettings(secret=name.upper()) for name in ("a", "b")}
    with pytest.raises(SetupError, match=finding):
        ApiKeys(settings, file, secret=texts.get)
