"""What a trigger was given in earlier runs: the best examples there are."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, cast

from fastapi import APIRouter, Path, Query
from pydantic import Field

from wistro.runs import RunStatus
from wistro.temporal.host.connect import engine_errors
from wistro.temporal.host.start_inputs import read_start
from wistro_triggers.management.site import ERRORS, FlowPath, Site, View, at_level
from wistro_triggers.management.triggers import TriggerDetail, trigger_of

if TYPE_CHECKING:
    from wistro.runs import RunSummary

_LOOKED_AT = 30
"""Runs that are looked at: many may have been given the same."""
_AT_ONCE = 6
_LARGEST = 256 << 10
"""Bytes of a body beyond which it is no example."""
_OF_THE_CONNECTION = frozenset(
    """accept accept-encoding accept-language authorization cache-control connection content-length
    cookie forwarded host idempotency-key origin pragma referer te trailer traceparent tracestate
    transfer-encoding upgrade user-agent via wistro-workbench x-api-key x-forwarded-for
    x-forwarded-host x-forwarded-proto x-real-ip x-request-id""".split()  # noqa: SIM905 - it reads better
)
"""Headers that belong to one sending, or prove who sent it: they are not sent again."""


class TriggerExample(View):
    """What a run was started with, as a request to send again."""

    flow: str
    run_id: str
    status: RunStatus
    started_at: datetime
    path_params: dict[str, str] = Field(default_factory=dict[str, str])
    query: dict[str, str | list[str]] = Field(default_factory=dict[str, str | list[str]])
    headers: dict[str, str] = Field(default_factory=dict[str, str])
    """Without those of the connection, and without credentials and signatures."""
    body: object = None
    """The body, the input of the call, or the message."""
    text: str | None = None
    """The body as it was sent, when it was not JSON."""


def trigger_examples_router(site: Site) -> APIRouter:
    """`/flows/{flow}/triggers/{trigger}/examples`."""
    router = APIRouter(prefix="/flows", tags=["flows"], responses=ERRORS)

    @router.get(
        "/{flow}/triggers/{trigger}/examples",
        summary="Show what a trigger was given in earlier runs",
    )
    @at_level("read")
    async def list_examples(
        flow: FlowPath,
        trigger: Annotated[str, Path(description="As `/flows/{flow}/triggers` names it.")],
        limit: Annotated[int, Query(ge=1, le=20, description="How many, all different.")] = 8,
    ) -> list[TriggerExample]:
        found = trigger_of(site.lock, flow, trigger)
        page = await site.engine.list_runs(flow=found.flow, trigger=found.id, limit=_LOOKED_AT)
        turns = asyncio.Semaphore(_AT_ONCE)

        async def read(run: RunSummary) -> TriggerExample | None:
            async with turns:
                with engine_errors(run.flow, run.run_id):
                    start = await read_start(site.engine.client, run.flow, run.run_id)
            return None if start is None else _example(run, start.data, found)

        made = await asyncio.gather(*(read(run) for run in page.runs))
        return _different([each for each in made if each is not None])[:limit]

    return router


def _different(examples: list[TriggerExample]) -> list[TriggerExample]:
    """The newest of those that say the same."""
    found: dict[str, TriggerExample] = {}
    for example in examples:
        said = example.model_dump(include={"path_params", "query", "body", "text"})
        found.setdefault(json.dumps(said, sort_keys=True, default=str), example)
    return list(found.values())


def _example(run: RunSummary, data: object, trigger: TriggerDetail) -> TriggerExample | None:
    about = TriggerExample(
        flow=run.flow, run_id=run.run_id, status=run.status, started_at=run.started_at, body=data
    )
    request = _table(data)
    if trigger.kind == "api":
        raw = request.get("raw_body")
        if isinstance(raw, str) and len(raw) > _LARGEST * 4 / 3:
            return None
        headers = _table(request.get("headers"))
        about = about.model_copy(
            update={
                "path_params": _table(request.get("path_params")),
                "query": _table(request.get("query_params")),
                "headers": _sendable(headers, trigger),
                "body": request.get("body"),
                "text": _text(raw, headers.get("content-type")),
            }
        )
    elif len(json.dumps(data, default=str)) > _LARGEST:
        return None
    return about


def _sendable(headers: Mapping[str, object], trigger: TriggerDetail) -> dict[str, object]:
    dropped = set(_OF_THE_CONNECTION)
    if signature := trigger.signature:
        made = (signature.header, signature.timestamp_header, signature.id_header)
        dropped |= {name.lower() for name in made if name}
    return {name: value for name, value in headers.items() if name.lower() not in dropped}


def _text(raw: object, kind: object) -> str | None:
    """A body that is not JSON, as it came."""
    if not isinstance(raw, str) or (isinstance(kind, str) and "json" in kind):
        return None
    try:
        return base64.b64decode(raw).decode("utf-8")
    except ValueError:
        return None


def _table(value: object) -> dict[str, object]:
    return dict(cast("Mapping[str, object]", value)) if isinstance(value, Mapping) else {}
