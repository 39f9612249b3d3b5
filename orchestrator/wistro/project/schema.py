"""The published JSON Schemas of `wistro.yml`, of a project and of an app, and of the lock.

`python -m wistro.project.schema FOLDER` writes them.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from wistro.project.apps import AppSettings
from wistro.project.lock import LockDocument
from wistro.project.settings import Settings

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schemas() -> dict[str, dict[str, Any]]:
    """The schemas by the names of their files."""
    settings = Settings.model_json_schema(by_alias=False)
    # A folder gives a project its name.
    settings["required"] = [name for name in settings.get("required", ()) if name != "project"]
    app = AppSettings.model_json_schema(by_alias=False)
    for schema in (settings, app):
        # Python has a name of its own for the field, because `schema` is taken there.
        topic = schema["$defs"]["TopicSettings"]["properties"]
        topic["schema"] = topic.pop("message")
        for name in ("flows", "topics"):
            _allow_nothing(schema["properties"][name])
    lock = LockDocument.model_json_schema(by_alias=False)
    return {
        "wistro.schema.json": _titled(settings, "wistro.yml"),
        "app.schema.json": _titled(app, "wistro.yml of an app"),
        "lock.schema.json": _titled(lock, "wistro.yml.lock"),
    }


def write_schemas(folder: Path) -> None:
    """Write them into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, schema in schemas().items():
        text = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        (folder / name).write_text(text, encoding="utf-8")


def _allow_nothing(table: dict[str, Any]) -> None:
    """`orders:` with nothing after it is an entry with the defaults."""
    patterns: dict[str, Any] = table["patternProperties"]
    table["patternProperties"] = {
        pattern: {"anyOf": [entry, {"type": "null"}]} for pattern, entry in patterns.items()
    }
    table["additionalProperties"] = False


def _titled(schema: dict[str, Any], title: str) -> dict[str, Any]:
    return {"$schema": DIALECT, **schema, "title": title}


if __name__ == "__main__":
    write_schemas(Path(sys.argv[1]))
