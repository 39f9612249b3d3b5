"""The management API: look at flows and runs, and act on them."""

from fastapi import APIRouter

from wistro_triggers.live import live_router
from wistro_triggers.management.answers import answers_router
from wistro_triggers.management.audit import audit_router
from wistro_triggers.management.channels import channels_router
from wistro_triggers.management.custom_nodes import custom_nodes_router
from wistro_triggers.management.flows import flows_router
from wistro_triggers.management.held import held_router
from wistro_triggers.management.layout import layout_router
from wistro_triggers.management.logs import logs_router
from wistro_triggers.management.operations import operations_router
from wistro_triggers.management.overview import overview_router
from wistro_triggers.management.project import project_router
from wistro_triggers.management.runs import runs_router
from wistro_triggers.management.scheduled_calls import scheduled_calls_router
from wistro_triggers.management.schedules import schedules_router
from wistro_triggers.management.site import Site
from wistro_triggers.management.sources import sources_router
from wistro_triggers.management.state import state_router
from wistro_triggers.management.steps import steps_router
from wistro_triggers.management.streams import streams_router
from wistro_triggers.management.topics import topics_router
from wistro_triggers.management.traces import traces_router
from wistro_triggers.management.tries import tries_router
from wistro_triggers.management.trigger_examples import trigger_examples_router
from wistro_triggers.management.triggers import triggers_router
from wistro_triggers.management.workers import workers_router

__all__ = ["Site", "management_router"]


def management_router(site: Site) -> APIRouter:
    """Everything below `/_wistro/api`."""
    router = APIRouter()
    parts = (
        flows_router,
        steps_router,
        sources_router,
        layout_router,
        custom_nodes_router,
        topics_router,
        triggers_router,
        trigger_examples_router,
        tries_router,
        runs_router,
        operations_router,
        held_router,
        logs_router,
        schedules_router,
        scheduled_calls_router,
        state_router,
        streams_router,
        traces_router,
        answers_router,
        audit_router,
        channels_router,
        project_router,
        overview_router,
        workers_router,
    )
    for part in parts:
        router.include_router(part(site))
    router.include_router(live_router(site.live))
    return router
