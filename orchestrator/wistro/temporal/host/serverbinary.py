"""Where a Temporal development server comes from.

`python -m wistro.temporal.host.serverbinary` finds or installs the binary and prints its path.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final, Literal

from temporalio.envconfig import ClientConfigProfile

from wistro.errors import SetupError
from wistro.usercache import Progress, cache_folder, one_at_a_time, silent

CLI_MODULE: Final = "github.com/temporalio/cli/cmd/temporal"
CLI_VERSION: Final = "v1.5.1"
"""The newest version that `go install` accepts (later ones have a replace directive)."""

Origin = Literal["path", "installed", "downloaded", "built"]

_DOWNLOAD_SECONDS = 120


@dataclass(frozen=True, kw_only=True)
class ServerAddress:
    """A Temporal server that somebody else runs, from the `TEMPORAL_*` settings or profile."""

    address: str
    namespace: str


@dataclass(frozen=True, kw_only=True)
class ServerBinary:
    """A `temporal` command that can start a development server."""

    path: Path
    origin: Origin

    def version(self) -> str:
        """What `temporal --version` says.

        Raises:
            SetupError: the command does not run.
        """
        try:
            done = subprocess.run(
                [self.path, "--version"], capture_output=True, text=True, timeout=30, check=True
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise SetupError(
                f"`{self.path}` does not run: {error}",
                code="temporal_binary_broken",
                hint="delete it, or put a working `temporal` command on the PATH",
            ) from error
        return done.stdout.strip()


def find_server(
    project_dir: Path | None = None,
    *,
    progress: Progress | None = None,
    install: bool = True,
    env: Mapping[str, str] | None = None,
) -> ServerAddress | ServerBinary:
    """The Temporal server to use: one that is configured, or a binary to start.

    Blocks for minutes when it has to download or build; `progress` then says how far it is.

    Args:
        project_dir: The project, which may have a binary of its own: `.tools/bin/temporal`.
        progress: Called with a line of text at each step of an installation.
        install: Whether to download or build a binary when none is found.
        env: The environment; this process's own by default.

    Raises:
        SetupError: nothing was found, and nothing could be installed.
    """
    return configured_server(env=env) or find_binary(
        project_dir, progress=progress, install=install, env=env
    )


def configured_server(*, env: Mapping[str, str] | None = None) -> ServerAddress | None:
    """The address in the `TEMPORAL_*` settings or profile, if there is one."""
    environment = os.environ if env is None else env
    try:
        profile = ClientConfigProfile.load(override_env_vars=dict(environment))
    except RuntimeError as error:
        raise SetupError(
            f"the Temporal profile cannot be read: {error}",
            code="temporal_profile_invalid",
            hint="correct the file that `TEMPORAL_CONFIG_FILE` names, or unset the variable",
        ) from error
    if not profile.address:
        return None
    return ServerAddress(address=profile.address, namespace=profile.namespace or "default")


def find_binary(
    project_dir: Path | None = None,
    *,
    progress: Progress | None = None,
    install: bool = True,
    env: Mapping[str, str] | None = None,
) -> ServerBinary:
    """A `temporal` command: on the PATH, installed earlier, downloaded or built, in this order.

    `WISTRO_OFFLINE=1` leaves out the last two. The arguments are those of `find_server`.

    Raises:
        SetupError: nothing was found, and nothing could be installed.
    """
    environment = os.environ if env is None else env
    found = _existing(environment, project_dir)
    if found:
        return found
    tried = ["a `temporal` command on the PATH", "one installed earlier"]
    if install and environment.get("WISTRO_OFFLINE", "") in ("", "0"):
        say = progress or silent
        with _installing(environment, say):
            found = _existing(environment) or _download(environment, say)
            found = found or _build(environment, say)
        if found:
            return found
        tried += ["the Temporal SDK's download", "a build with Go (not installed)"]
    raise SetupError(
        f"no Temporal server: expected {', '.join(tried[:-1])} or {tried[-1]}; found none",
        code="temporal_not_found",
        hint="install the Temporal CLI or Go, or set `TEMPORAL_ADDRESS` to a server that runs",
    )


def _built(env: Mapping[str, str]) -> Path:
    return cache_folder(env) / f"temporal-{CLI_VERSION}" / "temporal"


def _downloaded(env: Mapping[str, str]) -> Path:
    return cache_folder(env) / f"temporal-sdk-{version('temporalio')}" / "temporal"


def _existing(env: Mapping[str, str], project_dir: Path | None = None) -> ServerBinary | None:
    on_path = shutil.which("temporal", path=env.get("PATH", os.defpath))
    if on_path:
        return ServerBinary(path=Path(on_path), origin="path")
    own = [project_dir / ".tools" / "bin" / "temporal"] if project_dir else []
    for path in (*own, _built(env), _downloaded(env)):
        if os.access(path, os.X_OK):
            return ServerBinary(path=path, origin="installed")
    return None


def _installing(env: Mapping[str, str], say: Progress) -> AbstractContextManager[None]:
    """One installation at a time, of all processes of this user."""
    waiting = "waiting for another process that is installing the Temporal server"
    return one_at_a_time(cache_folder(env) / "install.lock", waiting, say)


# The SDK has no call that only downloads. A process of its own can be ended when the network hangs.
_DOWNLOAD_SCRIPT = """
import asyncio, os, sys
from temporalio.testing import WorkflowEnvironment

async def download():
    environment = await WorkflowEnvironment.start_local(download_dest_dir=sys.argv[1])
    await environment.shutdown()

try:
    asyncio.run(download())
except Exception as error:
    print(error, file=sys.stderr)
    sys.stderr.flush()
    os._exit(1)
os._exit(0)
"""


def _download(env: Mapping[str, str], say: Progress) -> ServerBinary | None:
    target = _downloaded(env)
    say("downloading the Temporal server")
    with tempfile.TemporaryDirectory(dir=cache_folder(env)) as folder:
        try:
            done = subprocess.run(
                [sys.executable, "-c", _DOWNLOAD_SCRIPT, folder],
                env=dict(env),
                capture_output=True,
                text=True,
                timeout=_DOWNLOAD_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            say(f"the download did not finish within {_DOWNLOAD_SECONDS} seconds")
            return None
        files = [path for path in Path(folder).iterdir() if os.access(path, os.X_OK)]
        if done.returncode != 0 or not files:
            reason = done.stderr.strip().splitlines()
            say(f"the download failed: {reason[-1] if reason else 'no reason given'}")
            return None
        target.parent.mkdir(parents=True, exist_ok=True)
        files[0].replace(target)
    return ServerBinary(path=target, origin="downloaded")


def _build(env: Mapping[str, str], say: Progress) -> ServerBinary | None:
    go = shutil.which("go", path=env.get("PATH", os.defpath))
    if not go:
        return None
    target = _built(env)
    say(f"building the Temporal server {CLI_VERSION} with Go; this takes minutes, once")
    with tempfile.TemporaryDirectory(dir=cache_folder(env)) as folder:
        # Without cgo no C compiler is needed; -s -w leaves out what only a debugger reads.
        with subprocess.Popen(
            [go, "install", "-v", "-ldflags", "-s -w", f"{CLI_MODULE}@{CLI_VERSION}"],
            env={**env, "GOBIN": folder, "CGO_ENABLED": "0", "GOFLAGS": ""},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                last = _follow_build(process, say)
            except BaseException:
                process.kill()
                raise
        if process.returncode != 0:
            raise SetupError(
                f"the build of `{CLI_MODULE}@{CLI_VERSION}` failed:\n" + "\n".join(last),
                code="temporal_build_failed",
                hint="install the Temporal CLI yourself and put it on the PATH",
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        (Path(folder) / "temporal").replace(target)
    return ServerBinary(path=target, origin="built")


def _follow_build(process: subprocess.Popen[str], say: Progress) -> list[str]:
    """Reports the compiler's progress until it ends; its last lines."""
    lines: list[str] = []
    compiled = downloaded = 0
    assert process.stderr
    for line in process.stderr:
        lines = [*lines[-19:], line.rstrip()]
        if line.startswith("go: downloading"):
            downloaded += 1
            if downloaded % 25 == 0:
                say(f"downloaded {downloaded} modules")
        else:
            compiled += 1
            if compiled % 100 == 0:
                say(f"compiled {compiled} packages")
    process.wait()
    return lines


def main() -> int:
    """Finds or installs the binary; its path goes to stdout, all else to stderr."""

    def show(line: str) -> None:
        sys.stderr.write(f"{line}\n")

    try:
        found = find_binary(progress=show)
    except SetupError as error:
        show(str(error))
        return 1
    sys.stdout.write(f"{found.path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
