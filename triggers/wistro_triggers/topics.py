"""Messages and CloudEvents from outside: `POST /_wistro/topics/{topic}`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, ConfigDict

from wistro_triggers import metrics
from wistro_triggers.answers import Accepted
from wistro_triggers.bodies import parse_body
from wistro_triggers.cloudevents import BATCH, STRUCTURED, read_events
from wistro_triggers.messages import Messages, unfit
from wistro_triggers.problems import Detail, ErrorAnswer, Problem
from wistro_triggers.starting import read_options
from wistro_triggers.tracing import current_traceparent, server_span

if TYPE_CHECKING:
    from wistro.temporal.host.engine import Engine

_BODY = {
    "required": True,
    "content": {
        "application/json": {"schema": {"description": "The message."}},
        STRUCTURED: {"schema": {"type": "object", "description": "A CloudEvent 1.0."}},
        BATCH: {"schema": {"type": "array", "items": {"type": "object"}}},
    },
}


class Published(BaseModel):
    """The runs that messages started: each message, one run in every flow that subscribes."""

    model_config = ConfigDict(frozen=True)

    topic: str
    messages: int
    runs: list[Accepted]


def topics_router(engine: Engine, messages: Messages) -> APIRouter:
    """`/topics/{topic}`."""
    router = APIRouter(tags=["topics"])

    @router.post(
        "/topics/{topic}",
        status_code=202,
        summary="Emit a message, or CloudEvents, on a topic",
        description="A CloudEvent's `source` and `id`, or an `Idempotency-Key`, make it safe to repeat. "
        "All messages of a batch are checked before the first is accepted.",
        openapi_extra={"requestBody": _BODY},
        responses={"default": {"model": ErrorAnswer, "description": "What went wrong."}},
    )
    async def publish(
        topic: Annotated[str, Path(description="The topic.")], request: Request
    ) -> Published:
        messages.check_topic(topic)
        with server_span("POST", "/_wistro/topics/{topic}", request.headers):
            batch = await _read(request)
            _check(messages, topic, batch)
            options = read_options(request.headers)
            runs: list[Accepted] = []
            for key, data in batch:
                started = await engine.publish(
                    topic,
                    data,
                    traceparent=current_traceparent(),
                    idempotency_key=key or options.idempotency_key,
                    after=options.after,
                    at=options.at,
                )
                runs += [
                    Accepted(flow=run.flow, run_id=run.run_id, existed=run.existed)
                    for run in started
                ]
        for run in runs:
            metrics.count_run(run, "event")
        return Published(topic=topic, messages=len(batch), runs=runs)

    return router


async def _read(request: Request) -> list[tuple[str | None, object]]:
    """The messages in a request, each with its own idempotency key if it has one."""
    body = await request.body()
    events = read_events(request.headers, body)
    if events is not None:
        return [(event.idempotency_key, event.data) for event in events]
    kind = request.headers.get("content-type", "application/json")
    if "json" not in kind:
        raise Problem(
            415,
            "unsupported_media_type",
            f"A message is JSON, not `{kind}`. hint: send `application/json`, or CloudEvents as "
            f"`{STRUCTURED}`, `{BATCH}` or with `ce-` headers.",
        )
    return [(None, parse_body(body, kind))]


def _check(messages: Messages, topic: str, batch: list[tuple[str | None, object]]) -> None:
    details: list[Detail] = []
    for index, (_, data) in enumerate(batch):
        root = "data" if len(batch) == 1 else f"events.{index}.data"
        details += messages.errors(topic, data, root=root)
    if details:
        raise unfit(topic, details)
