"""What `wistro doctor` looks at on this machine. It changes nothing."""

from __future__ import annotations

import platform
import shutil
import socket
import stat
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from wistro.errors import SetupError
from wistro.project.discoverers import DISCOVERERS
from wistro.project.files import find_step_files
from wistro.project.toolchains import TOOLCHAINS, Toolchain
from wistro.temporal.host.serverbinary import ServerAddress, find_server

_LEAST_FREE = 1 << 30


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that was looked at. The hint says how to fix it, or what it would give."""

    name: str
    ok: bool
    found: str
    hint: str = ""
    required: bool = True
    """Whether Wistro cannot work without it."""


def doctor_checks(project_dir: Path, *, ports: Mapping[str, int] | None = None) -> list[Check]:
    """Looks at everything that a project needs from this machine.

    Args:
        project_dir: The project's folder.
        ports: The ports that `wistro dev` would listen on, by what they are for.
    """
    checks = [
        _python(),
        _temporal(project_dir),
        *(_language(toolchain, project_dir) for toolchain in TOOLCHAINS.values()),
        *_packages(project_dir),
        _private("keys file", project_dir / ".wistro" / "keys.json"),
        _private("management token", project_dir / ".wistro" / "token"),
        _disk(project_dir),
    ]
    return checks + [_port(purpose, port) for purpose, port in (ports or {}).items()]


def _python() -> Check:
    return Check(
        name="Python",
        ok=sys.version_info >= (3, 11),
        found=f"{platform.python_version()} at {sys.executable}",
        hint="install Python 3.11 or newer",
    )


def _temporal(project_dir: Path) -> Check:
    name = "Temporal server"
    try:
        server = find_server(project_dir, install=False)
        if isinstance(server, ServerAddress):
            return _reached(name, server)
        found = f"{server.version()} at {server.path} ({server.origin})"
        return Check(name=name, ok=True, found=found)
    except SetupError as error:
        hint = "`wistro dev` installs one; or install the Temporal CLI, or set `TEMPORAL_ADDRESS`"
        return Check(name=name, ok=False, found=str(error).splitlines()[0], hint=hint)


def _reached(name: str, server: ServerAddress) -> Check:
    host, _, port = server.address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=3).close()
    except (OSError, ValueError) as error:
        return Check(
            name=name,
            ok=False,
            found=f"`{server.address}` does not answer: {error}",
            hint="start it, or correct `TEMPORAL_ADDRESS`; unset, `wistro dev` starts its own",
        )
    return Check(name=name, ok=True, found=f"{server.address}, namespace {server.namespace}")


def _language(toolchain: Toolchain, project_dir: Path) -> Check:
    """What steps of a language need; nothing is required where there are none."""
    [discoverer] = [each for each in DISCOVERERS if each.language == toolchain.language]
    files = len(find_step_files(project_dir, discoverer.patterns))
    wanted = f"for {files} files" if files > 1 else "for one file" if files else "not needed here"
    try:
        program = toolchain.find()
        version = ".".join(map(str, toolchain.version(program)))
    except SetupError as error:
        found = f"{error.message} ({wanted})"
        hint = error.hint or "install it anew"
        return Check(name=toolchain.title, ok=False, found=found, hint=hint, required=files > 0)
    return Check(name=toolchain.title, ok=True, found=f"{version} at {program}, {wanted}")


def _packages(project_dir: Path) -> list[Check]:
    """Whether the packages are installed that a package.json names."""
    package = project_dir / "package.json"
    if not package.is_file() or '"dependencies"' not in package.read_text(encoding="utf-8"):
        return []
    ok = (project_dir / "node_modules").is_dir()
    found = "installed" if ok else "package.json names some, and there is no `node_modules`"
    hint = "run `npm install` in the project's folder"
    return [Check(name="npm packages", ok=ok, found=found, hint=hint)]


def _private(name: str, path: Path) -> Check:
    if not path.exists():
        return Check(name=name, ok=True, found="not there yet: the first start makes it")
    mode = stat.S_IMODE(path.stat().st_mode)
    return Check(
        name=name,
        ok=mode & 0o077 == 0,
        found=f"{path}, mode {mode:03o}",
        hint=f"only its owner may read it: chmod 600 {path}",
    )


def _disk(project_dir: Path) -> Check:
    free = shutil.disk_usage(project_dir).free
    return Check(
        name="disk space",
        ok=free >= _LEAST_FREE,
        found=f"{free / (1 << 30):.1f} GiB free at {project_dir}",
        hint="the Temporal database and the state need room: free at least 1 GiB",
    )


def _port(purpose: str, port: int) -> Check:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            return Check(
                name=f"port {port}",
                ok=False,
                found=f"not free for {purpose}: {error.strerror}",
                hint="stop the process that listens on it, or choose another port",
            )
    return Check(name=f"port {port}", ok=True, found=f"free for {purpose}")
