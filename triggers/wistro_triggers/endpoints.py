"""API steps as HTTP endpoints: from a request to the run that answers it."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from wistro.access import ANONYMOUS
from wistro.contract import Trigger
from wistro.errors import AnswerPending
from wistro_triggers import metrics
from wistro_triggers.admission import Admission
from wistro_triggers.answers import Accepted, accepted, run_headers, step_problem, step_response
from wistro_triggers.bodies import multiple, parse_body
from wistro_triggers.paths import PathTemplate
from wistro_triggers.problems import Problem
from wistro_triggers.schemas import Schema
from wistro_triggers.signatures import SignatureScheme, scheme_of
from wistro_triggers.starting import StartOptions, read_options
from wistro_triggers.tracing import current_traceparent, server_span

if TYPE_CHECKING:
    from wistro.project.descriptor import ApiDescriptor, Descriptor
    from wistro.temporal.host.engine import Engine


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One API step, ready to answer requests."""

    step: str
    flow: str
    method: str
    template: PathTemplate
    respond_async: bool
    body: Schema | None = None
    responses: dict[int, Schema] = field(default_factory=dict[int, Schema])
    signature: SignatureScheme | None = None
    motia: bool = False
    """By Motia's rules schemas describe, nothing is an empty object, and text is sent as it is."""

    @classmethod
    def of(
        cls,
        step: Descriptor,
        api: ApiDescriptor,
        secret: Callable[[str], str | None],
        *,
        motia: bool = False,
    ) -> Endpoint:
        """The endpoint of a step; `motia`: by Motia's rules.

        Raises:
            SetupError: `secret` does not know the secret of its signature.
        """
        return cls(
            step=step.id,
            flow=step.flows[0],
            method=api.method,
            template=PathTemplate.parse(api.path),
            respond_async=api.mode == "async",
            body=None if api.body is None or motia else Schema(api.body),
            responses={}
            if motia
            else {status: Schema(schema) for status, schema in api.responses.items()},
            signature=scheme_of(api.signature, step=step, secret=secret) if api.signature else None,
            motia=motia,
        )


@dataclass(frozen=True, kw_only=True)
class EndpointServer:
    """Answers requests to endpoints with runs of the engine."""

    engine: Engine
    admission: Admission
    answer_timeout: timedelta
    """How long a caller waits before it gets a 202 with the run's id."""
    development: bool

    async def serve(
        self, endpoint: Endpoint, request: Request, path_params: dict[str, str]
    ) -> Response:
        """Answer a request.

        Raises:
            Problem: the request is refused, or its step failed.
            RunError: the engine refuses, or is away.
        """
        with server_span(request.method, str(endpoint.template), request.headers) as span:
            body = await request.body()
            self._verify(endpoint, request, body)
            options = read_options(request.headers)
            data = _data(endpoint, request, path_params, body)
            response = await self._run(endpoint, request, options, data)
            span.set_attribute("http.response.status_code", response.status_code)
            span.set_attribute("wistro.run_id", response.headers.get("wistro-run-id", ""))
            return response

    def _verify(self, endpoint: Endpoint, request: Request, body: bytes) -> None:
        if endpoint.signature is None:
            return
        try:
            endpoint.signature.verify(request.headers, body)
        except Problem as problem:
            self.admission.note(request, ANONYMOUS, "webhook", problem.code, flow=endpoint.flow)
            raise

    async def _run(
        self, endpoint: Endpoint, request: Request, options: StartOptions, data: object
    ) -> Response:
        trigger = Trigger(kind="api", step=endpoint.step, traceparent=current_traceparent())
        key = options.idempotency_key
        if endpoint.signature is not None:
            key = endpoint.signature.delivery_key(request.headers) or key
        if endpoint.respond_async or options.respond_async or options.delayed:
            started = await self.engine.start(
                endpoint.flow,
                trigger,
                data,
                idempotency_key=key,
                after=options.after,
                at=options.at,
            )
            run = Accepted(flow=started.flow, run_id=started.run_id, existed=started.existed)
            metrics.count_run(run, "api")
            return accepted(run, preferred=options.respond_async)
        longest = self.answer_timeout
        timeout = longest if options.wait is None else min(options.wait, longest)
        try:
            answer = await self.engine.request(
                endpoint.flow, trigger, data, timeout=timeout, idempotency_key=key
            )
        except AnswerPending as pending:
            run = Accepted(flow=endpoint.flow, run_id=pending.run_id or "")
            metrics.count_run(run, "api")
            return accepted(run)
        run = Accepted(flow=answer.flow, run_id=answer.run_id, existed=answer.existed)
        metrics.count_run(run, "api")
        headers = run_headers(run)
        try:
            if answer.result is None:
                assert answer.error is not None
                raise step_problem(answer.error, step=endpoint.step, development=self.development)
            response = step_response(
                answer.result.output,
                endpoint.responses,
                step=endpoint.step,
                plain_text=endpoint.motia,
            )
        except Problem as problem:
            problem.headers = {**(problem.headers or {}), **headers}
            raise
        response.headers.update(headers)
        return response


def _data(
    endpoint: Endpoint, request: Request, path_params: dict[str, str], raw: bytes
) -> dict[str, object]:
    """What the handler gets.

    Raises:
        Problem: 400 when the body cannot be read, 422 when it does not fit its schema.
    """
    body: object = parse_body(raw, request.headers.get("content-type"))
    if body is None and endpoint.motia:
        body = dict[str, object]()
    if endpoint.body is not None and (details := endpoint.body.errors(body, root="body")):
        raise Problem(
            422,
            "validation_failed",
            "The body does not fit the schema of this endpoint. hint: `details` says what is wrong "
            "with each field; `/docs` shows the schema."
            if raw
            else "This endpoint needs a body. hint: send JSON; `/docs` shows the schema.",
            details=details,
        )
    headers: dict[str, str] = {}
    for name, value in request.headers.items():
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return {
        "method": request.method,
        "path": request.url.path,
        "path_params": path_params,
        "query_params": multiple(request.query_params.multi_items()),
        "headers": headers,
        "body": body,
        "raw_body": base64.b64encode(raw).decode() if raw else None,
    }
