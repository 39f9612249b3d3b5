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
    from wistro.temporal.host.waits import Waits

_BODY = {
    "required": True,
    "content": {
        "application/json": {"schema": {"description": "The message."}},
        STRUCTURED: {"schema": {"type": "object", "description": "A CloudEvent 1.0."}},
        BATCH: {"schema": {"type": "array", "items": {"type": "object"}}},
    },
}


class ReachedRun(BaseModel):
    """A run that waited for a message and got it."""

    model_config = ConfigDict(frozen=True)

    flow: str
    run_id: str


class Published(BaseModel):
    """What became of messages: each starts a run in every flow that subscribes, and reaches those that wait."""

    model_config = ConfigDict(frozen=True)

    topic: str
    messages: int
    runs: list[Accepted]
    reached: list[ReachedRun] = []
    """The runs that waited for one of them."""
    kept: bool = False
    """Whether one is kept for a run that will wait for it."""


def topics_router(engine: Engine, messages: Messages, waits: Waits | None = None) -> APIRouter:
    """`/topics/{topic}`."""
    router = APIRouter(tags=["topics"])

    @router.post(
        "/topics/{topic}",
        status_code=202,
        summary="Emit a message, or CloudEvents, on a topic",
        description="A CloudEvent's `source` and `id`, or an `Idempotency-Key`, make it safe to repeat. "
        "All messages of a batch are checked before the first is accepted. A message starts a run in "
        "each flow that subscribes, and reaches the runs that wait for it; one that a run may wait for "
        "later is kept for a while.",
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
            if options.delayed and topic in engine.catalogue.awaiting:
                raise _not_later(topic)
            runs: list[Accepted] = []
            reached: list[ReachedRun] = []
            kept = False
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
                if waits is not None:
                    found = await waits.publish(topic, data, key=key or options.idempotency_key)
                    reached += [ReachedRun(flow=r.flow, run_id=r.run_id) for r in found.runs]
                    kept = kept or found.kept
        for run in runs:
            metrics.count_run(run, "event")
        return Published(topic=topic, messages=len(batch), runs=runs, reached=reached, kept=kept)

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


def _not_later(topic: str) -> Problem:
    return Problem(
        422,
        "awaited_now",
        f"Runs wait for `{topic}`: its messages cannot be delayed. hint: send it when it is due, "
        "without `Wistro-Delay` and `Wistro-At`.",
    )


def _check(messages: Messages, topic: str, batch: list[tuple[str | None, object]]) -> None:
    details: list[Detail] = []
    for index, (_, data) in enumerate(batch):
        root = "data" if len(batch) == 1 else f"events.{index}.data"
        details += messages.errors(topic, data, root=root)
    if details:
        raise unfit(topic, details)
