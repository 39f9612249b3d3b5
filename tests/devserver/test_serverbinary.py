"""Where the server comes from, in the documented order."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from wistro.errors import SetupError
from wistro.temporal.host import serverbinary
from wistro.temporal.host.serverbinary import CLI_VERSION, ServerAddress, find_binary, find_server


def command(path: Path, script: str) -> Path:
    """An executable shell script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """An environment with nothing in it: no command, an empty cache, no profile."""
    return {
        "HOME": str(tmp_path / "home"),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "PATH": str(tmp_path / "bin"),
    }


def test_an_address_goes_before_everything(env: dict[str, str], tmp_path: Path) -> None:
    command(tmp_path / "bin" / "temporal", "true")
    env |= {"TEMPORAL_ADDRESS": "temporal.example:7233", "TEMPORAL_NAMESPACE": "shop"}
    found = find_server(tmp_path, env=env)
    assert found == ServerAddress(address="temporal.example:7233", namespace="shop")


def test_a_profile_file_gives_the_address(env: dict[str, str], tmp_path: Path) -> None:
    profile = tmp_path / "profiles.toml"
    profile.write_text('[profile.default]\naddress = "one:7233"\n[profile.b]\naddress="two:1"\n')
    env["TEMPORAL_CONFIG_FILE"] = str(profile)
    assert find_server(env=env) == ServerAddress(address="one:7233", namespace="default")
    env["TEMPORAL_PROFILE"] = "b"
    assert find_server(env=env) == ServerAddress(address="two:1", namespace="default")


def test_a_broken_profile_is_named(env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "profiles.toml").write_text("this is [ no toml")
    env["TEMPORAL_CONFIG_FILE"] = str(tmp_path / "profiles.toml")
    with pytest.raises(SetupError, match="profile cannot be read"):
        find_server(env=env)


def test_the_path_goes_before_the_cache(env: dict[str, str], tmp_path: Path) -> None:
    cached = command(tmp_path / "cache" / "wistro" / f"temporal-{CLI_VERSION}" / "temporal", "true")
    assert find_binary(env=env).path == cached
    own = command(tmp_path / ".tools" / "bin" / "temporal", "true")
    assert find_binary(tmp_path, env=env).path == own
    on_path = command(tmp_path / "bin" / "temporal", "true")
    found = find_binary(env=env)
    assert (found.path, found.origin) == (on_path, "path")


def test_offline_installs_nothing_and_says_what_to_do(env: dict[str, str]) -> None:
    env["WISTRO_OFFLINE"] = "1"
    with pytest.raises(SetupError, match="no Temporal server") as caught:
        find_binary(env=env)
    assert "TEMPORAL_ADDRESS" in str(caught.value.hint)


@pytest.fixture
def no_download(monkeypatch: pytest.MonkeyPatch) -> None:
    """The download fails, as on a machine that reaches package registries only."""
    script = "import sys; sys.exit('no route to host')"
    monkeypatch.setattr(serverbinary, "_DOWNLOAD_SCRIPT", script)


@pytest.mark.usefixtures("no_download")
def test_builds_with_go_and_shows_progress(env: dict[str, str], tmp_path: Path) -> None:
    command(
        tmp_path / "bin" / "go",
        'echo "$@" > "$HOME/arguments"; PATH=/bin:/usr/bin\n'
        "for i in $(seq 50); do echo go: downloading m$i >&2; done\n"
        "for i in $(seq 200); do echo example.org/p$i >&2; done\n"
        'printf "#!/bin/sh\\necho temporal version 1\\n" > $GOBIN/temporal\n'
        "chmod +x $GOBIN/temporal",
    )
    (tmp_path / "home").mkdir()
    said: list[str] = []
    found = find_binary(env=env, progress=said.append)
    assert found.origin == "built"
    assert found.version() == "temporal version 1"
    assert found.path.parent.name == f"temporal-{CLI_VERSION}"
    assert f"cmd/temporal@{CLI_VERSION}" in (tmp_path / "home" / "arguments").read_text()
    assert any("no route to host" in line for line in said)
    assert [line for line in said if line.startswith(("downloaded", "compiled"))] == [
        "downloaded 25 modules",
        "downloaded 50 modules",
        "compiled 100 packages",
        "compiled 200 packages",
    ]
    assert find_binary(env=env).origin == "installed"


@pytest.mark.usefixtures("no_download")
def test_a_failed_build_shows_the_compilers_words(env: dict[str, str], tmp_path: Path) -> None:
    command(tmp_path / "bin" / "go", "echo 'requires go >= 9' >&2; exit 1")
    with pytest.raises(SetupError, match="requires go >= 9"):
        find_binary(env=env)
    left = [path.name for path in (tmp_path / "cache" / "wistro").iterdir()]
    assert left == ["install.lock"]


def test_a_download_is_kept(
    env: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = (
        "import pathlib, sys; file = pathlib.Path(sys.argv[1], 'temporal-sdk-python');"
        "file.write_text('#!/bin/sh'); file.chmod(0o755)"
    )
    monkeypatch.setattr(serverbinary, "_DOWNLOAD_SCRIPT", script)
    assert find_binary(env=env).origin == "downloaded"
    assert find_binary(env=env).origin == "installed"


def test_a_download_that_hangs_is_given_up(
    env: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serverbinary, "_DOWNLOAD_SCRIPT", "import time; time.sleep(60)")
    monkeypatch.setattr(serverbinary, "_DOWNLOAD_SECONDS", 0.5)
    started = time.monotonic()
    with pytest.raises(SetupError, match="no Temporal server"):
        find_binary(env=env)
    assert time.monotonic() - started < 10


@pytest.mark.usefixtures("no_download")
def test_two_at_once_build_once(env: dict[str, str], tmp_path: Path) -> None:
    command(
        tmp_path / "bin" / "go",
        'echo build >> "$HOME/builds"; PATH=/bin:/usr/bin; sleep 1\n'
        "echo '#!/bin/sh' > $GOBIN/temporal; chmod +x $GOBIN/temporal",
    )
    (tmp_path / "home").mkdir()
    threads = [threading.Thread(target=find_binary, kwargs={"env": env}) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (tmp_path / "home" / "builds").read_text() == "build\n"


def test_the_module_prints_the_path(env: dict[str, str], tmp_path: Path) -> None:
    on_path = command(tmp_path / "bin" / "temporal", "true")
    done = subprocess.run(
        [sys.executable, "-m", "wistro.temporal.host.serverbinary"],
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"{on_path}\n"
