"""Discovers the steps of a project: runs each language's discoverer, and remembers what it said.

The discoverer imports the user's code, so it is a process of its own: what a step file does when it
is imported (fail, print, end the process, never end) cannot reach the tool.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pydantic import ValidationError

from wistro.errors import SetupError
from wistro.project.descriptor import DISCOVERY_VERSION, Discovered, Language, LoadError, Record
from wistro.project.files import PYTHON_STEPS, SOURCE_FOLDERS, find_step_files, hash_files, walk

DISCOVERY_LIMIT = 60.0
"""Seconds that discovering a project may take."""
CACHE_FOLDER = Path(".wistro", "cache")


@dataclass(frozen=True, kw_only=True)
class Discoverer:
    """How the steps of one language are found."""

    language: Language
    patterns: tuple[str, ...]
    """How its step files are called."""
    suffixes: tuple[str, ...]
    """Files of these kinds, wherever they are in the project, may change what is found."""
    command: tuple[str, ...]
    """What prints the document, given the project's root."""
    environment: Callable[[], str]
    """What else the result depends on: versions, installed packages."""


def _python_environment() -> str:
    # A folder's time changes when a package is installed, updated or removed.
    installed = Path(sysconfig.get_path("purelib"))
    changed = installed.stat().st_mtime_ns if installed.exists() else 0
    try:
        release = version("wistro")
    except PackageNotFoundError:
        release = "source"
    return f"{sys.executable} {sys.version} {changed} {release}"


PYTHON = Discoverer(
    language="python",
    patterns=PYTHON_STEPS,
    suffixes=(".py",),
    # -P: a `json.py` in the working directory does not shadow the standard library's.
    command=(sys.executable, "-P", "-m", "wistro_worker.discover"),
    environment=_python_environment,
)
DISCOVERERS = (PYTHON,)


class _Cache(Record):
    fingerprint: str
    found: Discovered


def discover(root: Path, *, limit: float = DISCOVERY_LIMIT, cache: bool = True) -> Discovered:
    """The steps of the project at `root`, in all languages.

    Args:
        root: The project's folder.
        limit: Seconds after which a discoverer is stopped.
        cache: Whether a result whose files have not changed may be used again.

    Raises:
        SetupError: a discoverer could not be run at all.
    """
    found = [
        _discover(root, discoverer, limit=limit, cache=cache)
        for discoverer in DISCOVERERS
        if find_step_files(root, discoverer.patterns)
    ]
    return Discovered(
        steps=tuple(step for each in found for step in each.steps),
        errors=tuple(error for each in found for error in each.errors),
    )


def _discover(root: Path, discoverer: Discoverer, *, limit: float, cache: bool) -> Discovered:
    place = root / CACHE_FOLDER / f"discovery-{discoverer.language}.json"
    fingerprint = _fingerprint(root, discoverer)
    if cache and (known := _read_cache(place)) and known.fingerprint == fingerprint:
        return known.found
    found = _run(root, discoverer, limit)
    # With an error there is more to a result than the files: a package that is missing, say.
    if not found.errors:
        place.parent.mkdir(parents=True, exist_ok=True)
        _write(place, _Cache(fingerprint=fingerprint, found=found).model_dump_json())
    return found


def _fingerprint(root: Path, discoverer: Discoverer) -> str:
    """Changes when the result may: with a source file anywhere, or any file beside the steps."""
    sources = [path for path in walk(root) if path.suffix in discoverer.suffixes]
    beside = [path for folder in SOURCE_FOLDERS for path in walk(root / folder)]
    text = f"{DISCOVERY_VERSION} {discoverer.environment()} {hash_files(root, [*sources, *beside])}"
    return sha256(text.encode()).hexdigest()


def _read_cache(place: Path) -> _Cache | None:
    try:
        return _Cache.model_validate_json(place.read_bytes())
    except (OSError, ValidationError):
        return None


def _write(place: Path, text: str) -> None:
    # Two processes may discover at the same time: neither reads half a file.
    with tempfile.NamedTemporaryFile("w", dir=place.parent, delete=False, encoding="utf-8") as file:
        file.write(text)
    Path(file.name).replace(place)


# ------------------------------------------------------------------------------------ running


def _run(root: Path, discoverer: Discoverer, limit: float) -> Discovered:
    """Run the discoverer; a file that takes it down is left out and the rest is tried again."""
    lost: dict[str, LoadError] = {}
    with tempfile.TemporaryDirectory() as folder:
        progress = Path(folder, "progress")
        while True:
            skipped = [part for path in lost for part in ("--skip", path)]
            options = [str(root), "--progress", str(progress), *skipped]
            ended = _spawn([*discoverer.command, *options], root, limit)
            if ended.code == 0 and ended.out:
                found = _parse(ended, discoverer)
                return found.model_copy(update={"errors": (*found.errors, *lost.values())})
            culprit = progress.read_text() if progress.exists() else ""
            if not culprit or culprit in lost:
                raise SetupError(
                    f"discovering the {discoverer.language} steps {ended.story}",
                    code="discovery_failed",
                    hint=f"it said: {ended.last_words}" if ended.last_words else None,
                )
            lost[culprit] = LoadError(
                path=culprit,
                error=f"`{culprit}` does not load: the process that imports it {ended.story}",
                hint="keep what a step file does when it is imported small, and in pure Python",
            )


@dataclass(frozen=True, kw_only=True)
class _Ended:
    code: int
    story: str
    out: bytes
    last_words: str


def _spawn(command: list[str], root: Path, limit: float) -> _Ended:
    process = subprocess.Popen(
        command,
        cwd=root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        out, err = process.communicate(timeout=limit)
        story = _story(process.returncode)
    except subprocess.TimeoutExpired:
        _kill_group(process.pid)
        out, err = process.communicate()
        story = f"was stopped after {limit:g} s"
    except BaseException:
        _kill_group(process.pid)
        process.wait()
        raise
    words = err.decode(errors="replace").strip().rpartition("\n")[2]
    return _Ended(code=process.returncode, story=story, out=out, last_words=words)


def _kill_group(pid: int) -> None:
    # What the step file started has our pipes too: killing only the discoverer would leave us
    # waiting for its children to close them.
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def _story(code: int) -> str:
    if code >= 0:
        return f"ended with the exit code {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"


def _parse(ended: _Ended, discoverer: Discoverer) -> Discovered:
    try:
        return Discovered.model_validate_json(ended.out)
    except ValidationError as error:
        raise SetupError(
            f"the {discoverer.language} discoverer printed no document of version "
            f"{DISCOVERY_VERSION}: {error.errors(include_url=False)[0]['msg']}",
            code="discovery_failed",
            hint="the worker and the tool may be of different releases: update both",
        ) from error
