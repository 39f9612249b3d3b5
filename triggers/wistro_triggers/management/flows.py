"""Flows, as the lock in use has them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Path

from wistro.errors import RunError
from wistro.issues import did_you_mean
from wistro_triggers.management.custom_nodes import node_address
from wistro_triggers.management.graph import Graph, StepKind, graph_of
from wistro_triggers.management.site import ERRORS, Site, View
from wistro_triggers.management.words import trigger_words

if TYPE_CHECKING:
    from wistro.project.descriptor import Descriptor


class TriggerView(View):
    """A step that starts runs of a flow."""

    step: str
    kind: StepKind
    name: str
    words: str
    """What starts them: `POST /orders`, `every day at 03:00 UTC`."""


class FlowSummary(View):
    """A flow, as people see it."""

    id: str
    name: str
    app: str | None = None
    """The app that it belongs to."""
    description: str | None = None
    owner: str | None = None
    triggers: list[str]
    """The api, cron and call steps that start runs."""
    starts: list[TriggerView]
    """The same, in words."""
    entry_topics: list[str]
    """The topics whose messages start runs."""
    steps: int


class FlowDetail(FlowSummary):
    """A flow with its graph."""

    graph: Graph


def flows_router(site: Site) -> APIRouter:
    """`/flows`."""
    router = APIRouter(responses=ERRORS)

    def summary(id: str) -> FlowSummary:
        flow = site.lock.flows[id]
        return FlowSummary(
            id=id,
            name=flow.name,
            app=flow.app,
            description=flow.description,
            owner=flow.owner,
            triggers=list(flow.triggers),
            starts=[_trigger(site.lock.steps[step]) for step in flow.triggers],
            entry_topics=list(flow.entry_topics),
            steps=len(flow.steps),
        )

    @router.get("/flows", tags=["flows"], summary="List the flows")
    async def list_flows() -> list[FlowSummary]:
        return [summary(id) for id in site.lock.flows]

    @router.get("/flows/{flow}", tags=["flows"], summary="Show a flow with its graph")
    async def show_flow(flow: Annotated[str, Path(description="The flow's id.")]) -> FlowDetail:
        if flow not in site.lock.flows:
            raise RunError(
                f"The project has no flow `{flow}`.",
                code="flow_not_found",
                hint=did_you_mean(flow, tuple(site.lock.flows)),
            )
        graph = await asyncio.to_thread(graph_of, site.lock, flow, node_address(site))
        return FlowDetail(**dict(summary(flow)), graph=graph)

    return router


def _trigger(step: Descriptor) -> TriggerView:
    return TriggerView(
        step=step.id, kind=step.kind, name=step.name, words=trigger_words(step) or step.name
    )
