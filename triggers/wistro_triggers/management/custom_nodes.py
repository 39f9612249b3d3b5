"""Serves the React components that draw steps of a project."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Header, Path, Response

from wistro.errors import SetupError
from wistro.project.custom_nodes import bundle_custom_node, custom_node_of
from wistro.project.files import file_hash
from wistro_triggers.management.site import ERRORS, Site, at_level
from wistro_triggers.problems import Problem

if TYPE_CHECKING:
    from wistro.project.descriptor import Descriptor

_MODULE = "text/javascript; charset=utf-8"


def node_address(site: Site) -> Callable[[Descriptor], str | None]:
    """Where the component of a step is served: another address for each content of its file."""
    root = site.project.root

    @cache  # of one graph: its steps are in few folders
    def names(folder: str) -> list[str]:
        try:
            return os.listdir(folder)  # noqa: PTH208 - the names are what is wanted
        except OSError:
            return []

    def address(step: Descriptor) -> str | None:
        path = custom_node_of(step.path, names(str((root / step.path).parent)))
        if path is None:
            return None
        return f"/_wistro/api/nodes/{step.id}.js?v={file_hash(root / path)[:12]}"

    return address


def custom_nodes_router(site: Site) -> APIRouter:
    """`/nodes/{step}.js`."""
    router = APIRouter(tags=["flows"], responses=ERRORS)
    root = site.project.root

    @router.get(
        "/nodes/{step}.js",
        summary="The React component that draws a step",
        response_class=Response,
        responses={200: {"content": {"text/javascript": {}}}},
    )
    @at_level("read")
    async def show_node(
        step: Annotated[str, Path(description="The step's id.")],
        if_none_match: Annotated[str | None, Header()] = None,
    ) -> Response:
        found = site.lock.steps.get(step)
        folder = (root / found.path).parent if found else root
        names = os.listdir(folder) if folder.is_dir() else []  # noqa: PTH208 - as above
        path = custom_node_of(found.path, names) if found else None
        if path is None:
            raise Problem(
                404,
                "node_not_found",
                f"The step `{step}` has no custom node.\n"
                "hint: put a React component beside its file, `<its name>.node.tsx`",
            )
        try:
            text = await asyncio.to_thread(bundle_custom_node, root, path)
        except SetupError as error:
            raise Problem(422, error.code, f"{error.message}\nhint: {error.hint}") from error
        tag = f'"{hashlib.sha256(text.encode()).hexdigest()[:24]}"'
        headers = {"etag": tag, "cache-control": "private, no-cache"}
        if if_none_match == tag:
            return Response(status_code=304, headers=headers)
        return Response(text, media_type=_MODULE, headers=headers)

    return router
