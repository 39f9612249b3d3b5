"""The management API as an OpenAPI document: `python -m tests.triggers.management_document`.

The types of the workbench are generated from it (`npm run api` in `workbench/`).
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.routing import Mount

from wistro.project import Project
from wistro.stores.memory import MemoryJournal, MemoryState
from wistro.stores.memory_stream import MemoryStreams
from wistro.temporal.host.runtime import Runtime
from wistro.temporal.host.serverbinary import ServerAddress
from wistro_triggers.app import OURS, create_app

DOCUMENT = Path(__file__).parents[2] / "docs" / "schemas" / "management.openapi.json"


async def management_document() -> dict[str, Any]:
    """The document, of a project with nothing in it: it is the same for all."""
    with tempfile.TemporaryDirectory() as folder:
        project = Project.open(Path(folder))
        runtime = Runtime.open(
            project,
            project.compile().lock,
            ServerAddress(address="localhost:1", namespace="default"),
        )
        app = create_app(
            await runtime.engine(lazy=True),
            runtime,
            state=MemoryState(),
            streams=MemoryStreams(),
            journal=MemoryJournal(),
        )
        [ours] = [each.app for each in app.routes if isinstance(each, Mount) and each.path == OURS]
        assert isinstance(ours, FastAPI)
        document = ours.openapi()
    document["info"]["title"] = "Wistro management API"
    document.pop("servers", None)
    return document


def as_text(document: dict[str, Any]) -> str:
    """The document as it is kept."""
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    DOCUMENT.write_text(as_text(asyncio.run(management_document())), encoding="utf-8")
