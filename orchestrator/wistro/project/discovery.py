"""Discovers the steps of a project: runs each language's discoverer, and remembers what it said.

A discoverer imports the user's code, so it is a process of its own: what a step file does when it
is imported (fail, print, end the process, never end) cannot reach the tool.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from threading import Event

from pydantic import ValidationError

from wistro.errors import SetupError
from wistro.project.descriptor import DISCOVERY_VERSION, Discovered, LoadError, Record
from wistro.project.discoverers import DISCOVERERS, Discoverer
from wistro.project.files import find_step_files, hash_files, source_folders, walk
from wistro.project.process import run_to_end
from wistro.usercache import Progress, silent

DISCOVERY_LIMIT = 60.0
"""Seconds that discovering a project may take."""
CACHE_FOLDER = Path(".wistro", "cache")


class _Cache(Record):
    fingerprint: str
    found: Discovered


def discover(
    root: Path,
    *,
    limit: float = DISCOVERY_LIMIT,
    cache: bool = True,
    progress: Progress = silent,
    stop: Event | None = None,
) -> Discovered:
    """The steps and streams of the project at `root`, in all languages.

    Args:
        root: The project's folder.
        limit: Seconds after which a discoverer is stopped; a compiler gets more.
        cache: Whether a result whose files have not changed may be used again.
        progress: Told what takes its time.
        stop: Set when nobody waits for the result any more: discoverers are killed.

    Raises:
        SetupError: a discoverer could not be run at all.
    """
    files = {each.language: find_step_files(root, each.patterns) for each in DISCOVERERS}
    interrupted = Event()

    def gone() -> bool:
        return interrupted.is_set() or (stop is not None and stop.is_set())

    def find(discoverer: Discoverer) -> Discovered:
        work = _Discovery(root, discoverer, limit * discoverer.patience, gone, progress)
        try:
            return work.find(cache=cache)
        except SetupError as error:
            if discoverer.own:
                raise
            # Without Node, say, the steps of other languages go on.
            return Discovered(
                language=discoverer.language,
                errors=(_all_lost(root, files[discoverer.language], error),),
            )

    wanted = [each for each in DISCOVERERS if files[each.language]]
    with ThreadPoolExecutor(max_workers=len(DISCOVERERS)) as threads:
        try:
            found = list(threads.map(find, wanted))
        finally:
            interrupted.set()  # a discoverer must not outlive the Ctrl-C that ended us
    return Discovered(
        steps=tuple(step for each in found for step in each.steps),
        streams=tuple(stream for each in found for stream in each.streams),
        errors=tuple(error for each in found for error in each.errors),
    )


def _all_lost(root: Path, files: Sequence[Path], error: SetupError) -> LoadError:
    """What is wrong with all files of a language, said once."""
    others = len(files) - 1
    more = f" (so {others} more {'file is' if others == 1 else 'files are'} left out)"
    message = error.message + (more if others else "")
    return LoadError(path=files[0].relative_to(root).as_posix(), error=message, hint=error.hint)


class _Discovery:
    """One language's part."""

    def __init__(
        self,
        root: Path,
        discoverer: Discoverer,
        limit: float,
        gone: Callable[[], bool],
        say: Progress,
    ) -> None:
        self._root = root
        self._discoverer = discoverer
        self._limit = limit
        self._gone = gone
        self._say = say

    def find(self, *, cache: bool) -> Discovered:
        place = self._root / CACHE_FOLDER / f"discovery-{self._discoverer.language}.json"
        fingerprint = self._fingerprint()
        if cache and (known := _read_cache(place)) and known.fingerprint == fingerprint:
            return known.found
        found = self._run()
        # With an error there is more to a result than the files: a package that is missing, say.
        if not found.errors:
            place.parent.mkdir(parents=True, exist_ok=True)
            _write(place, _Cache(fingerprint=fingerprint, found=found).model_dump_json())
        return found

    def _fingerprint(self) -> str:
        """Changes when the result may: with a source file anywhere, or any file beside the steps."""
        root, discoverer = self._root, self._discoverer
        sources = [path for path in walk(root) if path.suffix in discoverer.suffixes]
        beside = [path for folder in source_folders(root) for path in walk(folder)]
        text = (
            f"{DISCOVERY_VERSION} {discoverer.environment(root)} "
            f"{hash_files(root, [*sources, *beside])}"
        )
        return sha256(text.encode()).hexdigest()

    def _run(self) -> Discovered:
        """Run the discoverer; a file that takes it down is left out and the rest is tried again."""
        discoverer = self._discoverer
        command = discoverer.command(self._say)
        lost: dict[str, LoadError] = {}
        with tempfile.TemporaryDirectory() as folder:
            progress = Path(folder, "progress")
            while True:
                skipped = [part for path in lost for part in ("--skip", path)]
                options = [str(self._root), "--progress", str(progress), *skipped]
                ended = run_to_end([*command, *options], self._root, self._limit, self._gone)
                if ended.code == 0 and ended.out:
                    found = discoverer.parse(ended.out)
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
                    hint="let a step file do little when it is loaded",
                )


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
