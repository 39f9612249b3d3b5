"""`auth` in `wistro.yml`: how those who call flows show who they are."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Literal, TypeAlias
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from wistro.access import KeyScope
from wistro.options import Duration, Options, matching

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

KeyName: TypeAlias = Annotated[
    str, *matching(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,99}", "letters, digits and `. _ @ -`")
]

Algorithm: TypeAlias = Literal[
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519"
]
"""Signatures whose verifiers hold no secret: an issuer's public key can sign nothing."""


class KeySettings(Options):
    """An API key whose text is in the environment."""

    secret: Annotated[str, Field(min_length=1)]
    """The variable that has the key's text, at least 24 characters."""
    scopes: tuple[KeyScope, ...] = ()
    """What it is good for: `call:*`, `call:<flow>`, `inbox`."""
    roles: tuple[str, ...] = ()
    """The roles of whoever shows it."""


class OidcSettings(Options):
    """Where users come from: an OpenID Connect issuer, whose tokens they show."""

    issuer: str
    """Its address, exactly as it stands in `iss`."""
    audience: str | tuple[str, ...]
    """Who tokens must be meant for: one of these stands in `aud`."""
    user_claim: str = "sub"
    """The claim that says who the user is: `sub`, `email`, …"""
    roles_claim: str = "roles"
    """The claim with the user's roles; dots lead into tables, as in `realm_access.roles`."""
    algorithms: Annotated[tuple[Algorithm, ...], Field(min_length=1)] = ("RS256", "ES256")
    """The signatures that are accepted."""
    leeway: Duration = timedelta(seconds=60)
    """How far the issuer's clock may be from ours."""

    @field_validator("issuer")
    @classmethod
    def _safe(cls, value: str) -> str:
        if not is_safe_address(value):
            raise ValueError(
                f"expected an address that begins with `https://`, found `{value}`; "
                "plain `http` is for issuers on this machine"
            )
        return value

    @property
    def audiences(self) -> tuple[str, ...]:
        """Who tokens may be meant for."""
        return (self.audience,) if isinstance(self.audience, str) else self.audience


class AuthSettings(Options):
    """How callers show who they are. `wistro access create` makes further keys."""

    keys: Mapping[KeyName, KeySettings] = Field(default_factory=dict[str, KeySettings])
    """API keys whose text is in the environment, by name."""
    oidc: OidcSettings | None = None
    """Where users come from."""


def is_safe_address(address: str) -> bool:
    """Whether nobody on the way can change what is read there: `https`, or this machine."""
    found = urlsplit(address)
    if not found.hostname or found.username is not None:
        return False
    return found.scheme == "https" or (found.scheme == "http" and found.hostname in LOOPBACK)
