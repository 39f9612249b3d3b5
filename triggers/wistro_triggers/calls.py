"""Callable flows over HTTP: `POST /call/<flow>`, and `GET /call/<flow>/<call id>` to ask again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Literal, TypedDict
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from wistro.access import Identity, Refusal, refusal
from wistro.contract import CallStatus
from wistro.errors import RunError
from wistro.project.callables import callable_flow
from wistro.targets import Targets
from wistro.temporal import wire
from wistro.temporal.host.callers import caller_of
from wistro.temporal.host.calls import Called, Caller, Calls
from wistro_triggers import metrics
from wistro_triggers.admission import Admission
from wistro_triggers.answers import RUN_HEADER, Accepted, run_headers
from wistro_triggers.call_events import EVENTS, CallEvents
from wistro_triggers.call_schedules import When
from wistro_triggers.listeners import is_internal
from wistro_triggers.problems import Detail, ErrorAnswer, Problem
from wistro_triggers.response_targets import RespondTo, accept_target
from wistro_triggers.starting import read_options
from wistro_triggers.tracing import current_traceparent, server_span

if TYPE_CHECKING:
    from wistro.project.lock import CallableLock
    from wistro.temporal.host.engine import Engine

_LONGEST_WAIT = timedelta(minutes=5)
_HTTP: Mapping[CallStatus, int] = {
    "response_not_reached": 502,
    "flow_failed": 500,
    "timeout": 504,
    "cancelled": 409,
}


class Call(BaseModel):
    """What a caller sends."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    input: object = None
    """What the flow takes."""
    client_context: object = None
    """What handlers see of the caller: its app, its locale, anything."""
    response_meta: object = None
    """What comes back untouched with the answer, and is shown to nobody else."""
    schedule: When | None = None
    """When it is made; at once, unless given. Nobody waits for the answer then."""
    respond_to: RespondTo | None = None
    """Who is told the answer. The call is then answered 202 at once, unless `Prefer: wait` is given."""


class CallView(BaseModel):
    """A call and, once there is one, its answer."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    flow: str
    call_id: str
    """The id of the run; ask again with it."""
    status: Literal["answered", "pending", "scheduled"]
    data: object = None
    response_meta: object = None
    at: datetime | None = None
    """When a scheduled call is made; one by a cron expression, when it is made next."""
    existed: bool = Field(default=False)
    """Whether an earlier call with the same idempotency key started it."""


@dataclass(frozen=True, kw_only=True)
class CallServer:
    """Answers calls with runs of the engine."""

    engine: Engine
    admission: Admission
    development: bool
    targets: Targets
    events: CallEvents

    async def call(self, flow: str, call: Call, request: Request) -> Response:
        """Start a run, and wait for its answer as long as the caller wants to.

        Raises:
            Problem: the call is refused, or the run has no answer.
            RunError: nothing can be called by this name, or the engine refuses or is away.
        """
        flow, found, identity = await self._admit(flow, request, "call")
        if issues := self.engine.catalogue.input_issues(flow, call.input):
            raise Problem(
                422,
                "validation_failed",
                f"`input` does not fit what `{flow}` takes. hint: `details` says what is wrong with "
                "each field.",
                details=[Detail(field=issue.field, message=issue.message) for issue in issues],
            )
        options = read_options(request.headers)
        if call.schedule is not None:
            if call.schedule.cron is not None and self._is_stranger(identity):
                # It would go on for ever, and nobody could be asked about it.
                raise Problem(
                    403,
                    "forbidden",
                    "A call that is made again and again is somebody's. hint: send the key or token that"
                    " it belongs to.",
                )
            options = call.schedule.added_to(options)
        respond_to = accept_target(
            self.targets, call.respond_to, flow, identity, development=self.development
        )
        patience = found.timeout if respond_to is None else None
        wait = None if options.respond_async else options.wait or patience
        follows = wait is not None and _wants_events(request) and not options.delayed
        said = _Said(
            caller=_caller(identity, call),
            idempotency_key=_own_key(identity, options.idempotency_key),
            respond_to=respond_to,
        )
        calls = Calls(self.engine)
        if call.schedule is not None and call.schedule.schedule is not None:
            called = await calls.schedule(flow, call.input, call.schedule.schedule, **said)
        else:
            called = await calls.call(
                flow,
                call.input,
                wait=None if wait is None or follows else min(wait, _LONGEST_WAIT),
                after=options.after,
                at=options.at,
                **said,
            )
        metrics.count_run(_accepted(called), "call")
        if follows:
            headers = run_headers(_accepted(called))
            return self.events.stream(flow, called.run_id, seen=0, headers=headers)
        return _response(called)

    async def fetch(self, flow: str, call_id: str, wait: timedelta, request: Request) -> Response:
        """The answer of an earlier call.

        Raises:
            Problem: the run has no answer.
            RunError: there is no such call.
        """
        flow, _, identity = await self._admit(flow, request, "fetch")
        await self._expect_caller(flow, call_id, identity, request)
        if _wants_events(request):
            seen = request.headers.get("last-event-id", "")
            seen = int(seen) if seen.isdecimal() and len(seen) < 9 else 0
            return self.events.stream(flow, call_id, seen=seen, headers={})
        found = await Calls(self.engine).fetch(flow, call_id, wait=min(wait, _LONGEST_WAIT))
        return _response(found)

    async def _admit(
        self, name: str, request: Request, action: str
    ) -> tuple[str, CallableLock, Identity]:
        """The flow that is meant, how it is called, and by whom, for those who may."""
        identity = await self.admission.identify(request, action, flow=name)
        lock, told = self.engine.lock, is_internal(request, identity)
        try:
            flow = callable_flow(lock, name, internal=told)
        except RunError:
            found = lock.flows.get(name)
            if found is not None and found.callable is not None:
                self.admission.note(request, identity, action, "internal", flow=name)
            raise
        found = lock.flows[flow].callable
        assert found is not None
        refused = refusal(found, flow, identity, development=self.development)
        if refused is not None:
            raise self.admission.refuse(request, identity, action, refused, flow=flow)
        return flow, found, identity

    def _is_stranger(self, identity: Identity) -> bool:
        return identity.kind == "anonymous" and not self.development

    async def _expect_caller(
        self, flow: str, call_id: str, identity: Identity, request: Request
    ) -> None:
        """An answer is for whoever called: others who may call the flow too do not get it."""
        if identity.trusted:
            return
        by = await caller_of(self.engine, flow, call_id)
        if by is None or by == str(identity):
            return
        refused = Refusal(
            reason="not_the_caller",
            message=f"The call `{call_id}` was made by somebody else.",
            hint="ask with the key or token that the call was made with",
        )
        raise self.admission.refuse(request, identity, "fetch", refused, flow=flow)


def calls_router(server: CallServer) -> APIRouter:
    """`/call/{flow}` and `/call/{flow}/{call_id}`."""
    router = APIRouter(tags=["calls"], prefix="/call", include_in_schema=False)
    errors: dict[int | str, dict[str, object]] = {
        "default": {"model": ErrorAnswer, "description": "What went wrong."}
    }

    @router.post("/{flow}", responses=errors, response_model=CallView)
    async def call(
        flow: Annotated[str, Path(description="The flow, or an app.")], body: Call, request: Request
    ) -> Response:
        """Call a flow. 200 with its answer, or 202 when it takes longer than the caller waits."""
        with server_span("POST", "/call/{flow}", request.headers):
            return await server.call(flow, body, request)

    @router.get("/{flow}/{call_id}", responses=errors, response_model=CallView)
    async def fetch(
        flow: Annotated[str, Path(description="The flow, or an app.")],
        call_id: Annotated[str, Path(description="What the call was answered with.")],
        request: Request,
        wait: Annotated[float, Query(ge=0, le=300, description="Seconds to wait.")] = 0,
    ) -> Response:
        """The answer of an earlier call, as often as it is asked for."""
        return await server.fetch(flow, call_id, timedelta(seconds=wait), request)

    return router


def _wants_events(request: Request) -> bool:
    """Whether the caller wants each answer as it comes."""
    return EVENTS in request.headers.get("accept", "")


class _Said(TypedDict):
    """What a call says besides its input and its time."""

    caller: Caller
    idempotency_key: str | None
    respond_to: wire.RespondTo | None


def _caller(identity: Identity, call: Call) -> Caller:
    return Caller(
        by=None if identity.kind == "anonymous" else str(identity),
        client_context=call.client_context,
        response_meta=call.response_meta,
        traceparent=current_traceparent(),
    )


def _own_key(identity: Identity, key: str | None) -> str | None:
    """Two callers with the same idempotency key must not get each other's answers."""
    if key is None or identity.kind == "anonymous":
        return key
    return f"{identity}\0{key}"


def _response(called: Called) -> Response:
    accepted = _accepted(called)
    headers = run_headers(accepted)
    answer = called.answer
    if answer is None:
        view = CallView(
            flow=called.flow,
            call_id=called.run_id,
            status="pending" if called.at is None else "scheduled",
            at=called.at,
            existed=called.existed,
        )
        headers["location"] = f"/call/{quote(called.flow, safe='')}/{called.run_id}"
        return Response(view.model_dump_json(), 202, headers=headers, media_type="application/json")
    if answer.status != "answered" or answer.error is not None:
        assert answer.error is not None
        error = answer.error
        way = (
            f" (it came by {', '.join(f'`{step}`' for step in answer.path)})" if answer.path else ""
        )
        raise Problem(
            error.http_status or _HTTP[answer.status],
            error.code,
            f"The call of `{called.flow}` has no answer: {error.message}{way}. hint: its run, named "
            f"in `{RUN_HEADER}`, has the details.",
            headers=headers,
        )
    view = CallView(
        flow=called.flow,
        call_id=called.run_id,
        status="answered",
        data=answer.data,
        response_meta=called.response_meta,
        existed=called.existed,
    )
    return Response(view.model_dump_json(), 200, headers=headers, media_type="application/json")


def _accepted(called: Called) -> Accepted:
    return Accepted(flow=called.flow, run_id=called.run_id, existed=called.existed)
