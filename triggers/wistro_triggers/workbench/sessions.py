"""Sessions: who a browser is signed in as, and whether that is good still."""

from __future__ import annotations

import getpass
import hashlib
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from wistro.access import Identity
from wistro_codec.server import is_near
from wistro_triggers.api_keys import ApiKeys
from wistro_triggers.oidc import BadCredentials
from wistro_triggers.workbench.cookies import (
    KEEP_SESSION,
    SESSION,
    Cookies,
    Session,
    SessionKind,
    shown_cookie,
)

if TYPE_CHECKING:
    from wistro.project.auth_settings import AuthSettings

FROM_WORKBENCH = "wistro-workbench"
"""The header of the workbench's own requests: the forms of other sites cannot send it."""

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN = frozenset({"same-origin", "none"})


class CrossSite(Exception):
    """A change that is asked for with a session, and not by the workbench."""


@dataclass(frozen=True, kw_only=True)
class Sessions:
    """Opens sessions, and finds those of requests."""

    cookies: Cookies
    token: str
    """The management token."""
    development: bool
    """Whether who sits at this machine is let in without anything."""

    def open(self, kind: SessionKind, identity: Identity, proof: str) -> Session:
        """A session that begins now; nothing keeps it but the browser."""
        expires_at = time.time() + KEEP_SESSION.total_seconds()
        return Session(kind=kind, identity=identity, proof=proof, expires_at=expires_at)

    def find(
        self, request: HTTPConnection, keys: Callable[[], ApiKeys], auth: AuthSettings
    ) -> Session | None:
        """The session of a request, if it shows one that is good.

        Requests of other origins have none: the ports of one machine are the same site to browsers, and
        `SameSite` does not keep them from each other.

        Raises:
            CrossSite: it would change something, and the workbench did not send it.
        """
        text = shown_cookie(request, SESSION)
        session = None if text is None else self.cookies.read_session(text)
        if session is None or not is_own(request):
            return None
        session = self._renewed(session, request, keys, auth)
        if session is not None and not _is_deliberate(request):
            raise CrossSite
        return session

    def _renewed(
        self,
        session: Session,
        request: HTTPConnection,
        keys: Callable[[], ApiKeys],
        auth: AuthSettings,
    ) -> Session | None:
        """The session as it is good now; `None`: what it was opened with is good no more."""
        match session.kind:
            case "local":
                return session if self.offers_local(request) else None
            case "token":
                return session if _same(session.proof, proof_of(self.token)) else None
            case "user":
                issuer = auth.oidc.issuer if auth.oidc else ""
                return session if _same(session.proof, proof_of(issuer)) else None
            case "key":
                try:
                    identity = keys().proved(session.proof)
                except BadCredentials:
                    return None
                if identity is None:
                    return None
                return Session(
                    kind="key",
                    identity=identity,
                    proof=session.proof,
                    expires_at=session.expires_at,
                )

    def offers_local(self, request: HTTPConnection) -> bool:
        """Whether the browser is let in because it is on the machine that is developed on."""
        return self.development and is_near(request)


def is_own(request: HTTPConnection) -> bool:
    """Whether a page of our own sends the request, or a person who typed its address."""
    site = request.headers.get("sec-fetch-site")
    if site is not None and site not in _OWN:
        return False
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


def _is_deliberate(request: HTTPConnection) -> bool:
    """Whether it changes nothing, or the workbench means it."""
    method = request.scope.get("method", "GET")
    return method in _SAFE or request.headers.get(FROM_WORKBENCH) == "1"


def proof_of(text: str) -> str:
    """What a session keeps of the credential that it was opened with."""
    return hashlib.sha256(text.encode()).hexdigest()


def local_name() -> str:
    """What the person at this machine is called."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # an account without a name
        return "developer"


def _same(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode(), right.encode())
