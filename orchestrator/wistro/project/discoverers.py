"""How the steps of each language are found."""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pydantic import ValidationError

from wistro.errors import SetupError
from wistro.project.declared import read_declared
from wistro.project.describing import describe_declared
from wistro.project.descriptor import DISCOVERY_VERSION, Discovered, Language
from wistro.project.files import (
    GO_STEPS,
    NODE_STEPS,
    NODE_STREAMS,
    PYTHON_STEPS,
    PYTHON_STREAMS,
)
from wistro.project.toolchains import GO, NODE, Toolchain
from wistro.usercache import Progress


@dataclass(frozen=True, kw_only=True)
class Discoverer:
    """How the steps of one language are found."""

    language: Language
    patterns: tuple[str, ...]
    """How its step and stream files are called."""
    suffixes: tuple[str, ...]
    """Files of these kinds, wherever they are in the project, may change what is found."""
    command: Callable[[Progress], tuple[str, ...]]
    """What prints the document, given the project's root; makes it ready first."""
    environment: Callable[[Path], str]
    """What else the result depends on: versions, installed packages."""
    parse: Callable[[bytes], Discovered]
    """Reads the document."""
    patience: float = 1.0
    """How many times the usual limit it may take."""
    own: bool = False
    """Whether a project can do nothing about a failure of the discoverer itself."""


# ------------------------------------------------------------------------------------ Python


def _python_command(_say: Progress) -> tuple[str, ...]:
    # -P: a `json.py` in the working directory does not shadow the standard library's.
    return sys.executable, "-P", "-m", "wistro_worker.discover"


def _python_environment(_root: Path) -> str:
    # A folder's time changes when a package is installed, updated or removed.
    changed = _changed(Path(sysconfig.get_path("purelib")))
    try:
        release = version("wistro")
    except PackageNotFoundError:
        release = "source"
    return f"{sys.executable} {sys.version} {changed} {release}"


def _parse_discovered(document: bytes) -> Discovered:
    try:
        return Discovered.model_validate_json(document)
    except ValidationError as error:
        raise SetupError(
            "the python discoverer printed no document of version "
            f"{DISCOVERY_VERSION}: {error.errors(include_url=False)[0]['msg']}",
            code="discovery_failed",
            hint="the worker and the tool may be of different releases: update both",
        ) from error


PYTHON = Discoverer(
    language="python",
    patterns=(*PYTHON_STEPS, *PYTHON_STREAMS),
    suffixes=(".py",),
    command=_python_command,
    environment=_python_environment,
    parse=_parse_discovered,
    own=True,
)


# ------------------------------------------------------------------------------------ others


def _foreign(
    toolchain: Toolchain,
    *,
    patterns: tuple[str, ...],
    suffixes: tuple[str, ...],
    installed: str | None = None,
    patience: float = 1.0,
) -> Discoverer:
    """The discoverer of another language.

    Args:
        toolchain: What its command is run with.
        patterns: How its files are called.
        suffixes: Of files that may change what is found.
        installed: A file of the project that changes when a package is installed.
        patience: How many times the usual limit it may take.
    """

    def environment(root: Path) -> str:
        packages = _changed(root / installed) if installed else 0
        return f"{toolchain.fingerprint()} {packages}"

    return Discoverer(
        language=toolchain.language,
        patterns=patterns,
        suffixes=suffixes,
        command=toolchain.discover,
        environment=environment,
        parse=lambda document: describe_declared(read_declared(document)),
        patience=patience,
    )


_NODE = _foreign(
    NODE,
    patterns=(*NODE_STEPS, *NODE_STREAMS),
    suffixes=(".ts", ".tsx", ".js", ".mjs", ".cjs", ".json"),
    installed="node_modules/.package-lock.json",
)
# The first build compiles Temporal's SDK: minutes, once on each machine.
_GO = _foreign(GO, patterns=GO_STEPS, suffixes=(".go", ".mod", ".sum", ".work"), patience=15.0)

DISCOVERERS = (PYTHON, _NODE, _GO)


def _changed(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else 0
