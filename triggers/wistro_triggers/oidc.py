"""Users who show a token of an OpenID Connect issuer: who they are, and their roles.

What is checked is RFC 7519 and RFC 8725 (JWT best current practices): the signature's algorithm is
one of those in the settings whatever the token says, and `iss`, `aud` and `exp` must be there.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, cast

from joserfc import jws, jwt
from joserfc.errors import ExpiredTokenError, JoseError

from wistro.access import Identity
from wistro_triggers.issuer_keys import IssuerAway, IssuerKeys
from wistro_triggers.problems import Problem

if TYPE_CHECKING:
    from wistro.project.auth_settings import OidcSettings

_MOST_TOKEN = 16 * 1024
_MOST_ID = 256


class BadCredentials(Exception):
    """What a request shows proves nothing. `reason` is for the audit, the text for the caller."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


class OidcUsers:
    """Reads the tokens of one issuer."""

    def __init__(self, settings: OidcSettings, keys: IssuerKeys | None = None) -> None:
        """Accept the tokens that `settings` describe."""
        self.settings = settings
        self._keys = keys or IssuerKeys(settings.issuer)
        self._claims = jwt.JWTClaimsRegistry(
            leeway=int(settings.leeway.total_seconds()),
            iss={"essential": True, "value": settings.issuer},
            aud={"essential": True, "values": list(settings.audiences)},
            exp={"essential": True},
        )

    async def identify(self, token: str) -> Identity:
        """Whose token it is.

        Raises:
            BadCredentials: it is no token of the issuer for us, or has expired.
            Problem: 503, the issuer's keys cannot be fetched.
        """
        return self.user_of(await self.claims(token))

    async def claims(self, token: str) -> Mapping[str, object]:
        """What a token of the issuer for us says.

        Raises:
            BadCredentials: it is none, or has expired.
            Problem: 503, the issuer's keys cannot be fetched.
        """
        claims = await self._verified(token)
        try:
            self._claims.validate(claims)
        except ExpiredTokenError:
            raise BadCredentials("token_expired", "The token has expired.") from None
        except (JoseError, TypeError, ValueError) as error:
            claim = getattr(error, "claim", None)
            said = f"its claim `{claim}` is missing or wrong" if claim else "its claims are wrong"
            raise BadCredentials("token_refused", f"The token is not for us: {said}.") from None
        return claims

    def user_of(self, claims: Mapping[str, object]) -> Identity:
        """The user that such claims are about.

        Raises:
            BadCredentials: they do not say.
        """
        return Identity(
            kind="user",
            id=self._user(claims),
            roles=_words(_claim(claims, self.settings.roles_claim)),
            scopes=_words(claims.get("scope")) | _words(claims.get("scp")),
            expires_at=cast("float", claims["exp"]) + self.settings.leeway.total_seconds(),
        )

    async def _verified(self, token: str) -> dict[str, object]:
        """The claims of a token that the issuer signed."""
        invalid = BadCredentials("token_invalid", "The token is not one of our issuer's.")
        if len(token) > _MOST_TOKEN:
            raise invalid
        try:
            header = jws.extract_compact(token.encode()).protected
        except (JoseError, ValueError, RecursionError):
            raise invalid from None
        algorithm, kid = header.get("alg"), header.get("kid")
        # Decided before any key is looked for: `none`, or HMAC with a public key, gets nowhere.
        if algorithm not in self.settings.algorithms:
            raise BadCredentials(
                "token_algorithm", "The signature of the token is not of an accepted kind."
            )
        try:
            keys = await self._keys.find(kid if isinstance(kid, str) else None)
        except IssuerAway:
            raise _away() from None
        for key in keys:
            if key.get("alg", algorithm) != algorithm:
                continue
            try:
                return dict(jwt.decode(token, key, algorithms=[algorithm]).claims)
            except (JoseError, ValueError):
                continue  # another key may have signed it
        raise BadCredentials(
            "token_invalid" if keys else "token_key_unknown",
            "The token is not one of our issuer's.",
        )

    def _user(self, claims: Mapping[str, object]) -> str:
        name = self.settings.user_claim
        found = _claim(claims, name)
        if not isinstance(found, str) or not 0 < len(found) <= _MOST_ID or not found.isprintable():
            raise BadCredentials("token_no_user", f"The token does not say who: no `{name}` in it.")
        if found.startswith("key:"):  # what an API key is called in the inbox and in channels
            raise BadCredentials("token_user", f"The token's `{name}` is one that no user has.")
        # An issuer where everybody can register may put anybody's address into a token.
        if name == "email" and claims.get("email_verified") is False:
            raise BadCredentials("token_email", "The issuer has not verified the user's address.")
        return found


def _claim(claims: Mapping[str, object], name: str) -> object:
    """A claim by its name, which may itself have dots, or by a path of names."""
    if name in claims:
        return claims[name]
    table, _, rest = name.partition(".")
    inner = claims.get(table)
    return _claim(cast("Mapping[str, object]", inner), rest) if isinstance(inner, dict) else None


def _words(value: object) -> frozenset[str]:
    """A list of words, or words with spaces between them as in RFC 6749."""
    if isinstance(value, str):
        return frozenset(value.split())
    if isinstance(value, list):
        return frozenset(word for word in cast("list[object]", value) if isinstance(word, str))
    return frozenset()


def _away() -> Problem:
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "issuer_unavailable",
        "The token cannot be checked now: its issuer does not answer. hint: try again in a while.",
        headers={"retry-after": "10"},
    )
