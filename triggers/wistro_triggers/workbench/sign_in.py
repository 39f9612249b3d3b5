"""`/_wistro/api/session`: signing in to the workbench and out of it, and who is signed in."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse

from wistro.access import ANONYMOUS, MANAGEMENT, Identity, Refusal
from wistro.project.workbench_settings import Level, WorkbenchSettings, covers
from wistro_triggers.admission import Admission
from wistro_triggers.management.site import ERRORS, View
from wistro_triggers.management.site import Request as Asked
from wistro_triggers.oidc import BadCredentials
from wistro_triggers.problems import Problem, invalid_field
from wistro_triggers.streams_access import Grant
from wistro_triggers.visitors import Visitor
from wistro_triggers.workbench.cookies import (
    KEEP_ON_THE_WAY,
    KEEP_SESSION,
    ON_THE_WAY,
    SESSION,
    Session,
    SessionKind,
    drop_cookie,
    is_secure,
    set_cookie,
    shown_cookie,
)
from wistro_triggers.workbench.issuer_sign_in import IssuerSignIn
from wistro_triggers.workbench.page import WORKBENCH
from wistro_triggers.workbench.sessions import (
    FROM_WORKBENCH,
    Sessions,
    is_own,
    local_name,
    proof_of,
)

if TYPE_CHECKING:
    from wistro.project.lock import Lock

CALLBACK = "/_wistro/api/session/oidc/callback"

Way: TypeAlias = Literal["local", "issuer", "token"]
"""A way to sign in: by sitting at this machine, at the issuer of users, or with a key or token."""

_MOST_WRONG, _WHILE = 10, 60.0
"""So many wrong keys and tokens from one address, in so many seconds."""
_MOST_ADDRESSES = 10_000
_MOST_PATH = 1500


class SessionView(View):
    """Who is signed in, and how one can sign in."""

    name: str | None = None
    """What they are called in records of what they do; nothing when nobody is signed in."""
    level: Level | None = None
    """What they may do: `view`, `read` or `operate`."""
    kind: SessionKind | None = None
    expires_at: datetime | None = None
    """Until when; nothing for programs, which show a key or token each time."""
    ways: list[Way]
    """The ways to sign in here."""
    issuer: str | None = None
    """Where users sign in, for people: `login.shop.example`."""


class SignInRequest(Asked):
    """Signs in, at this machine with nothing at all."""

    token: Annotated[str, Field(min_length=1, max_length=16_384)] | None = None
    """The management token, an API key, or a user's token."""
    name: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    """Who you are, for holders of the management token: records say so."""


@dataclass
class WrongTokens:
    """Counts wrong keys and tokens by the address that they come from."""

    clock: Callable[[], float] = time.monotonic
    _found: OrderedDict[str, list[float]] = field(default_factory=OrderedDict[str, list[float]])

    def wait(self, address: str) -> float:
        """For how many seconds nobody may try from an address; 0: they may."""
        recent = [at for at in self._found.get(address, ()) if at > self.clock() - _WHILE]
        return recent[0] + _WHILE - self.clock() if len(recent) >= _MOST_WRONG else 0.0

    def count(self, address: str) -> None:
        """Note one."""
        self._found[address] = [*self._found.get(address, ()), self.clock()][-_MOST_WRONG:]
        self._found.move_to_end(address)
        if len(self._found) > _MOST_ADDRESSES:
            self._found.popitem(last=False)


@dataclass(kw_only=True)
class SignIn:
    """Lets people sign in, by the lock in use."""

    lock: Callable[[], Lock]
    admission: Admission
    sessions: Sessions
    secret: Callable[[str], str | None]
    wrong: WrongTokens = field(default_factory=WrongTokens)
    _issuer: IssuerSignIn | None = None

    @property
    def settings(self) -> WorkbenchSettings:
        """What the lock says about the workbench."""
        return self.lock().runtime.workbench

    def issuer(self, lock: Lock | None = None) -> IssuerSignIn | None:
        """The issuer where users sign in, by `lock` or the one in use.

        Raises:
            SetupError: the secret of the workbench is missing.
        """
        runtime = (lock or self.lock()).runtime
        said, oidc = runtime.workbench.sign_in, runtime.auth.oidc
        if said is None or oidc is None:
            return None
        if self._issuer is None or (self._issuer.settings, self._issuer.oidc) != (said, oidc):
            self._issuer = IssuerSignIn(said, oidc, secret=self.secret)
        return self._issuer

    def view(self, request: Request, session: Session | None, identity: Identity) -> SessionView:
        """What the workbench is told."""
        ways: list[Way] = []
        if self.sessions.offers_local(request):
            ways.append("local")
        issuer = self.issuer()
        if issuer is not None:
            ways.append("issuer")
        ways.append("token")
        level = self.settings.level(identity)
        at = urlsplit(issuer.oidc.issuer).netloc if issuer else None
        if level is None:
            return SessionView(ways=ways, issuer=at)
        visitor = Visitor(identity=identity, level=level)
        kind: SessionKind = "key" if identity.kind == "key" else "user"
        if identity.trusted:
            kind = "token"
        return SessionView(
            name=visitor.name,
            level=level,
            kind=session.kind if session else kind,
            expires_at=datetime.fromtimestamp(session.expires_at, UTC) if session else None,
            ways=ways,
            issuer=at,
        )

    async def with_token(self, request: Request, wanted: SignInRequest) -> Session:
        """The session of somebody who shows a key or token.

        Raises:
            Problem: it is not good here, or was the last of too many that were not.
        """
        address = request.client.host if request.client else ""
        if seconds := self.wrong.wait(address):
            raise Problem(
                429,
                "too_many_attempts",
                "Too many wrong keys and tokens came from this address. hint: try again in a minute.",
                headers={"retry-after": str(int(seconds) + 1)},
            )
        shown = (wanted.token or "").strip()
        try:
            identity = await self.admission.identities.identity_of(shown)
        except BadCredentials as bad:
            self.wrong.count(address)
            self.admission.note(request, ANONYMOUS, "sign_in", bad.reason)
            raise Problem(
                401,
                bad.reason,
                f"{bad.message} hint: the management token is in `.wistro/token` of the project; "
                "`wistro access create` makes API keys.",
            ) from None
        if identity == MANAGEMENT:
            return self.sessions.open("token", _named(wanted.name), proof_of(shown))
        if identity.kind == "key":
            return self.sessions.open("key", identity, proof_of(shown))
        oidc = self.lock().runtime.auth.oidc
        return self.sessions.open("user", identity, proof_of(oidc.issuer if oidc else ""))

    async def let_in(self, request: Request, response: Response, session: Session) -> None:
        """Give the browser its session.

        Raises:
            Problem: they may not use the workbench.
        """
        identity = session.identity
        if self.settings.level(identity) is None:
            raise self.admission.refuse(
                request,
                identity,
                "sign_in",
                Refusal(
                    reason="level_missing",
                    message=f"The {identity.kind} `{identity.id}` has no access to the workbench.",
                    hint="`workbench.view`, `read` or `operate` in `wistro.yml` would have to name "
                    "them, or a role of theirs",
                ),
            )
        text = self.sessions.cookies.write_session(session)
        if text is None:
            raise Problem(
                422,
                "session_too_large",
                "The token names more roles than a browser keeps. hint: have the issuer name those "
                "that matter here.",
            )
        set_cookie(response, request, SESSION, text, keep=KEEP_SESSION)
        await self.note(request, session, "session.open")

    async def note(self, request: Request, session: Session, action: str) -> None:
        """Note in the audit that somebody has come or gone."""
        await self.admission.did(request, session.identity, action, {"subject": session.kind})

    def may_read(self, connection: HTTPConnection) -> Grant | None:
        """The right to follow every stream, for those who are signed in and may read."""
        session = self.admission.identities.session(connection)
        level = session and self.settings.level(session.identity)
        if session is None or level is None or not covers(level, "read"):
            return None
        return Grant(expires_at=session.expires_at)

    def callback(self, request: Request) -> str:
        """Where the issuer sends browsers back to."""
        scheme = "https" if is_secure(request) else "http"
        base = self.settings.url or f"{scheme}://{request.url.netloc}"
        return f"{base}{CALLBACK}"


def sign_in_router(sign_in: SignIn) -> APIRouter:
    """`/session` and below."""
    router = APIRouter(prefix="/session", tags=["session"], responses=ERRORS)
    _sessions(router, sign_in)
    _at_the_issuer(router, sign_in)
    return router


def _sessions(router: APIRouter, sign_in: SignIn) -> None:
    @router.get("", summary="Who is signed in, and how one can")
    async def show_session(
        request: Request,
        response: Response,
        enter: Annotated[
            bool, Query(description="Sign in whoever sits at the machine of `wistro dev`.")
        ] = True,
    ) -> SessionView:
        response.headers["cache-control"] = "no-store"
        identity = await sign_in.admission.identify(request, "sign_in")
        session = sign_in.admission.identities.session(request)
        if session is not None and session.identity != identity:
            session = None  # a key or token in the headers wins
        near = sign_in.sessions.offers_local(request) and is_own(request)
        if identity == ANONYMOUS and enter and near:
            session = _local(sign_in.sessions)
            identity = session.identity
            await sign_in.let_in(request, response, session)
        return sign_in.view(request, session, identity)

    @router.post("", summary="Sign in")
    async def open_session(
        request: Request, response: Response, wanted: SignInRequest | None = None
    ) -> SessionView:
        _from_workbench(sign_in, request)
        wanted = wanted or SignInRequest()
        if wanted.token is not None:
            session = await sign_in.with_token(request, wanted)
        elif sign_in.sessions.offers_local(request):
            session = _local(sign_in.sessions)
        else:
            raise invalid_field(
                "token", "expected the management token, an API key or a user's token"
            )
        await sign_in.let_in(request, response, session)
        return sign_in.view(request, session, session.identity)

    @router.delete("", status_code=204, summary="Sign out")
    async def close_session(request: Request) -> Response:
        _from_workbench(sign_in, request)
        session = sign_in.admission.identities.session(request)
        if session is not None:
            await sign_in.note(request, session, "session.close")
        response = Response(status_code=204)
        drop_cookie(response, request, SESSION)
        return response


def _at_the_issuer(router: APIRouter, sign_in: SignIn) -> None:
    @router.get(
        "/oidc", summary="Go to the issuer of users, to sign in there", response_class=Response
    )
    async def begin(
        request: Request,
        to: Annotated[
            str,
            Query(max_length=_MOST_PATH, description="The page of the workbench to come back to."),
        ] = "/",
    ) -> Response:
        issuer = sign_in.issuer()
        if issuer is None:
            return _back("/sign-in", problem="no_issuer")
        try:
            address, way = await issuer.begin(sign_in.callback(request), to)
        except BadCredentials as bad:
            return _back("/sign-in", problem=bad.reason, to=to)
        response = RedirectResponse(address, 303)
        text = sign_in.sessions.cookies.write_on_the_way(way)
        # The issuer's page leads back here: a strict cookie would stay at home.
        set_cookie(response, request, ON_THE_WAY, text, keep=KEEP_ON_THE_WAY, strict=False)
        return response

    @router.get("/oidc/callback", summary="Come back from the issuer", response_class=Response)
    async def finish(request: Request) -> Response:
        issuer = sign_in.issuer()
        way = sign_in.sessions.cookies.read_on_the_way(shown_cookie(request, ON_THE_WAY) or "")
        if issuer is None or way is None:
            return _back("/sign-in", problem="sign_in_expired")
        try:
            identity = await issuer.finish(request.query_params, way, sign_in.callback(request))
        except BadCredentials as bad:
            sign_in.admission.note(request, ANONYMOUS, "sign_in", bad.reason)
            response = _back("/sign-in", problem=bad.reason, to=way.to)
        else:
            session = sign_in.sessions.open("user", identity, proof_of(issuer.oidc.issuer))
            response = _back(way.to)
            try:
                await sign_in.let_in(request, response, session)
            except Problem as problem:
                response = _back("/sign-in", problem=problem.code, to=way.to)
        drop_cookie(response, request, ON_THE_WAY)
        return response


def _local(sessions: Sessions) -> Session:
    return sessions.open("local", Identity(kind="token", id=local_name()), "")


def _named(name: str | None) -> Identity:
    """A holder of the management token, in their own words."""
    said = (name or "").strip()
    if not said:
        raise invalid_field("name", "say who you are: what you do is noted under this name")
    if not said.isprintable() or said.startswith("key:"):
        raise invalid_field("name", "this is no name of a person")
    return Identity(kind="token", id=said)


def _from_workbench(sign_in: SignIn, request: Request) -> None:
    """Refuse what the pages of others send: nobody is to be signed in, or out, by them."""
    if not is_own(request) or request.headers.get(FROM_WORKBENCH) != "1":
        sign_in.admission.note(request, ANONYMOUS, "sign_in", "cross_site")
        raise Problem(
            403,
            "cross_site",
            "One signs in and out in the workbench only. hint: programs send "
            "`Authorization: Bearer …` with each request.",
        )


def _back(path: str, **query: str) -> Response:
    """To a page of the workbench; whatever `path` is, it is one of ours."""
    path = quote(f"/{path.lstrip('/')}"[:_MOST_PATH], safe="/?&=%:;,.~!*'()+@")
    said = "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items())
    separator = "" if not said else "&" if "?" in path else "?"
    return RedirectResponse(
        f"{WORKBENCH}{path}{separator}{said}", 303, {"cache-control": "no-store"}
    )
