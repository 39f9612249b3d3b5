"""Trying a trigger: a request to it, signed if need be, in the name of whoever is given."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlencode

from fastapi import APIRouter
from fastapi import Request as HttpRequest
from pydantic import BaseModel, Field, ValidationError
from pydantic_core import to_json
from starlette.datastructures import Headers

from wistro_triggers.answers import REPLAYED_HEADER, RUN_HEADER, Accepted
from wistro_triggers.inprocess import Answered, Asked, Ending, ask
from wistro_triggers.management.site import ERRORS, Asking, Request, Site, View, operation
from wistro_triggers.management.triggers import TriggerDetail, trigger_of
from wistro_triggers.paths import PathTemplate
from wistro_triggers.problems import Detail, Problem

if TYPE_CHECKING:
    from fastapi import FastAPI

    from wistro_triggers.routes import ApiRoutes

_MOST = 1 << 20
"""Bytes of an answer that are shown."""
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_OURS = frozenset({"connection", "content-length", "host", "transfer-encoding"})
_CREDENTIALS = (
    "authorization",
    "cookie",
    "origin",
    "sec-fetch-site",
    "wistro-as",
    "wistro-as-roles",
    "wistro-workbench",
    "x-api-key",
)
"""What says who sends a request."""

_Text = Annotated[str, Field(max_length=65_536)]


class TryRequest(Request):
    """A request to a trigger of a flow. Its body is given as JSON, as a text, or as bytes."""

    flow: str
    trigger: str
    """As `/flows/{flow}/triggers` names it: `api:place_order`."""
    path_params: dict[str, _Text] = Field(default_factory=dict[str, _Text])
    query: dict[str, _Text | list[_Text]] = Field(default_factory=dict[str, _Text | list[_Text]])
    headers: dict[str, _Text] = Field(default_factory=dict[str, _Text])
    body: object = None
    text: str | None = None
    base64: str | None = None
    sign: bool = False
    """Sign it, as the sender of the webhook would, with the secret that the server has."""
    as_myself: bool = False
    """Call in the name of whoever tries. Endpoints of the project are never shown who that is."""
    timeout: Annotated[float, Field(gt=0, le=300)] = 60
    """Seconds that the answer may take."""


class Header(View):
    """A header of a request or an answer."""

    name: str
    value: str


class Sent(View):
    """The request as it was sent, without the credentials of whoever tried it."""

    method: str
    target: str
    """Path and query."""
    headers: list[Header]
    added: list[str]
    """The headers that sign it."""
    bytes: int
    """The size of its body."""


class Tried(View):
    """What a trigger answered."""

    sent: Sent
    ended: Ending
    """`answered`; `cut_off`: longer than is shown, or than was waited for; `timed_out`: nothing came."""
    status: int | None
    headers: list[Header]
    text: str | None = None
    """The body, when it is text."""
    base64: str | None = None
    """The body, when it is not."""
    bytes: int
    milliseconds: float
    runs: list[Accepted]
    """The runs that it started, or found."""


def tries_router(site: Site) -> APIRouter:
    """`/try`."""
    router = APIRouter(tags=["flows"], responses=ERRORS)

    @router.post("/try", summary="Send a request to a trigger, and show its answer")
    @operation("trigger.try")
    async def try_trigger(wanted: TryRequest, request: HttpRequest, visitor: Asking) -> Tried:
        visitor.about |= {"flow": wanted.flow, "subject": wanted.trigger}
        trigger = trigger_of(site.lock, wanted.flow, wanted.trigger)
        application: FastAPI = request.app.state.application
        asked, sent = _asked(wanted, trigger, application, request)
        answered = await ask(application, asked, within=request, longest=wanted.timeout, most=_MOST)
        tried = _tried(sent, answered, trigger)
        if tried.runs:
            visitor.about["run_id"] = tried.runs[0].run_id
        return tried

    return router


def _asked(
    wanted: TryRequest, trigger: TriggerDetail, application: FastAPI, request: HttpRequest
) -> tuple[Asked, Sent]:
    """The request, and what is shown of it.

    Raises:
        Problem: 422 that names what is wrong with it.
    """
    if trigger.method is None or trigger.path is None:
        raise Problem(
            422,
            "not_requested",
            f"`{trigger.id}` is triggered by the clock, not by a request. hint: start a run at "
            f"`{trigger.step}` with `POST /_wistro/api/runs`.",
        )
    body = _body(wanted)
    headers = _headers(wanted)
    if wanted.body is not None or "body" in wanted.model_fields_set:
        headers.setdefault("content-type", "application/json")
    # As every sender does: handlers count on them.
    headers.setdefault("accept", "*/*")
    headers.setdefault("user-agent", "Wistro-Workbench")
    added = _signature(wanted, trigger, headers, body, application) if wanted.sign else {}
    headers |= added
    headers["host"] = request.headers.get("host", "localhost")
    pairs = [
        (name, each)
        for name, value in wanted.query.items()
        for each in (value if isinstance(value, list) else [value])
    ]
    asked = Asked(
        method=trigger.method,
        path=_path(wanted, trigger),
        query=urlencode(pairs),
        headers=[*headers.items(), *_who(wanted, trigger, headers, request)],
        body=body,
    )
    sent = Sent(
        method=asked.method,
        target=asked.path + (f"?{asked.query}" if asked.query else ""),
        headers=[Header(name=name, value=value) for name, value in headers.items()],
        added=list(added),
        bytes=len(body),
    )
    return asked, sent


def _path(wanted: TryRequest, trigger: TriggerDetail) -> str:
    assert trigger.path is not None
    if trigger.kind != "api":
        return trigger.path
    missing = [name for name in trigger.path_params if not wanted.path_params.get(name)]
    if missing:
        raise _invalid(
            "The path has parameters that are not given",
            [Detail(field=f"path_params.{name}", message="is needed") for name in missing],
        )
    return PathTemplate.parse(_with_rest(trigger)).fill(wanted.path_params)


def _with_rest(trigger: TriggerDetail) -> str:
    """The template as routes are declared: OpenAPI's has no word for what follows."""
    path = trigger.path or "/"
    return path.replace(f"{{{trigger.rest_param}}}", f"*{trigger.rest_param}")


def _body(wanted: TryRequest) -> bytes:
    given = [name for name in ("body", "text", "base64") if name in wanted.model_fields_set]
    if len(given) > 1:
        raise _invalid(
            f"The body is given {len(given)} times",
            [Detail(field=name, message="give one of them") for name in given],
        )
    if wanted.text is not None:
        return wanted.text.encode()
    if wanted.base64 is not None:
        try:
            return base64.b64decode(wanted.base64, validate=True)
        except binascii.Error:
            raise _invalid(
                "The body is not base64", [Detail(field="base64", message="is not base64")]
            ) from None
    return to_json(wanted.body) if "body" in wanted.model_fields_set else b""


def _headers(wanted: TryRequest) -> dict[str, str]:
    wrong: list[Detail] = []
    for name, value in wanted.headers.items():
        field = f"headers.{name}"
        if not _HEADER_NAME.fullmatch(name):
            wrong.append(Detail(field=field, message="is no name of a header"))
        elif name.lower() in _OURS:
            wrong.append(Detail(field=field, message="is made from the request itself"))
        elif not _HEADER_VALUE.fullmatch(value):
            wrong.append(Detail(field=field, message="has characters that a header cannot have"))
    if wrong:
        raise _invalid("There are headers that cannot be sent", wrong)
    return {name.lower(): value for name, value in wanted.headers.items()}


def _signature(
    wanted: TryRequest,
    trigger: TriggerDetail,
    headers: Mapping[str, str],
    body: bytes,
    application: FastAPI,
) -> dict[str, str]:
    routes: ApiRoutes = application.state.routes
    endpoint = routes.endpoint(trigger.step or "") if trigger.kind == "api" else None
    if endpoint is None or endpoint.signature is None:
        raise _invalid(
            f"`{wanted.trigger}` checks no signature",
            [Detail(field="sign", message="is for webhooks that declare a signature")],
        )
    return endpoint.signature.sign(headers, body)


def _who(
    wanted: TryRequest, trigger: TriggerDetail, given: Mapping[str, str], request: HttpRequest
) -> list[tuple[str, str]]:
    """The headers that say who sends it. Messages are for operators: who tries is one."""
    if trigger.kind == "api":
        if wanted.as_myself:
            # It would be recorded with the run, and seen by the handler.
            raise _invalid(
                "An endpoint of the project is not shown who you are here",
                [Detail(field="as_myself", message="is for calls")],
            )
        return []
    if not wanted.as_myself and trigger.kind != "event":
        return []
    return [
        (name, request.headers[name])
        for name in _CREDENTIALS
        if name in request.headers and name not in given
    ]


def _tried(sent: Sent, answered: Answered, trigger: TriggerDetail) -> Tried:
    headers = Headers(raw=[(n.encode("latin-1"), v.encode("latin-1")) for n, v in answered.headers])
    text = _text(answered, headers)
    return Tried(
        sent=sent,
        ended=answered.ended,
        status=answered.status,
        headers=[Header(name=name, value=value) for name, value in answered.headers],
        text=text,
        base64=base64.b64encode(answered.body).decode() if text is None else None,
        bytes=len(answered.body),
        milliseconds=round(answered.seconds * 1000, 1),
        runs=_runs(answered, headers, trigger),
    )


def _text(answered: Answered, headers: Headers) -> str | None:
    kind = headers.get("content-type", "")
    if kind.startswith(("image/", "audio/", "video/", "font/", "application/octet-stream")):
        return None
    try:
        return answered.body.decode("utf-8")
    except UnicodeDecodeError as error:
        # Where it was cut off, half a letter may be left.
        cut = answered.ended == "cut_off" and len(answered.body) - error.start < 4
        return answered.body[: error.start].decode("utf-8") if cut else None


class _Published(BaseModel):
    runs: list[Accepted] = []
    reached: list[Accepted] = []


def _runs(answered: Answered, headers: Headers, trigger: TriggerDetail) -> list[Accepted]:
    """The runs that an answer speaks of."""
    if trigger.kind == "event":
        try:
            published = _Published.model_validate_json(answered.body)
        except ValidationError:
            return []
        reached = [run.model_copy(update={"existed": True}) for run in published.reached]
        return [*published.runs, *reached]
    run_id = headers.get(RUN_HEADER)
    if run_id is None:
        return []
    existed = headers.get(REPLAYED_HEADER) == "true"
    return [Accepted(flow=trigger.flow, run_id=run_id, existed=existed)]


def _invalid(finding: str, details: list[Detail]) -> Problem:
    return Problem(
        422,
        "validation_failed",
        f"{finding}. hint: `details` says what is wrong with each field.",
        details=details,
    )
