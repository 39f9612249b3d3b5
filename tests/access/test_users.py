"""Users: tokens of a real issuer, and everything that passes for one and is not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fastapi import FastAPI
from joserfc.jwk import ECKey, RSAKey

from tests.access.issuer import AUDIENCE, Issuer, rsa
from tests.stores.serving import serving
from wistro.access import Identity
from wistro.project.auth_settings import OidcSettings
from wistro_triggers.issuer_keys import IssuerKeys
from wistro_triggers.oidc import BadCredentials, OidcUsers
from wistro_triggers.problems import Problem


@dataclass
class Users:
    """An issuer, and who reads its tokens with a clock of their own."""

    issuer: Issuer
    settings: OidcSettings
    now: float = 0.0
    reader: OidcUsers = field(init=False)

    def __post_init__(self) -> None:
        keys = IssuerKeys(self.issuer.address, clock=lambda: self.now)
        self.reader = OidcUsers(self.settings, keys)

    async def identify(self, token: str) -> Identity:
        return await self.reader.identify(token)

    async def refused(self, token: str) -> str:
        """The reason for which a token is refused."""
        with pytest.raises(BadCredentials) as refused:
            await self.reader.identify(token)
        assert token not in refused.value.message
        return refused.value.reason


@asynccontextmanager
async def opened(**said: Any) -> AsyncIterator[Users]:
    issuer = Issuer()
    async with serving(issuer.app()) as address:
        issuer.address = address
        given = {"issuer": address, "audience": AUDIENCE, "leeway": 5, **said}
        yield Users(issuer, OidcSettings.model_validate(given))


@pytest.fixture
async def users() -> AsyncIterator[Users]:
    async with opened() as users:
        yield users


def forged(header: dict[str, object], claims: dict[str, object], key: bytes | None) -> str:
    """A token made by hand, signed with HMAC, or not at all."""

    def part(value: bytes) -> str:
        return base64.urlsafe_b64encode(value).rstrip(b"=").decode()

    body = f"{part(json.dumps(header).encode())}.{part(json.dumps(claims).encode())}"
    proof = b"" if key is None else hmac.new(key, body.encode(), hashlib.sha256).digest()
    return f"{body}.{part(proof)}"


async def test_who_and_which_roles(users: Users) -> None:
    token = users.issuer.token(roles=["agent", "buyer", 7], scope="openid a:b")
    assert await users.identify(token) == Identity(
        kind="user",
        id="anna",
        roles=frozenset({"agent", "buyer"}),
        scopes=frozenset({"openid", "a:b"}),
    )
    assert (await users.identify(users.issuer.token(aud=["x", AUDIENCE]))).roles == frozenset()
    assert users.issuer.asked == 1  # its keys are kept


@pytest.mark.parametrize(
    ("claim", "claims", "roles"),
    [
        ("realm_access.roles", {"realm_access": {"roles": ["agent"]}}, {"agent"}),
        ("https://shop.example/roles", {"https://shop.example/roles": ["agent"]}, {"agent"}),
        ("groups", {"groups": "agent buyer"}, {"agent", "buyer"}),
        ("realm_access.roles", {"realm_access": ["agent"]}, set()),
        ("roles", {"roles": {"agent": True}}, set()),
    ],
)
async def test_where_roles_stand(claim: str, claims: dict[str, object], roles: set[str]) -> None:
    async with opened(roles_claim=claim) as users:
        assert (await users.identify(users.issuer.token(**claims))).roles == roles


async def test_the_claim_that_says_who() -> None:
    async with opened(user_claim="email") as users:
        email = "anna@shop.example"
        assert (await users.identify(users.issuer.token(email=email))).id == email
        verified = users.issuer.token(email=email, email_verified=True)
        assert (await users.identify(verified)).id == email
        assert await users.refused(users.issuer.token(email="key:ops")) == "token_user"
        unverified = users.issuer.token(email=email, email_verified=False)
        assert await users.refused(unverified) == "token_email"
        for nobody in (None, "", 7, "a\nb", "x" * 257):
            assert await users.refused(users.issuer.token(email=nobody)) == "token_no_user"


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"iss": "https://other.example"}, "token_refused"),
        ({"iss": None}, "token_refused"),
        ({"aud": "another-shop"}, "token_refused"),
        ({"aud": ["another-shop"]}, "token_refused"),
        ({"aud": None}, "token_refused"),
        ({"exp": 1_000_000_000}, "token_expired"),
        ({"exp": None}, "token_refused"),
        ({"exp": "tomorrow"}, "token_refused"),
        ({"nbf": 10_000_000_000}, "token_refused"),
        ({"sub": None}, "token_no_user"),
    ],
    ids=str,
)
async def test_claims_that_are_refused(users: Users, claims: dict[str, Any], reason: str) -> None:
    assert await users.refused(users.issuer.token(**claims)) == reason


async def test_clocks_may_differ_a_little(users: Users) -> None:
    now = int(time.time())
    assert await users.identify(users.issuer.token(exp=now - 1))
    assert await users.identify(users.issuer.token(nbf=now + 3))
    assert await users.refused(users.issuer.token(exp=now - 10)) == "token_expired"


async def test_forged_tokens(users: Users) -> None:
    issuer = users.issuer
    claims = issuer.claims()
    (key,) = issuer.keys
    public = key.as_bytes(private=False)
    der = key.public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    # The same public key, used as the secret of an HMAC.
    for secret in (public, public.strip(), der):
        for header in ({"alg": "HS256", "kid": key.kid}, {"alg": "HS256"}):
            assert await users.refused(forged(header, claims, secret)) == "token_algorithm"
    for algorithm in ("none", "None", "NONE", "", None, ["RS256"], "RS512"):
        token = forged({"alg": algorithm, "kid": key.kid}, claims, None)
        assert await users.refused(token) == "token_algorithm"
    assert await users.refused(forged({"kid": key.kid}, claims, None)) in {
        "token_algorithm",
        "token_invalid",
    }
    assert users.issuer.asked == 0, "no key was looked for"
    # The symmetric key that stands among the issuer's, under its id.
    oct_key = base64.urlsafe_b64decode("c2VjcmV0LXNlY3JldC1zZWNyZXQ=")
    token = forged({"alg": "RS256", "kid": "oct"}, claims, oct_key)
    assert await users.refused(token) == "token_key_unknown"
    stranger = rsa("first")
    assert await users.refused(issuer.token(key=stranger)) == "token_invalid"
    assert await users.refused(forged({"alg": "RS256"}, claims, None)) == "token_invalid"
    # What the token itself brings along is not believed.
    brought = {"alg": "RS256", "jwk": stranger.as_dict(private=False), "jku": "http://evil.example"}
    assert await users.refused(forged(brought, claims, None)) == "token_invalid"
    head, _, proof = issuer.token().split(".")
    body = base64.urlsafe_b64encode(json.dumps({**claims, "sub": "eve"}).encode()).decode()
    assert await users.refused(f"{head}.{body.rstrip('=')}.{proof}") == "token_invalid"


@pytest.mark.parametrize(
    "token", ["", "a.b", "..", "a.b.c", "e30.e30.e30", "[" * 9000, "x" * 20_000]
)
async def test_what_is_no_token(users: Users, token: str) -> None:
    assert await users.refused(token or "?") in {"token_invalid", "token_algorithm"}
    nested = base64.urlsafe_b64encode(b"[" * 9000).decode()
    assert await users.refused(f"{nested}.e30.e30") in {"token_invalid", "token_algorithm"}


async def test_keys_rotate(users: Users) -> None:
    issuer, old = users.issuer, users.issuer.token()
    assert await users.identify(old)
    issuer.keys.append(ECKey.generate_key("P-256", {"kid": "second", "use": "sig"}))
    new = issuer.token()
    users.now += 1
    assert await users.refused(new) == "token_key_unknown"  # it has just been asked
    users.now += 60
    assert await users.identify(new)
    assert await users.identify(old)
    del issuer.keys[0]
    users.now += 3601
    assert await users.identify(new)
    assert await users.refused(old) == "token_key_unknown"


async def test_made_up_key_ids_do_not_reach_the_issuer(users: Users) -> None:
    assert await users.identify(users.issuer.token())
    for number in range(50):
        users.now += 0.1
        stranger = forged({"alg": "RS256", "kid": f"made-up-{number}"}, users.issuer.claims(), None)
        assert await users.refused(stranger) == "token_key_unknown"
    assert users.issuer.asked == 1


async def test_an_issuer_that_is_away(users: Users) -> None:
    users.issuer.away = True
    with warnings.catch_warnings():
        token = users.issuer.token()
        for _ in range(3):
            with pytest.raises(Problem) as away:
                await users.identify(token)
            assert (away.value.status_code, away.value.code) == (503, "issuer_unavailable")
    assert users.issuer.asked == 1
    users.issuer.away = False
    users.now += 11
    assert await users.identify(token)
    users.issuer.away = True
    users.now += 4000  # the keys in hand are old, and better than none
    assert await users.identify(token)


async def test_the_issuer_speaks_for_itself(users: Users) -> None:
    users.issuer.says_it_is = "https://other.example"
    with pytest.raises(Problem):
        await users.identify(users.issuer.token())


@pytest.mark.parametrize(
    "answer", [b"", b"[]", b"[" * 5000, b"x" * 600_000, b'{"issuer": "ISSUER", "jwks_uri": 7}']
)
async def test_answers_of_an_issuer_that_make_no_sense(answer: bytes) -> None:
    from fastapi import Response

    app, issuer = FastAPI(), Issuer()

    @app.get("/.well-known/openid-configuration")
    async def about() -> Response:
        return Response(answer.replace(b"ISSUER", issuer.address.encode()))

    async with serving(app) as address:
        issuer.address = address
        users = Users(issuer, OidcSettings(issuer=address, audience=AUDIENCE))
        with pytest.raises(Problem):
            await users.identify(issuer.token())


@pytest.mark.parametrize(
    "place", ["http://evil.example/keys", "file:///etc/passwd", "https://a@b/"]
)
async def test_keys_are_fetched_from_safe_places_only(place: str) -> None:
    app, issuer = FastAPI(), Issuer()

    @app.get("/.well-known/openid-configuration")
    async def about() -> dict[str, str]:
        return {"issuer": issuer.address, "jwks_uri": place}

    async with serving(app) as address:
        issuer.address = address
        users = Users(issuer, OidcSettings(issuer=address, audience=AUDIENCE))
        with pytest.raises(Problem):
            await users.identify(issuer.token())


async def test_an_issuer_that_nobody_answers_for(free_port: int) -> None:
    issuer = Issuer(address=f"http://127.0.0.1:{free_port}")
    users = Users(issuer, OidcSettings(issuer=issuer.address, audience=AUDIENCE))
    with pytest.raises(Problem):
        await users.identify(issuer.token())
    with pytest.raises(httpx.ConnectError):
        httpx.get(issuer.address, trust_env=False)


def test_rsa_keys_are_what_the_tests_say() -> None:
    assert isinstance(rsa("x"), RSAKey)
