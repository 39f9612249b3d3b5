"""The catalogue: which apps a repository is made of (`apps.yml`)."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, TypeAdapter

FILE = Path(__file__).parents[2] / "apps.yml"


class App(BaseModel):
    """Something that an environment can run."""

    description: str


def apps_of(repository: str) -> list[str]:
    """The apps of a repository, in the order of the catalogue; none for a repository it lacks."""
    return list(_catalogue().get(repository, {}))


@cache
def _catalogue() -> dict[str, dict[str, App]]:
    read = TypeAdapter(dict[str, dict[str, App]])
    return read.validate_python(yaml.safe_load(FILE.read_text(encoding="utf-8")))
