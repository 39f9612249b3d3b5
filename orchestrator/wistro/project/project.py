"""A project: its folder, its settings, its steps and its lock."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event

from wistro.errors import SetupError
from wistro.project.accesschecks import check_access
from wistro.project.appchecks import check_apps
from wistro.project.apps import App, read_apps
from wistro.project.callchecks import check_calls
from wistro.project.checks import Finding, check_project, check_steps
from wistro.project.compile import compile_lock
from wistro.project.descriptor import Discovered, LoadError
from wistro.project.discovery import DISCOVERY_LIMIT, discover
from wistro.project.files import SOURCE_FOLDERS
from wistro.project.graph import Graph
from wistro.project.lock import LOCK_FILE, Lock, changes, dump_lock, load_lock
from wistro.project.motia import by_motias_rules
from wistro.project.settings import Settings, find_settings, read_settings
from wistro.usercache import Progress, silent


@dataclass(frozen=True, kw_only=True)
class Compiled:
    """What compiling gave: a lock of all that can be used, and what is wrong with the rest."""

    lock: Lock
    findings: tuple[Finding, ...] = ()
    errors: tuple[LoadError, ...] = ()
    """The step files that do not load."""

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong; warnings are allowed."""
        return not self.errors and all(each.severity == "warning" for each in self.findings)


@dataclass(frozen=True)
class Project:
    """A folder with step files and, perhaps, a `wistro.yml`."""

    root: Path
    settings: Settings
    apps: tuple[App, ...] = ()
    """The apps that are installed in it."""

    @classmethod
    def open(cls, path: str | Path = ".") -> Project:
        """Open the project in a folder, or the one of its settings file.

        Raises:
            SetupError: there is no such folder, or its settings or those of an app are wrong.
        """
        given = Path(path).resolve()
        root = given.parent if given.is_file() else given
        if not root.is_dir():
            raise SetupError(
                f"there is no folder `{path}`",
                code="no_project",
                hint="name the folder of a project, or run `wistro new`",
            )
        return cls(root, read_settings(root), read_apps(root))

    @property
    def lock_path(self) -> Path:
        """Where its lock is."""
        return self.root / LOCK_FILE

    @property
    def settings_path(self) -> Path | None:
        """Where its settings are, if it has any."""
        return find_settings(self.root)

    def discover(
        self,
        *,
        limit: float = DISCOVERY_LIMIT,
        cache: bool = True,
        progress: Progress = silent,
        stop: Event | None = None,
    ) -> Discovered:
        """Its steps, as their files describe them.

        Args:
            limit: Seconds after which discovery is stopped.
            cache: Whether what was found before may be used when no file has changed.
            progress: Told what takes its time.
            stop: Set when nobody waits for the result any more.

        Raises:
            SetupError: discovery cannot be run at all.
        """
        return discover(self.root, limit=limit, cache=cache, progress=progress, stop=stop)

    def compile(self, found: Discovered | None = None, *, cache: bool = True) -> Compiled:
        """Check and compile it; a step that cannot be used is left out of the lock.

        Args:
            found: Its steps; without it, they are discovered.
            cache: As of `discover`.

        Raises:
            SetupError: discovery cannot be run at all.
        """
        found = found or self.discover(cache=cache)
        steps = found.steps
        if self.settings.motia:
            steps = by_motias_rules(steps, self.settings.defaults)
        everything = Graph.of(self.settings, steps, found.streams, self.apps)
        unusable = check_steps(everything)
        left_out = {finding.step for finding in unusable}
        usable = [step for step in everything.steps if step.path not in left_out]
        streams = [stream for stream in everything.streams if stream.path not in left_out]
        graph = Graph.of(self.settings, usable, streams, self.apps)
        lock = compile_lock(graph)
        of_all = (
            *check_apps(self.settings, graph),
            *check_project(graph),
            *check_calls(lock),
            *check_access(graph),
        )
        findings = self._findings((*unusable, *of_all))
        if not found.steps and not found.errors:
            findings = (*findings, _no_steps())
        return Compiled(lock=lock, findings=findings, errors=found.errors)

    def _findings(self, found: tuple[Finding, ...]) -> tuple[Finding, ...]:
        """By Motia's rules nothing of it keeps the project from running."""
        if not self.settings.motia:
            return found
        note = () if self.settings_path else (_motia(),)
        return (*note, *(replace(each, severity="warning") for each in found))

    def read_lock(self) -> Lock:
        """The lock that was written.

        Raises:
            SetupError: it is missing, damaged, or of another version.
        """
        return load_lock(self.lock_path)

    def write_lock(self, lock: Lock) -> bool:
        """Write the lock; says whether it changed."""
        text = dump_lock(lock)
        if self.lock_path.is_file() and self.lock_path.read_text(encoding="utf-8") == text:
            return False
        self.lock_path.write_text(text, encoding="utf-8")
        return True

    def stale(self, lock: Lock) -> tuple[str, ...]:
        """How the written lock differs from `lock`, a line for each change; none when it is current.

        Raises:
            SetupError: the written lock is missing, damaged, or of another version.
        """
        written = self.read_lock()
        return () if written.build == lock.build else changes(written, lock)


def _motia() -> Finding:
    return Finding(
        severity="warning",
        code="motia_rules",
        file=".",
        field=None,
        message="there is no `wistro.yml`, and the steps are Motia's: they are run by Motia's rules",
        hint="write `compatibility: motia` in a `wistro.yml` to say so, or leave that out there to "
        "have Wistro's own rules",
    )


def _no_steps() -> Finding:
    folders = " or ".join(f"`{folder}/`" for folder in SOURCE_FOLDERS)
    return Finding(
        severity="warning",
        code="no_steps",
        file=".",
        field=None,
        message=f"there are no step files below {folders}",
        hint="name one `<something>.step.py`, or run `wistro new` to start from a template",
    )
