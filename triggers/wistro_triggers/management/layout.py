"""Where people put the nodes of a flow's graph."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field

from wistro.errors import RunError, SetupError
from wistro.issues import did_you_mean
from wistro.project.layout import LAYOUT_FILE, Position, read_layout, write_layout
from wistro.project.lock import Lock
from wistro_triggers.management.graph import graph_of
from wistro_triggers.management.site import ERRORS, Request, Site, View, operation
from wistro_triggers.management.steps import FlowId
from wistro_triggers.problems import Problem

Positions = Annotated[dict[str, Position], Field(max_length=5000)]


class LayoutView(View):
    """The positions of a flow's nodes."""

    positions: dict[str, Position]
    """By the ids of steps; other flows are `from:<flow>` and `to:<flow>`, the outside is `from:`."""
    source: Literal["wistro", "motia"] | None = None
    """Whose file they are from."""
    writable: bool
    """Whether they are kept with the project; else the page keeps them in the browser."""


class NewLayout(Request):
    """Where a flow's nodes are now."""

    positions: Positions
    """Empty to have the flow laid out by itself again."""


def layout_router(site: Site) -> APIRouter:
    """`/flows/{flow}/layout`."""
    router = APIRouter(prefix="/flows/{flow}/layout", tags=["flows"], responses=ERRORS)
    root = site.project.root
    one_at_a_time = asyncio.Lock()

    @router.get("", summary="Where people put the nodes of a flow")
    async def show_layout(flow: FlowId) -> LayoutView:
        _require(site.lock, flow)
        try:
            found = await asyncio.to_thread(read_layout, root, site.lock, flow)
        except SetupError as error:
            raise _damaged(error) from error
        known = nodes_of(site.lock, flow)
        return LayoutView(
            positions={id: place for id, place in found.positions.items() if id in known},
            source=found.source,
            writable=site.development,
        )

    @router.put("", summary="Keep where people put the nodes of a flow")
    @operation("layout.keep")
    async def keep_layout(flow: FlowId, layout: NewLayout) -> LayoutView:
        _require(site.lock, flow)
        if not site.development:
            raise Problem(
                409,
                "layout_read_only",
                f"`{LAYOUT_FILE}` is changed while developing only.\n"
                "hint: move the nodes in the page of `wistro dev`, and commit the file",
            )
        nodes = {id: nodes_of(site.lock, id) for id in site.lock.flows}
        async with one_at_a_time:
            try:
                await asyncio.to_thread(write_layout, root, nodes, flow, layout.positions)
            except SetupError as error:
                raise _damaged(error) from error
        return await show_layout(flow)

    return router


def nodes_of(lock: Lock, flow: str) -> frozenset[str]:
    """Everything that is drawn of a flow: its steps, the flows at its edges, and the outside."""
    edges = graph_of(lock, flow).edges
    steps = set(lock.flows[flow].steps)
    sources = {f"from:{e.source_flow or ''}" for e in edges if e.source_flow or not e.source}
    targets = {f"to:{e.target_flow}" for e in edges if e.target_flow}
    return frozenset(steps | sources | targets)


def _require(lock: Lock, flow: str) -> None:
    if flow not in lock.flows:
        raise RunError(
            f"The project has no flow `{flow}`.",
            code="flow_not_found",
            hint=did_you_mean(flow, tuple(lock.flows)),
        )


def _damaged(error: SetupError) -> Problem:
    return Problem(409, error.code, f"{error.message}\nhint: {error.hint}")
