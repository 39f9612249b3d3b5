"""The routing table of the API steps; exchanged as a whole when the lock changes."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from wistro_triggers.edge import ROUTE_KEY
from wistro_triggers.endpoints import Endpoint, EndpointServer
from wistro_triggers.paths import PathTemplate, split_path
from wistro_triggers.problems import Problem

if TYPE_CHECKING:
    from wistro.project.lock import Lock

_MATCHED = "wistro.matched"


@dataclass(frozen=True)
class _Matched:
    """The endpoints at a request's path, the best first, each with its path parameters."""

    found: tuple[tuple[Endpoint, dict[str, str]], ...]

    def allowed(self) -> list[str]:
        methods = {endpoint.method for endpoint, _ in self.found} | {"OPTIONS"}
        return sorted(methods | {"HEAD"} if "GET" in methods else methods)

    def choose(self, method: str) -> tuple[Endpoint, dict[str, str]] | None:
        by_method = {
            endpoint.method: (endpoint, params) for endpoint, params in reversed(self.found)
        }
        # RFC 9110, 9.3.2: HEAD is GET without the body, which the server leaves out.
        return by_method.get(method) or (by_method.get("GET") if method == "HEAD" else None)


class ApiRoutes(BaseRoute):
    """All API steps of a project, as one route of the application."""

    def __init__(
        self,
        server: EndpointServer,
        lock: Lock,
        *,
        secret: Callable[[str], str | None] = os.environ.get,
    ) -> None:
        """Route to the API steps of `lock`.

        Raises:
            SetupError: A webhook's secret is missing.
        """
        self._server = server
        self._secret = secret
        self._endpoints: Sequence[Endpoint] = ()
        self.reload(lock)

    def reload(self, lock: Lock) -> None:
        """Route by another lock from now on.

        Raises:
            SetupError: A webhook's secret is missing; the routes stay as they were.
        """
        endpoints = [
            Endpoint.of(step, step.api, self._secret, motia=lock.motia)
            for step in lock.steps.values()
            if step.api is not None
        ]
        self._endpoints = sorted(endpoints, key=lambda endpoint: endpoint.template.rank)

    def endpoint(self, step: str) -> Endpoint | None:
        """The endpoint of an API step."""
        return next((each for each in self._endpoints if each.step == step), None)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether any API step is at the request's path, whatever its method."""
        if scope["type"] != "http":
            return Match.NONE, {}
        parts = split_path(scope.get("raw_path") or scope["path"].encode())
        found = tuple(
            (endpoint, params)
            for endpoint in self._endpoints
            if (params := endpoint.template.match(parts)) is not None
        )
        return (Match.FULL, {_MATCHED: _Matched(found)}) if found else (Match.NONE, {})

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that matched."""
        matched: _Matched = scope[_MATCHED]
        method: str = scope["method"]
        template: PathTemplate = matched.found[0][0].template
        chosen = matched.choose(method)
        scope[ROUTE_KEY] = str(chosen[0].template if chosen else template)
        if chosen is not None:
            endpoint, params = chosen
            response = await self._server.serve(endpoint, Request(scope, receive, send), params)
        else:
            allow = ", ".join(matched.allowed())
            if method != "OPTIONS":
                raise Problem(
                    405,
                    "method_not_allowed",
                    f"`{method}` is not possible at this path, only {allow}. hint: `/docs` lists the "
                    "endpoints.",
                    headers={"allow": allow},
                )
            response = Response(None, 204, {"allow": allow})
        await response(scope, receive, send)
