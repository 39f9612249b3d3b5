"""Is this process alive, can it do its work, and what has it done?"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Literal

import structlog
from fastapi import APIRouter, Response
from fastapi.params import Depends
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, ConfigDict

from wistro.stores.state import StateStore

if TYPE_CHECKING:
    from wistro.temporal.host.engine import Engine

log = structlog.stdlib.get_logger("wistro.http")

Verdict = Literal["ok", "unavailable"]
_PATIENCE = 3.0
"""Seconds after which a check that does not answer has failed."""


class Health(BaseModel):
    """Whether the process works, part by part."""

    model_config = ConfigDict(frozen=True)

    status: Verdict
    checks: dict[str, Verdict] = {}


def health_router(
    engine: Engine, state: StateStore, *, metrics_guard: Sequence[Depends]
) -> APIRouter:
    """`/health`, `/ready` and `/metrics`; the last behind `metrics_guard`."""
    router = APIRouter(tags=["health"])

    @router.get("/health", summary="The process is alive")
    async def health() -> Health:
        return Health(status="ok")

    @router.get(
        "/ready",
        summary="Temporal and the state store answer",
        responses={503: {"model": Health, "description": "One of them does not."}},
    )
    async def ready(response: Response) -> Health:
        async def temporal() -> None:
            if not await engine.client.service_client.check_health():
                raise ConnectionError("Temporal says that it is not serving")

        async def store() -> None:
            await state.get("wistro", "ready")

        async with asyncio.TaskGroup() as tasks:
            found = {
                "temporal": tasks.create_task(_check("temporal", temporal)),
                "state": tasks.create_task(_check("state", store)),
            }
        checks: dict[str, Verdict] = {name: task.result() for name, task in found.items()}
        status: Verdict = "unavailable" if "unavailable" in checks.values() else "ok"
        response.status_code = 200 if status == "ok" else 503
        return Health(status=status, checks=checks)

    @router.get(
        "/metrics",
        summary="Metrics for Prometheus",
        dependencies=metrics_guard,
        response_class=Response,
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    )
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router


async def _check(name: str, check: Callable[[], Awaitable[None]]) -> Verdict:
    try:
        await asyncio.wait_for(check(), _PATIENCE)
    except Exception as error:  # noqa: BLE001 - whatever it is, the part does not work
        log.warning("not ready", check=name, error=str(error) or type(error).__name__)
        return "unavailable"
    return "ok"
