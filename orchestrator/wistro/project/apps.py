"""Apps: flows that come as a folder, `apps/<name>/`, with steps and settings of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import Field

from wistro.errors import Issue, SetupError
from wistro.options import Options
from wistro.project.appnames import APPS_FOLDER, NAME_FORM, NAME_RULE, is_app_name
from wistro.project.files import ALL_STEPS, find_step_files, folders_of
from wistro.project.settings import (
    SETTINGS_FILES,
    Flows,
    FlowSettings,
    Settings,
    Topics,
    TopicSettings,
    bad_settings,
    find_settings,
    parse_settings,
    read_table,
)
from wistro.project.source import Source
from wistro.steps import FlowId

OptionsT = TypeVar("OptionsT", bound=Options)


class AppSettings(Options):
    """What the `wistro.yml` of an app may say. Everything else belongs to the project."""

    app: Annotated[str, *NAME_RULE] | None = None
    """What it is called when it is installed; without it, after what it is installed from."""
    name: str | None = None
    """Its name for people; without one, that of its folder in words."""
    description: str | None = None
    """What it is for."""
    version: str | None = None
    """Which release of it this is."""
    owner: str | None = None
    """Who to ask about it."""
    call: FlowId | None = None
    """The flow that is meant when the app is called by its name; needed when it has several."""
    flows: Flows = Field(default_factory=dict[str, FlowSettings])
    """Its flows, without the app's name before them. Once one is listed, its steps name no other."""
    topics: Topics = Field(default_factory=dict[str, TopicSettings])
    """Topics that need saying more about."""


@dataclass(frozen=True, kw_only=True)
class App:
    """An app that is installed in a project."""

    id: str
    """The name of its folder."""
    settings: AppSettings
    file: str
    """Its settings file, relative to the project, whether or not it is there."""

    @property
    def path(self) -> str:
        """Its folder, relative to the project."""
        return f"{APPS_FOLDER}/{self.id}"

    @property
    def call(self) -> str | None:
        """The flow that its settings name as the one to call."""
        return None if self.settings.call is None else self.flow(self.settings.call)

    @property
    def flows(self) -> dict[str, FlowSettings]:
        """The flows of its settings, by the ids that they have in the project."""
        return {self.flow(id): said for id, said in self.settings.flows.items()}

    def flow(self, id: str) -> str:
        """What a flow of the app is called in the project."""
        return f"{self.id}.{id}"


def is_app(folder: Path) -> bool:
    """Whether a folder is an app: it has step files, or at least settings."""
    return bool(find_step_files(folder, ALL_STEPS)) or find_settings(folder) is not None


def read_apps(root: Path) -> tuple[App, ...]:
    """The apps of the project at `root`, in the order of their names.

    Raises:
        SetupError: a folder cannot be one, or its settings are wrong: it names the file.
    """
    return tuple(read_app(folder) for folder in folders_of(root / APPS_FOLDER) if is_app(folder))


def read_app(folder: Path) -> App:
    """The app in `apps/<name>/`.

    Raises:
        SetupError: its folder has another name, or its settings are wrong: it names the file.
    """
    place = f"{APPS_FOLDER}/{folder.name}"
    if not is_app_name(folder.name):
        raise SetupError(
            f"`{place}` is not the name of an app: expected {NAME_FORM}, found `{folder.name}`",
            code="bad_app_name",
            hint="rename the folder",
            file=place,
        )
    if folder.is_symlink():
        raise SetupError(
            f"the app `{folder.name}` is a link: expected the folder itself in `{place}`",
            code="bad_app",
            hint=f"remove it, and run `wistro apps install {folder.readlink()}`",
            file=place,
        )
    path = find_settings(folder)
    file = f"{place}/{path.name if path else SETTINGS_FILES[0]}"
    return App(id=folder.name, settings=read_app_settings(path, file), file=file)


def read_app_settings(path: Path | None, name: str) -> AppSettings:
    """The settings of an app.

    Args:
        path: The file, when there is one.
        name: How errors call it.

    Raises:
        SetupError: it names the file and, for each thing that is wrong, the field and the line.
    """
    if path is None:
        return AppSettings()
    source, table = read_table(path, name, "description: Refunds, and who approves them")
    _refuse_the_projects(table, source, name)
    return parse_settings(AppSettings, table, source, name)


def with_apps(settings: Settings, apps: Sequence[App]) -> Settings:
    """The project's settings with those of its apps: where both say something, the project wins."""
    if not apps:
        return settings
    flows = {id: said for app in apps for id, said in app.flows.items()}
    topics: dict[str, TopicSettings] = {}
    for said in (app.settings.topics for app in apps):
        _add(topics, said)
    _add(flows, settings.flows)
    _add(topics, settings.topics)
    return settings.model_copy(update={"flows": flows, "topics": topics})


def over(base: OptionsT, said: OptionsT) -> OptionsT:
    """`base`, with every field that `said` sets taken from there; tables of options field by field."""
    changed: dict[str, object] = {}
    for name in said.model_fields_set:
        below, value = getattr(base, name), getattr(said, name)
        both = isinstance(below, Options) and isinstance(value, Options)
        changed[name] = over(below, value) if both else value
    return base.model_copy(update=changed)


def _add(known: dict[str, OptionsT], more: Mapping[str, OptionsT]) -> None:
    for id, said in more.items():
        known[id] = over(known[id], said) if id in known else said


def _refuse_the_projects(table: Mapping[str, object], source: Source, name: str) -> None:
    """Say of a setting that only a project has where it belongs."""
    own = _spellings(AppSettings)
    wrong = [key for key in table if key in _spellings(Settings) and key not in own]
    if wrong:
        issues = [
            Issue(
                field=key,
                message=f"`{key}` belongs to the project: an app has no setting of this name",
                hint=f"say it in the project's own `{SETTINGS_FILES[0]}`",
                line=source.line_of((key,)),
            )
            for key in wrong
        ]
        raise bad_settings(issues, name)


def _spellings(model: type[Options]) -> set[str]:
    return {
        word for name, field in model.model_fields.items() for word in (name, field.alias or name)
    }
