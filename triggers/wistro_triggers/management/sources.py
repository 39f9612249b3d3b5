"""Source code: the files of the project that steps are made of."""

from __future__ import annotations

import asyncio
from pathlib import PurePosixPath
from typing import Annotated

from fastapi import APIRouter, Query

from wistro.errors import SetupError
from wistro.project.descriptor import Descriptor
from wistro.project.sourcetext import LANGUAGE_OF_SUFFIX, read_source_text
from wistro_triggers.management.site import ERRORS, Site, View, at_level
from wistro_triggers.management.steps import FlowId, StepId, step_in
from wistro_triggers.problems import Problem

_PATIENCE = 2.0
"""Seconds to wait for the news whether a step's code has changed: its language may have to be asked."""
_AROUND = 12
"""Lines shown before and after the one that is asked for."""
_STATUS = {"source_refused": 403, "source_missing": 404, "source_too_large": 413}


class Source(View):
    """A source file, or a piece of one."""

    path: str
    """Relative to the project."""
    language: str
    text: str
    first_line: int
    """The number of its first line, from 1."""
    total_lines: int
    """How many lines the whole file has."""
    line: int | None = None
    """The line that was asked for."""


class StepSource(Source):
    """The file of a step."""

    changed: bool | None = None
    """Whether its code is another than the one that the lock in use was made from; `null` when that
    could not be found out in time."""


def sources_router(site: Site) -> APIRouter:
    """`/source` and `/flows/{flow}/steps/{step}/source`."""
    router = APIRouter(tags=["source"], responses=ERRORS)
    changes = _Changes(site)

    @router.get("/source", summary="Show a source file, or the lines around one")
    @at_level("read")
    async def show_source(
        path: Annotated[
            str, Query(max_length=1000, description="Of the file, relative to the project.")
        ],
        line: Annotated[
            int | None, Query(ge=1, description="Show only this line and those around it.")
        ] = None,
    ) -> Source:
        return _source(path, await _read(site, path), line)

    @router.get("/flows/{flow}/steps/{step}/source", summary="Show the code of a step")
    @at_level("read")
    async def show_code(flow: FlowId, step: StepId) -> StepSource:
        found = step_in(site.lock, flow, step)
        text = await _read(site, found.path)
        shown = _source(found.path, text, None)
        return StepSource(**dict(shown), changed=await changes.of(found))

    return router


async def _read(site: Site, path: str) -> str:
    try:
        return await asyncio.to_thread(read_source_text, site.project.root, path)
    except SetupError as error:
        status = _STATUS[error.code]
        raise Problem(status, error.code, f"{error.message}\nhint: {error.hint}") from error


def _source(path: str, text: str, line: int | None) -> Source:
    lines = text.splitlines(keepends=True)
    first, last = 1, len(lines)
    if line is not None:
        line = min(line, max(last, 1))
        first, last = max(1, line - _AROUND), min(last, line + _AROUND)
    return Source(
        path=path,
        language=LANGUAGE_OF_SUFFIX[PurePosixPath(path).suffix],
        text="".join(lines[first - 1 : last]),
        first_line=first,
        total_lines=len(lines),
        line=line,
    )


class _Changes:
    """Whether steps differ from the lock in use. The files are described once for all who ask."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._asking: asyncio.Task[dict[str, str] | None] | None = None

    async def of(self, step: Descriptor) -> bool | None:
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(asyncio.to_thread(self._hashes))
        try:
            hashes = await asyncio.wait_for(asyncio.shield(self._asking), _PATIENCE)
        except TimeoutError:
            return None
        return None if hashes is None else hashes.get(step.path) != step.hash

    def _hashes(self) -> dict[str, str] | None:
        try:
            found = self._site.project.discover()
        except SetupError:
            return None
        return {step.path: step.hash for step in found.steps}
