"""Who is let in: the identity behind a request, and the records of refusals and of what is done."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import structlog
from starlette.requests import HTTPConnection

from wistro.access import ANONYMOUS, Identity, Refusal
from wistro.stores.audit import MAX_TEXT, AuditEntry, Outcome
from wistro.stores.audit_buffer import AuditBuffer
from wistro_triggers import metrics
from wistro_triggers.identities import Identities
from wistro_triggers.oidc import BadCredentials
from wistro_triggers.problems import Problem, correlation_id
from wistro_triggers.workbench.sessions import FROM_WORKBENCH, CrossSite

log = structlog.stdlib.get_logger("wistro.access")


@dataclass(frozen=True, kw_only=True)
class Admission:
    """Identifies, refuses, and notes in the audit who was refused, and who did what."""

    identities: Identities
    audit: AuditBuffer

    async def identify(
        self, request: HTTPConnection, action: str, *, flow: str | None = None
    ) -> Identity:
        """Who sends the request.

        Args:
            request: The request.
            action: What it asks for, for the audit: `call`, `fetch`, …
            flow: The flow that it is about.

        Raises:
            Problem: 401, what it shows is not good here; 403, another site sends it.
        """
        try:
            return await self.identities.identify(request)
        except BadCredentials as bad:
            self.note(request, ANONYMOUS, action, bad.reason, flow=flow)
            raise _unauthorized(
                f"{bad.message} hint: show a valid one, or none.",
                challenge='Bearer error="invalid_token"',
            ) from None

        except CrossSite:
            self.note(request, ANONYMOUS, action, "cross_site", flow=flow)
            raise Problem(
                403,
                "cross_site",
                "A browser that is signed in may change something only from the workbench. hint: send "
                f"the header `{FROM_WORKBENCH}: 1` from a page of this origin.",
            ) from None

    def refuse(
        self,
        request: HTTPConnection,
        identity: Identity,
        action: str,
        refusal: Refusal,
        *,
        flow: str | None = None,
    ) -> Problem:
        """The answer to a request that is refused; the refusal is noted."""
        self.note(request, identity, action, refusal.reason, flow=flow)
        message = f"{refusal.message} hint: {refusal.hint}."
        if refusal.reason == "unauthenticated":
            return _unauthorized(message, challenge="Bearer")
        headers: Mapping[str, str] = {}
        if refusal.scope is not None and refusal.scope.isascii() and '"' not in refusal.scope:
            challenge = f'Bearer error="insufficient_scope", scope="{refusal.scope}"'
            headers = {"www-authenticate": challenge}
        return Problem(403, "forbidden", message, headers=headers)

    def note(
        self,
        request: HTTPConnection,
        identity: Identity,
        action: str,
        reason: str,
        *,
        flow: str | None = None,
    ) -> None:
        """Note a refusal in the audit."""
        metrics.count_refusal(action, reason)
        remote = request.client.host if request.client else None
        self.audit.refused(
            identity,
            action,
            reason,
            flow=flow,
            correlation_id=correlation_id.get(),
            remote=remote,
        )
        log.debug("refused", who=str(identity), action=action, flow=flow, reason=reason)

    async def did(
        self,
        request: HTTPConnection,
        identity: Identity,
        action: str,
        about: Mapping[str, str | None],
        *,
        outcome: Outcome = "done",
        reason: str = "",
    ) -> None:
        """Note in the audit what somebody has done, or has tried to.

        Args:
            request: How it was asked for.
            identity: Who asked.
            action: What it is called: `run.cancel`.
            about: `flow`, `run_id`, `delivery_id` and `subject`, as far as there are any.
            outcome: What came of it.
            reason: Why it failed, in a word for programs.
        """
        entry = AuditEntry(
            at=time.time(),
            kind=identity.kind,
            id=identity.id[:MAX_TEXT],
            action=action,
            outcome=outcome,
            flow=_cut(about.get("flow")),
            run_id=_cut(about.get("run_id")),
            delivery_id=_cut(about.get("delivery_id")),
            subject=_cut(about.get("subject")),
            reason=reason[:MAX_TEXT],
            correlation_id=correlation_id.get(),
            remote=request.client.host if request.client else None,
        )
        await self.audit.did(entry)


def _cut(text: str | None) -> str | None:
    return None if text is None else text[:MAX_TEXT]


def _unauthorized(message: str, *, challenge: str) -> Problem:
    return Problem(401, "unauthorized", message, headers={"www-authenticate": challenge})
