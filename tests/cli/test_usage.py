"""Mistakes are told in a line or two, on stderr, and never as a stack trace."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import wistro


def test_an_unknown_command(tmp_path: Path) -> None:
    ended = wistro("deploy", cwd=tmp_path)
    assert ended.code == 2
    assert ended.out == ""
    assert ended.err.startswith("error: No such command 'deploy'.")
    assert "hint: `wistro --help`" in ended.err


def test_colours_only_where_they_are_wanted(tmp_path: Path) -> None:
    red = "\x1b[1;31m"
    environment = {"FORCE_COLOR": "1", "TERM": "xterm"}
    assert red in wistro("deploy", cwd=tmp_path, env={**environment, "NO_COLOR": ""}).err
    assert red not in wistro("deploy", cwd=tmp_path, env={**environment, "NO_COLOR": "1"}).err
    assert "\x1b" not in wistro("deploy", cwd=tmp_path, env={"NO_COLOR": ""}).err


def test_a_missing_argument(tmp_path: Path) -> None:
    ended = wistro("runs", "show", cwd=tmp_path)
    assert ended.code == 2
    assert "hint: `wistro runs show --help`" in ended.err


def test_no_project(tmp_path: Path) -> None:
    ended = wistro("check", cwd=tmp_path)
    assert ended.code == 1
    assert ended.err.startswith(f"error: `{tmp_path}` is not in a project")
    assert "hint: " in ended.err


def test_a_project_that_is_no_folder(tmp_path: Path) -> None:
    ended = wistro("-C", "missing", "check", cwd=tmp_path)
    assert ended.code == 1
    assert "error: `missing` is not a folder" in ended.err


def test_the_project_is_found_from_inside_it(shop: Path) -> None:
    assert "`shop` is sound" in wistro("check", cwd=shop / "steps").ok().err


def test_the_project_is_named(shop: Path, tmp_path: Path) -> None:
    wistro("--project", "shop", "check", cwd=tmp_path).ok()
    wistro("-C", str(shop), "check", cwd=tmp_path).ok()


@pytest.mark.parametrize(
    "arguments",
    [
        ("runs", "list"),
        ("runs", "show", "abc"),
        ("state", "groups"),
        ("emit", "order.placed", "-m", "{}"),
    ],
    ids=" ".join,
)
def test_a_project_that_does_not_run(arguments: tuple[str, ...], shop: Path) -> None:
    ended = wistro(*arguments, cwd=shop)
    assert ended.code == 1
    assert "hint: run `wistro dev`" in ended.err


def test_an_api_that_nobody_listens_at(tmp_path: Path, free_port: int) -> None:
    url = f"http://127.0.0.1:{free_port}"
    ended = wistro("runs", "list", cwd=tmp_path, env={"WISTRO_API": url, "WISTRO_TOKEN": "t"})
    assert ended.code == 1
    assert f"error: Wistro does not answer at `{url}`" in ended.err
    assert "hint: correct WISTRO_API" in ended.err


def test_an_address_that_is_none(tmp_path: Path) -> None:
    environment = {"WISTRO_API": "localhost:3000", "WISTRO_TOKEN": "t"}
    ended = wistro("runs", "list", cwd=tmp_path, env=environment)
    assert ended.code == 1
    assert "error: " in ended.err
    assert "localhost:3000" in ended.err


@pytest.mark.parametrize("message", ["{nope", "@missing.json", "-"])
def test_a_message_that_is_not_json(message: str, shop: Path) -> None:
    ended = wistro("emit", "greeting.asked", "-m", message, cwd=shop, stdin="nope")
    assert ended.code == 1
    assert ended.err.startswith("error: ")


def test_logs_of_nothing(shop: Path) -> None:
    ended = wistro("runs", "logs", cwd=shop)
    assert ended.code == 1
    assert "expected a run, or `--follow`" in ended.err


def test_start_without_a_lock(shop: Path) -> None:
    ended = wistro("start", cwd=shop, env={"TEMPORAL_ADDRESS": "127.0.0.1:1"})
    assert ended.code == 1
    assert "error: there is no `wistro.yml.lock`" in ended.err
    assert "hint: run `wistro lock`" in ended.err


def test_start_without_temporal(shop: Path) -> None:
    wistro("lock", cwd=shop).ok()
    ended = wistro("start", cwd=shop, env={"TEMPORAL_CONFIG_FILE": str(shop / "none.toml")})
    assert ended.code == 1
    assert "error: there is no Temporal address" in ended.err
    assert "hint: set TEMPORAL_ADDRESS" in ended.err


@pytest.mark.parametrize(
    ("only", "said"),
    [
        ("workers", "there is no part `workers`"),
        ("trigers", "did you mean `triggers`?"),
        ("steps", "`steps` were asked for without `runs`"),
        (",", "names no part"),
    ],
)
def test_parts_that_there_are_not(only: str, said: str, shop: Path) -> None:
    ended = wistro("start", "--only", only, cwd=shop)
    assert ended.code == 1
    assert said in ended.err


def test_a_broken_env_file(shop: Path) -> None:
    (shop / ".env").write_text("# fine\nNAME=value\nthis is not\n")
    ended = wistro("start", cwd=shop)
    assert ended.code == 1
    assert "error: `.env` on line 3" in ended.err


def test_dev_on_a_port_in_use(shop: Path) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = wistro("dev", "--port", str(port), cwd=shop)
    assert ended.code == 1
    assert f"error: the port `{port}` is in use" in ended.err
    assert "hint: " in ended.err


def test_a_defect_is_told_without_a_stack_trace(shop: Path) -> None:
    (shop / ".wistro").mkdir(exist_ok=True)
    (shop / ".wistro" / "keys.json").mkdir()
    ended = wistro("keys", "list", cwd=shop)
    assert ended.code == 1
    assert ended.err.startswith("error: ")
