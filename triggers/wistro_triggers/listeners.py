"""Two listeners of one application: what belongs to the project stays off the public one.

Without a second listener there is one for everybody, and each path asks who may use it.
"""

from __future__ import annotations

from typing import Literal

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from wistro.access import Identity
from wistro_triggers.faults import not_found

Audience = Literal["public", "internal"]

_AUDIENCE = "wistro.audience"


class ForAudience:
    """The application as one of two listeners serves it."""

    def __init__(self, app: ASGIApp, audience: Audience) -> None:
        """Tell `app` who its callers are."""
        self.app = app
        self.audience: Audience = audience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        await self.app({**scope, _AUDIENCE: self.audience}, receive, send)


class Hidden:
    """Keeps the paths below `prefix` off the public listener, as if there were nothing at them.

    It belongs within `Edge`, so that nothing in the answer tells a hidden path from one that is not.
    """

    def __init__(self, app: ASGIApp, *, prefix: str, public: tuple[str, ...] = ()) -> None:
        """Wrap `app`.

        Args:
            app: The application.
            prefix: Where the paths begin.
            public: Where paths below it begin that are for the public all the same.
        """
        self.app = app
        self.prefix = prefix
        self.public = public

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope.get(_AUDIENCE) == "public" and self._hides(scope["path"]):
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
                return
            raise not_found()
        await self.app(scope, receive, send)

    def _hides(self, path: str) -> bool:
        return _below(path, self.prefix) and not any(_below(path, each) for each in self.public)


def audience_of(scope: Scope) -> dict[str, object]:
    """Whom a connection belongs to, for the scope of a request in its name."""
    return {_AUDIENCE: scope[_AUDIENCE]} if _AUDIENCE in scope else {}


def is_internal(request: HTTPConnection, identity: Identity) -> bool:
    """Whether a request may know of what is internal: by its listener, or by who sends it."""
    audience = request.scope.get(_AUDIENCE)
    return identity.trusted if audience is None else audience == "internal"


def _below(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(f"{prefix}/")
