"""The cookies of the workbench: signed claims, as run tokens are; nothing is stored.

```
wb1.<base64url of {"exp", "key", "kind", "id", "roles", "scopes", "proof"}>.<signature>   a session
wo1.<base64url of {"exp", "key", "state", "nonce", "verifier", "to"}>.<signature>         on the way
```
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, TypeAlias

from pydantic import TypeAdapter, ValidationError
from starlette.requests import HTTPConnection
from starlette.responses import Response
from typing_extensions import TypedDict

from wistro.access import Identity
from wistro_codec import PROJECT_FLOW, CodecError, Keys
from wistro_codec.signed import TokenForm

SESSION, ON_THE_WAY = "wistro_session", "wistro_sign_in"
"""The names of the cookies: of who is signed in, and of who is away at the issuer to do so."""
PATH = "/_wistro"
KEEP_SESSION = timedelta(hours=12)
KEEP_ON_THE_WAY = timedelta(minutes=10)
_MOST = 3800
"""Browsers keep cookies of 4,096 bytes, name and attributes included."""

SessionKind: TypeAlias = Literal["token", "key", "user", "local"]
"""How somebody has signed in; `local`: by sitting at the machine that `wistro dev` runs on."""

_WHENCE = "sign in again"
_SESSIONS = TokenForm(
    name="session",
    prefix="wb1",
    purpose="wistro/workbench-session/v1",
    max_length=_MOST,
    whence=_WHENCE,
)
_WAYS = TokenForm(
    name="sign-in",
    prefix="wo1",
    purpose="wistro/workbench-sign-in/v1",
    max_length=_MOST,
    whence=_WHENCE,
)


class _Said(TypedDict):
    exp: int
    key: str
    kind: SessionKind
    id: str
    roles: list[str]
    scopes: list[str]
    proof: str


_SAID = TypeAdapter(_Said)


@dataclass(frozen=True, kw_only=True)
class Session:
    """Somebody who has signed in."""

    kind: SessionKind
    identity: Identity
    proof: str
    """What has to be good still for the session to be: a digest of the token, key or issuer."""
    expires_at: float


@dataclass(frozen=True, kw_only=True)
class OnTheWay:
    """What a browser that is away at the issuer comes back with."""

    state: str
    nonce: str
    verifier: str
    """Of PKCE (RFC 7636)."""
    to: str
    """The page that was wanted."""


@dataclass(frozen=True, kw_only=True)
class Cookies:
    """Writes and reads the cookies with the project's keys."""

    keys: Keys

    def write_session(self, session: Session) -> str | None:
        """The text of a session; `None` when it says more than a browser keeps."""
        identity = session.identity
        text = self._sign(
            _SESSIONS,
            session.expires_at,
            {
                "kind": session.kind,
                "id": identity.id,
                "roles": sorted(identity.roles),
                "scopes": sorted(identity.scopes),
                "proof": session.proof,
            },
        )
        return text if len(text) <= _MOST else None

    def read_session(self, text: str) -> Session | None:
        """The session of a genuine text that has not expired."""
        claims = self._claims(_SESSIONS, text)
        try:
            said = _SAID.validate_python(claims)
        except ValidationError:
            return None
        identity = Identity(
            kind="token" if said["kind"] == "local" else said["kind"],
            id=said["id"],
            roles=frozenset(said["roles"]),
            scopes=frozenset(said["scopes"]),
            expires_at=said["exp"],
        )
        return Session(
            kind=said["kind"], identity=identity, proof=said["proof"], expires_at=said["exp"]
        )

    def write_on_the_way(self, way: OnTheWay) -> str:
        """The text of a sign-in that has begun."""
        expires_at = time.time() + KEEP_ON_THE_WAY.total_seconds()
        return self._sign(_WAYS, expires_at, vars(way))

    def read_on_the_way(self, text: str) -> OnTheWay | None:
        """The sign-in of a genuine text that has not expired."""
        match self._claims(_WAYS, text):
            case {
                "state": str(state),
                "nonce": str(nonce),
                "verifier": str(verifier),
                "to": str(to),
            }:
                return OnTheWay(state=state, nonce=nonce, verifier=verifier, to=to)
            case _:
                return None

    def _sign(self, form: TokenForm, expires_at: float, claims: Mapping[str, object]) -> str:
        key = self.keys.active(PROJECT_FLOW)
        return form.sign(key, {"exp": int(expires_at), "key": str(key.id), **claims})

    def _claims(self, form: TokenForm, text: str) -> Mapping[str, object]:
        try:
            claims = form.claims(text)
            key = form.prove(self.keys, str(claims.get("key")), text)
        except CodecError:
            return {}
        # Whoever holds the keys of a flow speaks for its runs, and for nobody who operates the project.
        if key.id.flow != PROJECT_FLOW:
            return {}
        expires_at = claims.get("exp")
        return claims if isinstance(expires_at, int) and time.time() < expires_at else {}


def is_secure(request: HTTPConnection) -> bool:
    """Whether the browser reaches us by `https`, as far as we can know: a proxy may say so."""
    said = request.headers.get("x-forwarded-proto", "").partition(",")[0].strip()
    return "https" in (request.url.scheme, said)


def cookie_name(request: HTTPConnection, name: str) -> str:
    """What a cookie is called here: browsers do not keep apart the ports of one machine."""
    port = request.url.port
    return name if port is None else f"{name}_{port}"


def shown_cookie(request: HTTPConnection, name: str) -> str | None:
    """The text of a cookie that a browser shows."""
    return request.cookies.get(cookie_name(request, name))


def set_cookie(
    response: Response,
    request: HTTPConnection,
    name: str,
    text: str,
    *,
    keep: timedelta,
    strict: bool = True,
) -> None:
    """Have the browser keep `text`; one that is not `strict` comes back from other sites as well."""
    response.set_cookie(
        cookie_name(request, name),
        text,
        max_age=int(keep.total_seconds()),
        path=PATH,
        secure=is_secure(request),
        httponly=True,
        samesite="strict" if strict else "lax",
    )


def drop_cookie(response: Response, request: HTTPConnection, name: str) -> None:
    """Have the browser forget a cookie."""
    response.delete_cookie(cookie_name(request, name), path=PATH, httponly=True)
