"""The commands that need nothing but the project's folder."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from tests.cli.command import wistro
from tests.cli.conftest import BROKEN


@pytest.mark.parametrize("template", ["hello", "webhook"])
def test_a_new_project_is_sound(template: str, tmp_path: Path) -> None:
    made = wistro("new", "shop", "-t", template, cwd=tmp_path).ok()
    assert "wistro dev" in made.err
    shop = tmp_path / "shop"
    assert ".wistro/" in (shop / ".gitignore").read_text()
    checked = wistro("check", "--json", cwd=shop).ok().json()
    assert checked["ok"]
    assert checked["problems"] == []
    assert checked["project"] == "shop"
    assert "{{" not in "".join(path.read_text() for path in shop.rglob("*.*") if path.is_file())
    wistro("lock", cwd=shop).ok()
    wistro("lock", "--check", cwd=shop).ok()


def test_a_webhook_project_has_a_secret_of_its_own(tmp_path: Path) -> None:
    for name in ("one", "two"):
        wistro("new", name, "-t", "webhook", cwd=tmp_path).ok()
    one, two = ((tmp_path / name / ".env").read_text() for name in ("one", "two"))
    assert one != two
    assert ".env" in (tmp_path / "one" / ".gitignore").read_text()


def test_new_in_this_folder(tmp_path: Path) -> None:
    folder = tmp_path / "my-shop"
    (folder / ".git").mkdir(parents=True)
    wistro("new", cwd=folder).ok()
    assert "project: my-shop" in (folder / "wistro.yml").read_text()


def test_new_leaves_what_is_there_alone(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "notes.txt").write_text("mine")
    ended = wistro("new", "shop", cwd=tmp_path)
    assert ended.code == 1
    assert "error: `shop` is not empty (it has `notes.txt`)" in ended.err
    assert [path.name for path in (tmp_path / "shop").iterdir()] == ["notes.txt"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("shop", "-t", "nope"), "there is no template `nope`"),
        (("My Shop",), "`My Shop` cannot be a project's name"),
    ],
)
def test_new_refuses(arguments: tuple[str, ...], said: str, tmp_path: Path) -> None:
    ended = wistro("new", *arguments, cwd=tmp_path)
    assert ended.code == 1
    assert said in ended.err
    assert list(tmp_path.iterdir()) == []


def test_check_names_the_file_and_how_to_mend_it(shop: Path) -> None:
    (shop / "steps" / "broken.step.py").write_text(BROKEN)
    ended = wistro("check", cwd=shop)
    assert ended.code == 1
    assert "error: steps/broken.step.py" in ended.out
    assert "has 1 error" in ended.err
    checked = wistro("check", "--json", cwd=shop)
    assert checked.code == 1
    [problem] = checked.json()["problems"]
    assert problem["file"] == "steps/broken.step.py"
    assert problem["severity"] == "error"
    assert problem["line"] == 1


def test_check_warns_and_goes_on(shop: Path) -> None:
    for step in (shop / "steps").glob("*.step.py"):
        step.unlink()
    ended = wistro("check", cwd=shop).ok()
    assert "warning: " in ended.out
    assert "is sound: 1 flow and no steps; 2 warnings" in ended.err


def test_lock_says_what_changed(shop: Path) -> None:
    wistro("lock", cwd=shop).ok()
    assert "is up to date" in wistro("lock", cwd=shop).ok().err
    step = shop / "steps" / "write_greeting.step.py"
    step.write_text(step.read_text().replace("Write the greeting", "Write a greeting"))
    stale = wistro("lock", "--check", cwd=shop)
    assert stale.code == 1
    assert "error: `wistro.yml.lock` is stale" in stale.err
    assert "Write a greeting" in stale.err
    assert "hint: run `wistro lock`" in stale.err
    assert "Write a greeting" in wistro("lock", cwd=shop).ok().err
    wistro("lock", "--check", cwd=shop).ok()


def test_lock_is_not_written_for_a_project_with_errors(shop: Path) -> None:
    (shop / "steps" / "broken.step.py").write_text(BROKEN)
    ended = wistro("lock", cwd=shop)
    assert ended.code == 1
    assert "error: steps/broken.step.py" in ended.err
    assert not (shop / "wistro.yml.lock").exists()


def test_lock_check_without_a_lock(shop: Path) -> None:
    ended = wistro("lock", "--check", cwd=shop)
    assert ended.code == 1
    assert "there is no `wistro.yml.lock`" in ended.err


def test_settings_that_are_wrong(shop: Path) -> None:
    (shop / "wistro.yml").write_text("project: shop\nflwos: {}\n")
    ended = wistro("check", cwd=shop)
    assert ended.code == 1
    assert "line 2" in ended.err
    assert "did you mean `flows`?" in ended.err


def test_keys_rotate_and_stay_readable(shop: Path) -> None:
    [first] = wistro("keys", "list", "--json", cwd=shop).ok().json()
    added = wistro("keys", "rotate", "--inactive", "--json", cwd=shop).ok().json()
    assert not added["active"]
    keys = wistro("keys", "list", "--json", cwd=shop).ok().json()
    assert [(key["id"], key["active"]) for key in keys] == [
        (first["id"], True),
        (added["id"], False),
    ]
    wistro("keys", "activate", added["id"], cwd=shop).ok()
    shown = wistro("keys", "list", cwd=shop).ok().out
    assert "writing and reading" in next(line for line in shown.splitlines() if added["id"] in line)
    rotated = wistro("keys", "rotate", cwd=shop).ok()
    assert "encrypts from now on" in rotated.err
    assert len(wistro("keys", "list", "--json", cwd=shop).ok().json()) == 3


def test_keys_never_show_a_secret(shop: Path) -> None:
    listed = wistro("keys", "list", cwd=shop).ok()
    rotated = wistro("keys", "rotate", "--json", cwd=shop).ok()
    masters = json.loads((shop / ".wistro" / "keys.json").read_text())["masters"]
    for master in masters:
        [secret] = [value for name, value in master.items() if name not in ("id", "created")]
        assert secret not in listed.out + listed.err + rotated.out + rotated.err


def test_keys_are_exported_for_some_flows(shop: Path) -> None:
    wistro("keys", "export", "--flow", "greetings", "--to", "greetings.json", cwd=shop).ok()
    target = shop / "greetings.json"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    exported = json.loads(target.read_text())
    assert {key["id"].rpartition("/")[2] for key in exported["keys"]} == {"greetings"}
    ended = wistro("keys", "rotate", cwd=shop, env={"WISTRO_KEYS_FILE": str(target)})
    assert ended.code == 1
    assert "exported keys" in ended.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("activate", "nope"), "nope"),
        (("export", "--flow", "orders", "--to", "keys.json"), "has no flow `orders`"),
        (("export", "--flow", "greetings", "--to", ".wistro/keys.json"), "own key file"),
    ],
)
def test_keys_refuse(arguments: tuple[str, ...], said: str, shop: Path) -> None:
    wistro("keys", "list", cwd=shop).ok()
    before = (shop / ".wistro" / "keys.json").read_bytes()
    ended = wistro("keys", *arguments, cwd=shop)
    assert ended.code == 1
    assert said in ended.err
    assert (shop / ".wistro" / "keys.json").read_bytes() == before


def test_keys_that_others_can_read(shop: Path) -> None:
    wistro("keys", "list", cwd=shop).ok()
    (shop / ".wistro" / "keys.json").chmod(0o644)
    ended = wistro("keys", "list", cwd=shop)
    assert ended.code == 1
    assert "hint: run `chmod 600" in ended.err


def test_keys_from_a_variable_stay_as_they_are(shop: Path) -> None:
    wistro("keys", "list", cwd=shop).ok()
    text = (shop / ".wistro" / "keys.json").read_text()
    ended = wistro("keys", "rotate", cwd=shop, env={"WISTRO_KEYS": text})
    assert ended.code == 1
    assert "hint: unset WISTRO_KEYS" in ended.err


def test_doctor_looks_and_tells(shop: Path) -> None:
    found = wistro("doctor", "--json", cwd=shop)
    report = found.json()
    assert found.code == (0 if report["ok"] else 1)
    names = {check["name"] for check in report["checks"]}
    assert {"Python", "Temporal server", "keys file"} <= names
    assert "Python: " in wistro("doctor", cwd=shop).out


def test_doctor_names_what_is_missing(tmp_path: Path) -> None:
    environment = {"PATH": str(tmp_path), "HOME": str(tmp_path), "WISTRO_OFFLINE": "1"}
    found = wistro("doctor", cwd=tmp_path, env=environment)
    assert found.code == 1
    assert "no  Temporal server" in found.out
    assert "hint: " in found.out


def test_replay_wants_to_know_what(shop: Path) -> None:
    ended = wistro("replay", cwd=shop)
    assert ended.code == 1
    assert "expected runs or files to replay, or `--all`" in ended.err
    (shop / "bad.json").write_text("{}")
    ended = wistro("replay", "bad.json", cwd=shop)
    assert ended.code == 1
    assert "`bad.json` is not a workflow history" in ended.err
    ended = wistro("replay", "--all", cwd=shop, env={"TEMPORAL_CONFIG_FILE": "none.toml"})
    assert ended.code == 1
    assert "it is not known where Temporal is" in ended.err
