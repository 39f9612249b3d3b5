"""Who may use what is ours: dependencies of routes that let some pass and refuse the others."""

from __future__ import annotations

import hmac

from fastapi.security import HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials
from starlette.requests import HTTPConnection

from wistro.access import ANONYMOUS, INBOX, Identity, Refusal
from wistro_triggers.admission import Admission
from wistro_triggers.problems import Problem


class RequireToken(HTTPBearer):
    """A FastAPI dependency that lets only holders of the management token pass."""

    def __init__(self, token: str, admission: Admission | None = None) -> None:
        """Let holders of `token` pass; refusals are noted by `admission`."""
        super().__init__(
            scheme_name="management token",
            description="The token in the project's `.wistro/token`.",
            auto_error=False,
        )
        self._token = token.encode()
        self._admission = admission

    async def __call__(self, request: HTTPConnection) -> HTTPAuthorizationCredentials:
        """Return the credentials, or raise a 401 `Problem`."""
        given = await super().__call__(request)
        if given is None or not hmac.compare_digest(given.credentials.encode(), self._token):
            finding = (
                "no bearer token" if given is None else "a bearer token that is not valid here"
            )
            if self._admission is not None:
                reason = "unauthenticated" if given is None else "credentials_unknown"
                self._admission.note(request, ANONYMOUS, "manage", reason)
            raise Problem(
                401,
                "unauthorized",
                f"The request has {finding}. hint: send `Authorization: Bearer <token>` with the "
                "management token of this project (`.wistro/token`).",
                headers={"www-authenticate": "Bearer"},
            )
        return given


class RequireIdentity:
    """A FastAPI dependency: who sends the request, when it is anybody who may act here.

    Users pass, whatever their roles: what they may do is for the route to decide. Keys need a scope.
    A holder of the management token passes in the name that `Wistro-As` gives.
    """

    def __init__(self, admission: Admission, *, scope: str = INBOX) -> None:
        """Let users, holders of the management token and keys with `scope` pass."""
        self._admission = admission
        self._scope = scope

    async def __call__(self, request: HTTPConnection) -> Identity:
        """Return the identity, or raise a 401 or 403 `Problem`; refusals are noted in the audit."""
        identity = await self._admission.identify(request, self._scope)
        refused = self._refusal(identity)
        if refused is not None:
            raise self._admission.refuse(request, identity, self._scope, refused)
        return identity

    def _refusal(self, identity: Identity) -> Refusal | None:
        if identity.kind == "anonymous":
            return Refusal(
                reason="unauthenticated",
                message="The request does not say who sends it.",
                hint="send a user's token or the management token in `Authorization: Bearer …`, or an "
                "API key in `X-API-Key`",
            )
        if identity.kind == "key" and not identity.holds(self._scope):
            return Refusal(
                reason="scope_missing",
                message=f"The key `{identity.id}` may not do this.",
                hint=f"it needs the scope `{self._scope}`",
                scope=self._scope,
            )
        return None
