"""`RequireIdentity`: what routes for people stand behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from fastapi import Depends, FastAPI

from tests.access.issuer import AUDIENCE, Issuer
from tests.stores.serving import serving
from wistro.access import Identity
from wistro.errors import SetupError
from wistro.project.auth_settings import AuthSettings
from wistro.stores.api_keys import ApiKeyFile
from wistro.stores.audit_buffer import AuditBuffer
from wistro.stores.memory_audit import MemoryAudit
from wistro_triggers.admission import Admission
from wistro_triggers.auth import RequireIdentity
from wistro_triggers.faults import install_faults
from wistro_triggers.identities import Identities

TOKEN = "management-token"


@dataclass
class Place:
    """A route for people, and who may come."""

    url: str
    issuer: Issuer
    keys: ApiKeyFile
    identities: Identities
    audit: AuditBuffer

    async def ask(self, shown: str | None = None, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if shown is not None:
            named["authorization"] = f"Bearer {shown}"
        async with httpx.AsyncClient(trust_env=False) as http:
            raw = {name: value.encode("latin-1") for name, value in named.items()}
            return await http.get(f"{self.url}/who", headers=raw)

    def settings(self, **keys: dict[str, object]) -> AuthSettings:
        oidc = {"issuer": self.issuer.address, "audience": AUDIENCE}
        return AuthSettings.model_validate({"keys": keys, "oidc": oidc})


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    issuer, app = Issuer(), FastAPI()
    file, audit = ApiKeyFile(tmp_path / "access.json"), AuditBuffer(MemoryAudit())
    identities = Identities(
        AuthSettings(), token=TOKEN, file=file, secret={"KEY": "k" * 30, "SHORT": "k"}.get
    )
    require = RequireIdentity(Admission(identities=identities, audit=audit))

    @app.get("/who")
    async def who(identity: Identity = Depends(require)) -> dict[str, object]:
        roles = sorted(identity.roles)
        return {"who": str(identity), "roles": roles, "trusted": identity.trusted}

    install_faults(app)
    async with serving(issuer.app()) as address, serving(app) as url:
        issuer.address = address
        place = Place(url, issuer, file, identities, audit)
        identities.reload(place.settings())
        yield place
        await audit.close()


async def test_those_who_pass(place: Place) -> None:
    user = await place.ask(place.issuer.token(roles=["agent"]))
    assert user.json() == {"who": "user:anna", "roles": ["agent"], "trusted": False}
    _, text = place.keys.create("desk", scopes=["inbox"], roles=["agent"])
    key = await place.ask(X_API_Key=text)
    assert key.json() == {"who": "key:desk", "roles": ["agent"], "trusted": False}
    assert (await place.ask(TOKEN)).json()["who"] == "token"
    name = await place.ask(TOKEN, Wistro_As="anna", Wistro_As_Roles="agent, chief,")
    assert name.json() == {"who": "user:anna", "roles": ["agent", "chief"], "trusted": True}


async def test_those_who_do_not(place: Place) -> None:
    nobody = await place.ask()
    assert (nobody.status_code, nobody.json()["error"]["code"]) == (401, "unauthorized")
    _, text = place.keys.create("till", scopes=["call:*"])
    key = await place.ask(text)
    assert (key.status_code, key.json()["error"]["code"]) == (403, "forbidden")
    assert "`inbox`" in key.json()["error"]["message"]
    for shown in ("a.b.c", place.issuer.token(aud="other"), text + "x", "\xe9" * 9):
        answer = await place.ask(X_API_Key=shown)
        assert answer.status_code == 401
    late = await place.ask(place.issuer.token(exp=1))
    assert "has expired" in late.json()["error"]["message"]
    await place.audit.flush()
    reasons = [entry.reason for entry in await place.audit.audit.read()]
    assert reasons[-2:] == ["scope_missing", "unauthenticated"]
    assert {entry.action for entry in await place.audit.audit.read()} == {"inbox"}


async def test_settings_are_exchanged_as_a_whole(place: Place) -> None:
    key = {"secret": "KEY", "scopes": ["inbox"]}
    assert (await place.ask("k" * 30)).status_code == 401
    place.identities.reload(place.settings(front=key))
    assert (await place.ask("k" * 30)).json()["who"] == "key:front"
    with pytest.raises(SetupError, match="`SHORT`"):
        place.identities.reload(place.settings(other={"secret": "SHORT"}))
    assert (await place.ask("k" * 30)).status_code == 200
    assert (await place.ask(place.issuer.token())).status_code == 200
    place.identities.reload(place.settings(front=key))
    assert (await place.ask(place.issuer.token())).status_code == 200
    assert place.issuer.asked == 1, "the issuer's keys were kept"


async def test_an_issuer_that_is_away_is_no_fault_of_the_caller(place: Place) -> None:
    place.issuer.away = True
    many = await asyncio.gather(*(place.ask(place.issuer.token()) for _ in range(10)))
    assert {answer.status_code for answer in many} == {503}
    assert place.issuer.asked == 1
