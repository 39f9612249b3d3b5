"""How apps are named, and what their name makes of what is in them.

Everything in `apps/<name>/` belongs to the app `<name>`: its steps and flows are called `<name>.<id>`,
so that two apps, or an app and the project, may use the same names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from wistro.options import matching

APPS_FOLDER = "apps"
"""Where a project has its apps, in a folder each."""
DEFAULT_FLOW = "default"
"""The flow of steps that name none."""

_NAME = r"[a-z][a-z0-9-]{0,39}"
NAME_FORM = "up to 40 lower case letters, digits and `-`, a letter first"
"""What the name of an app looks like, in words."""
NAME_RULE = matching(_NAME, NAME_FORM)
"""The same, for pydantic."""


def is_app_name(text: str) -> bool:
    """Whether an app can be called so."""
    return re.fullmatch(_NAME, text) is not None


def app_of_path(path: str) -> str | None:
    """The app that a file belongs to; `path` is relative to the project, with `/`."""
    folder, _, rest = path.partition("/")
    name, slash, _ = rest.partition("/")
    return name if folder == APPS_FOLDER and slash else None


def qualified(id: str, path: str) -> str:
    """The id of a step or flow that the file at `path` calls `id`."""
    app = app_of_path(path)
    return f"{app}.{id}" if app else id


def qualified_flows(flows: Iterable[str], path: str) -> tuple[str, ...]:
    """The flows of a step in the file at `path`; an app's steps that name none are in its own default."""
    named = tuple(dict.fromkeys(flows))
    if app_of_path(path) is None:
        return named
    return tuple(qualified(flow, path) for flow in named or (DEFAULT_FLOW,))
