"""A real OpenID Connect issuer on loopback, with keys that rotate."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

AUDIENCE = "shop"


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

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.get("/.well-known/openid-configuration")
        async def about() -> dict[str, object]:
            self.asked += 1
            if self.away:
                raise RuntimeError("away")
            issuer = self.says_it_is or self.address
            return {"issuer": issuer, "jwks_uri": f"{self.address}/keys"}

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
