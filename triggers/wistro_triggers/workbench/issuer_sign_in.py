"""Signing in at an OpenID Connect issuer: the authorization code flow with PKCE.

https://openid.net/specs/openid-connect-core-1_0.html section 3.1, RFC 7636 and RFC 9700.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

import httpx
import structlog

from wistro.access import Identity
from wistro.errors import SetupError
from wistro_triggers.issuer_keys import (
    IssuerKeys,
    address_in,
    discover,
    issuer_client,
    read_document,
)
from wistro_triggers.oidc import BadCredentials, OidcUsers
from wistro_triggers.problems import Problem
from wistro_triggers.workbench.cookies import OnTheWay

if TYPE_CHECKING:
    from wistro.project.auth_settings import OidcSettings
    from wistro.project.workbench_settings import SignInSettings

log = structlog.stdlib.get_logger("wistro.access")


class IssuerSignIn:
    """Sends browsers to an issuer, and finds out who comes back."""

    def __init__(
        self,
        settings: SignInSettings,
        oidc: OidcSettings,
        *,
        secret: Callable[[str], str | None],
    ) -> None:
        """Prepare for an issuer.

        Raises:
            SetupError: the secret of the workbench is missing.
        """
        self.settings, self.oidc = settings, oidc
        self._secret = _client_secret(settings, secret)
        keys = IssuerKeys(oidc.issuer)
        # An ID token is meant for the workbench; an access token for whoever `audience` names.
        about_us = oidc.model_copy(update={"audience": settings.client_id})
        self._id_tokens = OidcUsers(about_us, keys)
        self._access_tokens = OidcUsers(oidc, keys)

    async def begin(self, redirect: str, to: str) -> tuple[str, OnTheWay]:
        """Where to send a browser, and what it is to come back with.

        Args:
            redirect: Where the issuer sends it back to.
            to: The page that was wanted.

        Raises:
            BadCredentials: the issuer does not answer.
        """
        way = OnTheWay(
            state=secrets.token_urlsafe(24),
            nonce=secrets.token_urlsafe(24),
            verifier=secrets.token_urlsafe(48),
            to=to,
        )
        try:
            async with issuer_client(self.oidc.issuer) as http:
                about = await discover(http, self.oidc.issuer)
            place = address_in(about, "authorization_endpoint")
        except (httpx.HTTPError, ValueError) as error:
            raise self._away(error) from None
        digest = hashlib.sha256(way.verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": redirect,
            "scope": " ".join(self.settings.scopes),
            "state": way.state,
            "nonce": way.nonce,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        return f"{place}{'&' if '?' in place else '?'}{urlencode(query)}", way

    async def finish(self, given: Mapping[str, str], way: OnTheWay, redirect: str) -> Identity:
        """Who has come back.

        Args:
            given: What the issuer has sent with the browser.
            way: What the browser was sent off with.
            redirect: Where it was sent back to.

        Raises:
            BadCredentials: nobody whom the issuer vouches for.
        """
        if not hmac.compare_digest(given.get("state", "").encode(), way.state.encode()):
            raise BadCredentials("sign_in_expired", "The sign-in was not begun in this browser.")
        code = given.get("code")
        if code is None:
            said = given.get("error", "")[:100]
            raise BadCredentials("issuer_refused", f"The issuer has refused: `{said}`.")
        tokens = await self._redeem(code, way.verifier, redirect)
        return await self._whose(tokens, way.nonce)

    async def _redeem(self, code: str, verifier: str, redirect: str) -> Mapping[str, object]:
        """The tokens that a code stands for."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect,
            "code_verifier": verifier,
            "client_id": self.settings.client_id,
        }
        try:
            async with issuer_client(self.oidc.issuer) as http:
                about = await discover(http, self.oidc.issuer)
                auth = None
                if self._secret is not None and _in_the_form(about):
                    form["client_secret"] = self._secret
                elif self._secret is not None:
                    # Encoded as RFC 6749 section 2.3.1 has it.
                    auth = (quote(self.settings.client_id, safe=""), quote(self._secret, safe=""))
                place = address_in(about, "token_endpoint")
                return await read_document(http, place, form=form, auth=auth)
        except httpx.HTTPStatusError as error:
            log.warning("the issuer takes no code", status=error.response.status_code)
            raise BadCredentials("issuer_refused", "The issuer does not take the code.") from None
        except (httpx.HTTPError, ValueError) as error:
            raise self._away(error) from None

    async def _whose(self, tokens: Mapping[str, object], nonce: str) -> Identity:
        id_token, access_token = tokens.get("id_token"), tokens.get("access_token")
        if not isinstance(id_token, str):
            raise BadCredentials("token_invalid", "The issuer has sent no ID token.")
        try:
            claims = await self._id_tokens.claims(id_token)
        except Problem:
            raise self._away("its keys") from None
        if claims.get("nonce") != nonce or claims.get("azp", self.settings.client_id) != (
            self.settings.client_id
        ):
            raise BadCredentials("token_refused", "The ID token was made for somebody else.")
        found = self._id_tokens.user_of(claims)
        if isinstance(access_token, str):
            # Many issuers tell roles in access tokens only. One that is not for us says nothing.
            try:
                same = await self._access_tokens.identify(access_token)
            except (BadCredentials, Problem):
                return found
            if same.id == found.id:
                return replace(found, roles=found.roles | same.roles, scopes=same.scopes)
        return found

    def _away(self, error: object) -> BadCredentials:
        log.warning(
            "nobody can sign in: the issuer does not answer",
            issuer=self.oidc.issuer,
            error=str(error) or type(error).__name__,
        )
        return BadCredentials("issuer_unavailable", "The issuer does not answer.")


def _client_secret(settings: SignInSettings, secret: Callable[[str], str | None]) -> str | None:
    variable = settings.client_secret
    if variable is None:
        return None
    text = (secret(variable) or "").strip()
    if not text:
        raise SetupError(
            f"`workbench.sign_in` needs the variable `{variable}`; it is missing",
            code="no_client_secret",
            hint="set it to the secret that the issuer has given the workbench",
        )
    return text


def _in_the_form(about: Mapping[str, object]) -> bool:
    """Whether the issuer takes the secret in the form only; the header is what all are to take."""
    methods = about.get("token_endpoint_auth_methods_supported")
    return isinstance(methods, list) and "client_secret_basic" not in methods
