"""A real OpenID Connect issuer on loopback, with keys that rotate."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode

from fastapi import FastAPI, HTTPException, Request
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from starlette.responses import RedirectResponse

AUDIENCE = "shop"
CLIENT_SECRET = "secret-of-the-workbench"


def rsa(kid: str) -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig"})


@dataclass
class Issuer:
    """Its keys, and how often it was asked for them."""

    address: str = ""
    keys: list[RSAKey | ECKey] = field(default_factory=lambda: [rsa("first")])
    says_it_is: str | None = None
    away: bool = False
    asked: int = 0
    codes: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    signs_in: dict[str, Any] = field(default_factory=dict[str, Any])
    """What access tokens of the code flow say besides."""
    signs_in_as: dict[str, Any] = field(default_factory=dict[str, Any])
    """What ID tokens say besides."""

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.get("/.well-known/openid-configuration")
        async def about() -> dict[str, object]:
            self.asked += 1
            if self.away:
                raise RuntimeError("away")
            issuer = self.says_it_is or self.address
            return {
                "issuer": issuer,
                "jwks_uri": f"{self.address}/keys",
                "authorization_endpoint": f"{self.address}/authorize",
                "token_endpoint": f"{self.address}/token",
            }

        @app.get("/authorize")
        async def authorize(request: Request) -> RedirectResponse:
            asked = dict(request.query_params)
            code = secrets.token_urlsafe(8)
            self.codes[code] = asked
            back = {"state": asked["state"], "code": code}
            return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(back)}", 303)

        @app.post("/token")
        async def token(request: Request) -> dict[str, str]:
            form = {
                name: values[0]
                for name, values in parse_qs((await request.body()).decode()).items()
            }
            asked = self.codes.pop(form["code"], None)
            digest = hashlib.sha256(form["code_verifier"].encode()).digest()
            challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            named = base64.b64decode(request.headers["authorization"].removeprefix("Basic "))
            if (
                asked is None
                or challenge != asked["code_challenge"]
                or form["redirect_uri"] != asked["redirect_uri"]
                or named.decode() != f"{asked['client_id']}:{CLIENT_SECRET}"
            ):
                raise HTTPException(400, "invalid_grant")
            about_us = {"aud": asked["client_id"], "nonce": asked["nonce"]}
            return {
                "token_type": "Bearer",
                "access_token": self.token(**self.signs_in),
                "id_token": self.token(**{**about_us, **self.signs_in_as, "realm": None}),
            }

        @app.get("/keys")
        async def keys() -> dict[str, object]:
            # As real issuers do: kinds of keys besides, that nobody needs to understand.
            others = [
                {"kty": "XYZ"},
                {"kty": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQ", "kid": "oct"},
            ]
            return {"keys": [*others, *(key.as_dict(private=False) for key in self.keys)]}

        return app

    def claims(self, **changes: Any) -> dict[str, Any]:
        now = int(time.time())
        claims = {"iss": self.address, "aud": AUDIENCE, "sub": "anna", "iat": now, "exp": now + 600}
        return {name: value for name, value in {**claims, **changes}.items() if value is not None}

    def token(self, *, key: RSAKey | ECKey | None = None, **changes: Any) -> str:
        """A token with some claims changed; `None` leaves one out."""
        key = key or self.keys[-1]
        algorithm = "ES256" if isinstance(key, ECKey) else "RS256"
        return jwt.encode({"alg": algorithm, "kid": key.kid}, self.claims(**changes), key)
