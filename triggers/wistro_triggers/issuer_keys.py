"""The public keys of an OpenID Connect issuer, fetched when they are needed and kept for a while."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias, cast

import httpx
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey, import_key

from wistro.project.auth_settings import is_safe_address

PublicKey: TypeAlias = RSAKey | ECKey | OKPKey

_FRESH = 3600.0
"""Seconds after which keys are fetched again; until that works, the ones in hand are used."""
_PAUSE = 10.0
"""Seconds between two fetches: tokens with made-up key ids must not become requests to the issuer."""
_TIMEOUT = 5.0
_MOST_BYTES = 512 * 1024
_MOST_KEYS = 100

log = structlog.stdlib.get_logger("wistro.access")


class IssuerAway(Exception):
    """The issuer's keys are not known, and it does not say."""


class IssuerKeys:
    """Finds the keys of an issuer by its discovery document."""

    def __init__(
        self,
        issuer: str,
        *,
        pause: float = _PAUSE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Look for the keys of `issuer`, at most once per `pause` seconds."""
        self._issuer = issuer
        self._pause = pause
        self._clock = clock
        self._keys: Sequence[PublicKey] = ()
        self._fetched: float | None = None
        self._tried: float | None = None
        self._fetching = asyncio.Lock()

    async def find(self, kid: str | None) -> Sequence[PublicKey]:
        """The keys that a token with this key id may be signed with; none when it is unknown.

        Raises:
            IssuerAway: there are no keys yet, and they cannot be fetched.
        """
        if self._outdated() or not self._known(kid):
            async with self._fetching:  # of many requests, one fetches
                if (self._outdated() or not self._known(kid)) and self._may_try():
                    await self._fetch()
        if self._fetched is None:
            raise IssuerAway
        return self._known(kid)

    def _known(self, kid: str | None) -> Sequence[PublicKey]:
        if kid is None:
            return self._keys
        return [key for key in self._keys if key.kid == kid]

    def _outdated(self) -> bool:
        return self._fetched is None or self._clock() - self._fetched > _FRESH

    def _may_try(self) -> bool:
        return self._tried is None or self._clock() - self._tried >= self._pause

    async def _fetch(self) -> None:
        self._tried = self._clock()
        try:
            async with issuer_client(self._issuer) as http:
                found = (await read_document(http, await self._place(http))).get("keys")
        except (httpx.HTTPError, ValueError, RecursionError) as error:
            log.warning(
                "the keys of the issuer cannot be fetched",
                issuer=self._issuer,
                error=str(error) or type(error).__name__,
            )
            return
        self._keys = _usable(cast("list[object]", found) if isinstance(found, list) else [])
        self._fetched = self._clock()

    async def _place(self, http: httpx.AsyncClient) -> str:
        """Where the keys are, as the issuer says."""
        return address_in(await discover(http, self._issuer), "jwks_uri")


def issuer_client(issuer: str) -> httpx.AsyncClient:
    """What speaks to an issuer; one on this machine is not reached through a proxy."""
    return httpx.AsyncClient(timeout=_TIMEOUT, trust_env=issuer.startswith("https:"))


async def discover(http: httpx.AsyncClient, issuer: str) -> Mapping[str, object]:
    """The discovery document of an issuer.

    Raises:
        HTTPError: it does not answer.
        ValueError: it answers with something else.
    """
    address = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
    about = await read_document(http, address)
    if about.get("issuer") != issuer:
        raise ValueError(f"`{address}` speaks for the issuer `{about.get('issuer')}`")
    return about


def address_in(about: Mapping[str, object], name: str) -> str:
    """An address that a discovery document names.

    Raises:
        ValueError: it names none, or one that is not safe.
    """
    place = about.get(name)
    if not isinstance(place, str) or not is_safe_address(place):
        raise ValueError(
            f"the issuer `{about.get('issuer')}` names no safe `{name}`, but `{place}`"
        )
    return place


async def read_document(
    http: httpx.AsyncClient,
    address: str,
    *,
    form: Mapping[str, str] | None = None,
    auth: tuple[str, str] | None = None,
) -> dict[str, object]:
    """A table of JSON from an issuer: by GET, or with a `form` by POST.

    Raises:
        HTTPError: it does not answer, or with an error.
        ValueError: it answers with something else.
    """
    content = bytearray()
    async with http.stream(
        "GET" if form is None else "POST",
        address,
        headers={"accept": "application/json"},
        data=form,
        auth=auth,
    ) as answer:
        answer.raise_for_status()
        async for chunk in answer.aiter_bytes():
            content += chunk
            if len(content) > _MOST_BYTES:
                raise ValueError(f"`{address}` answers with more than {_MOST_BYTES:,} bytes")
    value: object = json.loads(content)
    if not isinstance(value, dict):
        raise ValueError(f"`{address}` answers with no table")  # noqa: TRY004 - the issuer's mistake
    return cast("dict[str, object]", value)


def _usable(documents: Sequence[object]) -> Sequence[PublicKey]:
    """The keys that verify signatures; others, and those nobody understands, are left out."""
    keys: list[PublicKey] = []
    for document in documents[:_MOST_KEYS]:
        if not isinstance(document, dict):
            continue
        given = cast("dict[str, str | list[str]]", document)
        if given.get("use", "sig") != "sig":
            continue
        try:
            key = import_key(given)
        except (JoseError, ValueError, TypeError):
            continue
        # Never a symmetric key: whoever knows it could sign.
        if isinstance(key, RSAKey | ECKey | OKPKey):
            keys.append(key)
    return keys
