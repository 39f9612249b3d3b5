"""Who may use what is ours: a bearer token, compared in constant time."""

from __future__ import annotations

import hmac

from fastapi.security import HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials
from starlette.requests import HTTPConnection

from wistro_triggers.problems import Problem


class RequireToken(HTTPBearer):
    """A FastAPI dependency that lets only holders of the management token pass."""

    def __init__(self, token: str) -> None:
        """Let holders of `token` pass."""
        super().__init__(
            scheme_name="management token",
            description="The token in the project's `.wistro/token`.",
            auto_error=False,
        )
        self._token = token.encode()

    async def __call__(self, request: HTTPConnection) -> HTTPAuthorizationCredentials:
        """Return the credentials, or raise a 401 `Problem`."""
        given = await super().__call__(request)
        if given is None or not hmac.compare_digest(given.credentials.encode(), self._token):
            finding = (
                "no bearer token" if given is None else "a bearer token that is not valid here"
            )
            raise Problem(
                401,
                "unauthorized",
                f"The request has {finding}. hint: send `Authorization: Bearer <token>` with the "
                "management token of this project (`.wistro/token`).",
                headers={"www-authenticate": "Bearer"},
            )
        return given
