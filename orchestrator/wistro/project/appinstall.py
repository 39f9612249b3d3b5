"""Installs apps in a project and removes them; a project that compiles does so afterwards."""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from wistro.errors import SetupError
from wistro.issues import did_you_mean
from wistro.project.appnames import APPS_FOLDER, NAME_FORM, app_of_path, is_app_name
from wistro.project.apps import App, read_app, read_app_settings
from wistro.project.appsources import app_name_of, fetch_app
from wistro.project.descriptor import Discovered
from wistro.project.discovery import discover
from wistro.project.lock import AppLock, Lock
from wistro.project.project import Compiled, Project
from wistro.project.settings import SETTINGS_FILES, find_settings
from wistro.usercache import Progress, silent

_LISTED = 8


@dataclass(frozen=True, kw_only=True)
class Installed:
    """An app that was installed."""

    id: str
    app: AppLock
    lock: Lock
    """The project with it."""
    replaced: bool
    """Whether there was one of this name before."""


@dataclass(frozen=True, kw_only=True)
class Removed:
    """An app that was removed."""

    id: str
    flows: tuple[str, ...]
    dependents: tuple[str, ...]
    """What in the project needs it; there is something only when that was said not to matter."""


def install_app(
    project: Project,
    source: str,
    *,
    name: str | None = None,
    force: bool = False,
    progress: Progress = silent,
) -> Installed:
    """Install an app; nothing is placed before the project is known to compile with it.

    Args:
        project: Where.
        source: A folder, a `.zip`, a `.tar.gz`, or a git repository.
        name: What to call it; without it, what its settings say, or its source.
        force: Whether it may replace the app that has the name.
        progress: Told what takes its time.

    Raises:
        SetupError: it is no app, does not fit into the project, or the name is taken.
    """
    with _workspace(project.root) as work:
        fetched = fetch_app(source, work / "source")
        id = _name(source, fetched, name)
        place = project.root / APPS_FOLDER / id
        known = any(app.id == id for app in project.apps)
        if place.exists() and not (force and known):
            raise SetupError(
                f"`{APPS_FOLDER}/{id}` is there already",
                code="app_exists",
                hint="replace it with `--force`, or give this one another `--name`"
                if known
                else "it is no app: move it away, or give this one another `--name`",
            )
        # A project of its own below the real one: packages are found where they are installed.
        alone = work / "project"
        staged = alone / APPS_FOLDER / id
        staged.parent.mkdir(parents=True)
        fetched.rename(staged)
        app = read_app(staged)
        compiled = _compile_with(project, app, discover(alone, cache=False, progress=progress))
        _place(staged, place, work / "replaced")
    return Installed(id=id, app=compiled.lock.apps[id], lock=compiled.lock, replaced=known)


def remove_app(
    project: Project, name: str, *, force: bool = False, progress: Progress = silent
) -> Removed:
    """Remove an app.

    Args:
        project: Where it is installed.
        name: Its name.
        force: Whether to do it when something in the project needs it.
        progress: Told what takes its time.

    Raises:
        SetupError: there is no such app, or something needs it.
    """
    app = find_app(project, name)
    found = project.discover(progress=progress)
    before = project.compile(found)
    dependents = tuple(_dependents(project, app, found, before))
    if dependents and not force:
        raise SetupError(
            "\n".join([f"the app `{name}` is needed:", *_listed(dependents)]),
            code="app_needed",
            hint="change that first, or remove it all the same with `--force`",
            file=app.path,
        )
    with _workspace(project.root) as work:
        (project.root / app.path).rename(work / "removed")
    return Removed(id=name, flows=before.lock.apps[name].flows, dependents=dependents)


def find_app(project: Project, name: str) -> App:
    """An app of the project.

    Raises:
        SetupError: there is none of this name.
    """
    found = next((app for app in project.apps if app.id == name), None)
    if found is not None:
        return found
    known = tuple(app.id for app in project.apps)
    raise SetupError(
        f"no app `{name}` is installed",
        code="app_not_found",
        hint=did_you_mean(name, known) if known else "install one with `wistro apps install`",
    )


# ------------------------------------------------------------------------------------ compiling


def _compile_with(project: Project, app: App, found: Discovered) -> Compiled:
    """The project with the app, if that brings no errors that it has not without.

    Raises:
        SetupError: it does; it names them.
    """
    already = project.discover()
    before = set(_problems(project.compile(already)))
    apps = sorted((*_others(project, app.id), app), key=lambda each: each.id)
    rest = _without(already, app.id)
    merged = rest.model_copy(
        update={
            "steps": (*rest.steps, *found.steps),
            "streams": (*rest.streams, *found.streams),
            "errors": (*rest.errors, *found.errors),
        }
    )
    compiled = replace(project, apps=tuple(apps)).compile(merged)
    problems = [each for each in _problems(compiled) if each not in before]
    if problems:
        raise SetupError(
            "\n".join([f"the app `{app.id}` does not fit into the project:", *_listed(problems)]),
            code="bad_app",
            hint="nothing was installed; an app brings its own modules, and uses the project's packages",
            file=app.path,
        )
    return compiled


def _dependents(project: Project, app: App, found: Discovered, before: Compiled) -> list[str]:
    """What is wrong without the app that is not wrong with it."""
    said = [flow for flow in project.settings.flows if flow.startswith(f"{app.id}.")]
    if said:
        return [f"{SETTINGS_FILES[0]}: it says something of the flow `{flow}`" for flow in said]
    rest = replace(project, apps=_others(project, app.id)).compile(_without(found, app.id))
    known = set(_problems(before))
    return [each for each in _problems(rest) if each not in known]


def _problems(compiled: Compiled) -> list[str]:
    """The errors, a line each."""
    broken = [f"{each.path}: {each.error}" for each in compiled.errors]
    findings = [each for each in compiled.findings if each.severity == "error"]
    return [*broken, *(f"{each.file}: {each.message}" for each in findings)]


def _listed(problems: list[str] | tuple[str, ...]) -> Iterator[str]:
    yield from (f"  {each}" for each in problems[:_LISTED])
    if len(problems) > _LISTED:
        yield f"  … and {len(problems) - _LISTED} more"


def _others(project: Project, id: str) -> tuple[App, ...]:
    return tuple(app for app in project.apps if app.id != id)


def _without(found: Discovered, id: str) -> Discovered:
    """What was discovered, without the files of an app."""
    return found.model_copy(
        update={
            "steps": tuple(each for each in found.steps if app_of_path(each.path) != id),
            "streams": tuple(each for each in found.streams if app_of_path(each.path) != id),
            "errors": tuple(each for each in found.errors if app_of_path(each.path) != id),
        }
    )


# ------------------------------------------------------------------------------------ files


def _name(source: str, fetched: Path, name: str | None) -> str:
    """What the app is to be called.

    Raises:
        SetupError: nobody can be called so, or its settings are wrong.
    """
    path = find_settings(fetched)
    settings = read_app_settings(path, f"{source}: {path.name if path else SETTINGS_FILES[0]}")
    id = name or settings.app or app_name_of(source)
    if not is_app_name(id):
        raise SetupError(
            f"`{id}` is not the name of an app: expected {NAME_FORM}",
            code="bad_app_name",
            hint="name it with `--name`",
        )
    return id


@contextmanager
def _workspace(root: Path) -> Generator[Path]:
    """A folder on the project's own disk, from which renaming is atomic; nothing is left of it."""
    runtime = root / ".wistro"
    runtime.mkdir(mode=0o700, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=runtime, prefix="app-") as folder:
        yield Path(folder)


def _place(staged: Path, place: Path, aside: Path) -> None:
    """Put the app where it belongs; the one before it comes back when that fails."""
    place.parent.mkdir(exist_ok=True)
    if place.exists():
        place.rename(aside)
    try:
        staged.rename(place)
    except OSError:
        if aside.exists():
            aside.rename(place)
        raise
