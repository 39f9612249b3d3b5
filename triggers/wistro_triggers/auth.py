"""Who may use what is ours: dependencies of routes that let some pass and refuse the others."""

from __future__ import annotations

from starlette.requests import HTTPConnection

from wistro.access import INBOX, Identity, Refusal
from wistro_triggers.admission import Admission


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
