"""Signing in to the workbench: each way, what a session is good for, and who cannot use it."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.access.conftest import DASHBOARD, FRONTEND, Desk, open_desk
from tests.conftest import TemporalServer
from wistro.access import Identity
from wistro_codec import FlowKey, FlowKeys
from wistro_triggers.workbench.cookies import Cookies, Session
from wistro_triggers.workbench.sessions import local_name, proof_of
from wistro_triggers.workbench.sign_in import WrongTokens

pytestmark = pytest.mark.asyncio(loop_scope="session")

HEADER = {"wistro-workbench": "1"}
SESSION = "/_wistro/api/session"


@asynccontextmanager
async def browser(desk: Desk, **headers: str) -> AsyncIterator[httpx.AsyncClient]:
    """Keeps cookies, as the workbench's page has them kept."""
    base = desk.internal
    async with httpx.AsyncClient(base_url=base, headers={**HEADER, **headers}, timeout=30) as http:
        yield http


async def sign_in(http: httpx.AsyncClient, token: str, name: str | None = None) -> httpx.Response:
    return await http.post(SESSION, json={"token": token, "name": name})


async def test_with_the_management_token(desk: Desk) -> None:
    async with browser(desk) as http:
        nobody = (await http.get(SESSION)).json()
        assert (nobody["name"], nobody["level"]) == (None, None)
        assert nobody["ways"] == ["issuer", "token"]
        assert nobody["issuer"] == urlsplit(desk.issuer.address).netloc
        answer = await sign_in(http, desk.token, "Ben")
        assert answer.status_code == 200, answer.text
        cookie = answer.headers["set-cookie"]
        for part in ("HttpOnly", "SameSite=strict", "Path=/_wistro", "Max-Age=43200"):
            assert part in cookie
        assert "Secure" not in cookie
        assert desk.token not in cookie
        found = (await http.get(SESSION)).json()
        assert (found["name"], found["level"], found["kind"]) == ("Ben", "operate", "token")
        put = await http.put(
            "/_wistro/api/state/entry", params={"group": "g", "key": "k"}, json={"value": 1}
        )
        assert put.status_code == 200, put.text
        gone = await http.delete(SESSION)
        assert gone.status_code == 204
        assert (await http.get("/_wistro/api/flows")).status_code == 401
    done = (
        await desk.http.get(
            f"{desk.internal}/_wistro/api/audit",
            params={"kind": "done", "who": "Ben"},
            headers={"authorization": f"Bearer {desk.token}"},
        )
    ).json()["items"]
    assert [(item["action"], item["identity"], item["subject"]) for item in done] == [
        ("session.close", "token:Ben", "token"),
        ("state.set", "token:Ben", "g / k"),
        ("session.open", "token:Ben", "token"),
    ]


async def test_a_proxy_that_speaks_https_gets_secure_cookies(desk: Desk) -> None:
    async with browser(desk, **{"x-forwarded-proto": "https"}) as http:
        assert "Secure" in (await sign_in(http, desk.token, "Ben")).headers["set-cookie"]


@pytest.mark.parametrize(
    ("name", "field"), [(None, "name"), (" ", "name"), ("key:shop", "name"), ("a\nb", "name")]
)
async def test_a_token_needs_a_name(desk: Desk, name: str | None, field: str) -> None:
    async with browser(desk) as http:
        answer = await sign_in(http, desk.token, name)
        assert answer.status_code == 422
        assert answer.json()["error"]["details"][0]["field"] == field
        assert "set-cookie" not in answer.headers


async def test_wrong_tokens_open_nothing_and_are_noted(desk: Desk) -> None:
    async with browser(desk) as http:
        answer = await sign_in(http, "wrong")
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "credentials_unknown")
        assert "set-cookie" not in answer.headers
        assert (await http.post(SESSION, json={})).status_code == 422
    assert any(item["action"] == "sign_in" for item in await desk.refusals(limit=5))


async def test_too_many_wrong_tokens_have_to_wait() -> None:
    now = 100.0
    wrong = WrongTokens(clock=lambda: now)
    for _ in range(10):
        assert wrong.wait("a") == 0
        wrong.count("a")
    assert wrong.wait("a") == 60
    assert wrong.wait("b") == 0
    now = 161.0
    assert wrong.wait("a") == 0
    for n in range(20_000):
        wrong.count(f"address {n}")
    assert len(wrong._found) == 10_000  # pyright: ignore[reportPrivateUsage]


async def test_with_a_key_until_it_is_revoked(desk: Desk) -> None:
    name = f"dashboard-{secrets.token_hex(4)}"
    _, text = desk.keys.create(name, scopes=["inbox"], roles=["viewer"])
    async with browser(desk) as http:
        found = (await sign_in(http, text)).json()
        assert (found["name"], found["level"], found["kind"]) == (f"key:{name}", "view", "key")
        assert (await http.get("/_wistro/api/flows")).status_code == 200
        assert (await http.get("/_wistro/api/tasks")).status_code == 200
        desk.keys.revoke(name)
        assert (await http.get("/_wistro/api/flows")).status_code == 401
        assert (await http.get(SESSION)).json()["name"] is None


async def test_who_has_no_rule_gets_no_session(desk: Desk) -> None:
    async with browser(desk) as http:
        for token in (FRONTEND, desk.issuer.token(realm={"roles": ["cook"]})):
            answer = await sign_in(http, token)
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")
            assert "set-cookie" not in answer.headers


async def test_levels(desk: Desk) -> None:
    wanted = {
        "viewer": {"/flows": 200, "/state/groups": 403, "/audit": 403},
        "reader": {"/flows": 200, "/state/groups": 200, "/audit": 200},
    }
    for role, pages in wanted.items():
        async with browser(desk) as http:
            await sign_in(http, desk.issuer.token(realm={"roles": [role]}))
            for page, status in pages.items():
                got = (await http.get(f"/_wistro/api{page}")).status_code
                assert got == status, (role, page, got)
            cancel = await http.post("/_wistro/api/runs/quotes/none/cancel")
            assert (cancel.status_code, cancel.json()["error"]["code"]) == (403, "forbidden")
    async with browser(desk) as http:
        await sign_in(http, desk.issuer.token(realm={"roles": ["operator", "viewer"]}))
        assert (await http.post("/_wistro/api/runs/quotes/none/cancel")).status_code == 404


async def test_other_sites_cannot_use_a_session(desk: Desk) -> None:
    async with browser(desk) as http:
        await sign_in(http, desk.token, "Ben")
        cancel = "/_wistro/api/runs/quotes/none/cancel"
        async with httpx.AsyncClient(base_url=desk.internal, cookies=http.cookies) as form:
            answer = await form.post(cancel)
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "cross_site")
            assert (await form.delete(SESSION)).status_code == 403
            assert (await form.post(SESSION, json={"token": "x"})).status_code == 403
        for foreign in (
            {"sec-fetch-site": "cross-site"},
            {"sec-fetch-site": "same-site"},  # another port of this machine
            {"origin": "http://127.0.0.1:1"},
            {"origin": "null"},
        ):
            assert (await http.post(cancel, headers=foreign)).status_code == 401, foreign
            assert (await http.get("/_wistro/api/flows", headers=foreign)).status_code == 401
            assert (await http.delete(SESSION, headers=foreign)).status_code == 403
        own = {"sec-fetch-site": "same-origin", "origin": desk.internal}
        assert (await http.post(cancel, headers=own)).status_code == 404


async def test_sessions_that_are_made_up(desk: Desk) -> None:
    cookies = Cookies(keys=desk.runtime.keys)
    ben = Identity(kind="token", id="Ben")
    proof, soon = proof_of(desk.token), time.time() + 60
    good = cookies.write_session(Session(kind="token", identity=ben, proof=proof, expires_at=soon))
    assert good is not None
    expired = cookies.write_session(
        Session(kind="token", identity=ben, proof=proof, expires_at=time.time() - 1)
    )
    old_token = cookies.write_session(
        Session(kind="token", identity=ben, proof=proof_of("before"), expires_at=soon)
    )
    local = cookies.write_session(Session(kind="local", identity=ben, proof="", expires_at=soon))
    body, _, signature = good.rpartition(".")
    tampered = f"{body[:-2]}AA.{signature}"
    name = f"wistro_session_{urlsplit(desk.internal).port}"
    for text, status in (
        (good, 200),
        (expired, 401),
        (old_token, 401),
        (local, 401),  # nobody develops here
        (tampered, 401),
        (good[:-3], 401),
        ("wb1.x.y", 401),
        ("", 401),
    ):
        answer = await desk.http.get(
            f"{desk.internal}/_wistro/api/flows", headers={"cookie": f"{name}={text}"}
        )
        assert answer.status_code == status, text


async def test_the_key_of_a_flow_signs_no_sessions(desk: Desk) -> None:
    """Whoever works on one flow has its key, and must not become an operator with it."""
    key = desk.runtime.keys.active("quotes")

    class Forger(FlowKeys):
        def active(self, flow: str, tenant: str = "default") -> FlowKey:
            return key

    session = Session(
        kind="token",
        identity=Identity(kind="token", id="Eve"),
        proof=proof_of(desk.token),
        expires_at=time.time() + 60,
    )
    forged = Cookies(keys=Forger([key], key.id.master)).write_session(session)
    assert forged is not None
    assert Cookies(keys=desk.runtime.keys).read_session(forged) is None


async def test_the_public_listener_knows_no_workbench(desk: Desk) -> None:
    for path in ("", "/", "/workbench/", "/api/session"):
        assert (await desk.http.get(f"{desk.public}/_wistro{path}")).status_code == 404


async def start(http: httpx.AsyncClient, to: str = "/runs?flow=quotes") -> httpx.Response:
    answer = await http.get(f"{SESSION}/oidc", params={"to": to})
    assert answer.status_code == 303
    return answer


async def at_the_issuer(desk: Desk, began: httpx.Response) -> str:
    """Where the issuer sends the browser back to."""
    return (await desk.http.get(began.headers["location"])).headers["location"]


async def test_at_the_issuer(desk: Desk) -> None:
    desk.issuer.signs_in = {"realm": {"roles": ["operator"]}}
    async with browser(desk) as http:
        began = await start(http)
        asked = parse_qs(urlsplit(began.headers["location"]).query)
        assert asked["code_challenge_method"] == ["S256"]
        assert asked["scope"] == ["openid profile email"]
        assert "SameSite=lax" in began.headers["set-cookie"]
        back = await http.get(await at_the_issuer(desk, began))
        assert (back.status_code, back.headers["location"]) == (
            303,
            "/_wistro/workbench/runs?flow=quotes",
        )
        found = (await http.get(SESSION)).json()
        assert (found["name"], found["level"], found["kind"]) == ("anna", "operate", "user")
        assert (await http.post("/_wistro/api/runs/quotes/none/cancel")).status_code == 404


async def test_what_the_issuer_sends_must_be_for_this_browser(desk: Desk) -> None:
    desk.issuer.signs_in = {"realm": {"roles": ["operator"]}}
    async with browser(desk) as http, browser(desk) as other:
        address = await at_the_issuer(desk, await start(http))
        lost = await other.get(address)
        assert lost.headers["location"].endswith("/sign-in?problem=sign_in_expired")
        await start(other)
        swapped = await other.get(address)
        assert "problem=sign_in_expired" in swapped.headers["location"]
        assert (await other.get(SESSION)).json()["name"] is None
        await http.get(address)
        again = await http.get(address)  # a code is good once, and so is the sign-in
        assert "problem=sign_in_expired" in again.headers["location"]


@pytest.mark.parametrize(
    ("says", "problem"),
    [
        ({"nonce": "another"}, "token_refused"),
        ({"aud": "somebody-else"}, "token_refused"),
        ({"azp": "somebody-else"}, "token_refused"),
        ({"exp": 1}, "token_expired"),
        ({"sub": None}, "token_no_user"),
    ],
)
async def test_id_tokens_that_are_not_good(
    desk: Desk, says: dict[str, object], problem: str
) -> None:
    desk.issuer.signs_in, desk.issuer.signs_in_as = {"realm": {"roles": ["operator"]}}, says
    try:
        async with browser(desk) as http:
            back = await http.get(await at_the_issuer(desk, await start(http)))
            assert f"/sign-in?problem={problem}&to=%2Fruns" in back.headers["location"]
            assert (await http.get(SESSION)).json()["name"] is None
    finally:
        desk.issuer.signs_in_as = {}


async def test_users_without_a_rule_and_refusals_of_the_issuer(desk: Desk) -> None:
    desk.issuer.signs_in = {"realm": {"roles": ["cook"]}}
    async with browser(desk) as http:
        back = await http.get(await at_the_issuer(desk, await start(http)))
        assert "problem=forbidden" in back.headers["location"]
        began = await start(http)
        state = parse_qs(urlsplit(began.headers["location"]).query)["state"][0]
        query = {"state": state, "error": "access_denied"}
        refused = await http.get(f"{SESSION}/oidc/callback", params=query)
        assert "problem=issuer_refused" in refused.headers["location"]


async def test_one_comes_back_to_pages_of_the_workbench_only(desk: Desk) -> None:
    desk.issuer.signs_in = {"realm": {"roles": ["viewer"]}}
    for to in (
        "https://evil.example",
        "//evil.example",
        "/\r\nset-cookie: a=b",
        "\\\\evil.example",
    ):
        async with browser(desk) as http:
            back = await http.get(await at_the_issuer(desk, await start(http, to)))
            assert back.headers["location"].startswith("/_wistro/workbench/")
            assert "a=b" not in back.headers.get("set-cookie", "")


async def test_who_sits_at_the_machine_of_development(
    temporal_server: TemporalServer, tmp_path: Path
) -> None:
    async with (
        open_desk(temporal_server, tmp_path, two=False, development=True) as desk,
        browser(desk) as http,
    ):
        looked = (await http.get(SESSION, params={"enter": False})).json()
        assert (looked["name"], looked["ways"][0]) == (None, "local")
        for strange in (
            {"host": "evil.example"},  # a name of theirs that points here
            {"x-forwarded-for": "10.0.0.1"},
            {"forwarded": "for=10.0.0.1"},
            {"sec-fetch-site": "cross-site"},
            {"origin": "http://localhost:1"},
        ):
            answer = await http.get(SESSION, headers=strange)
            assert answer.json()["name"] is None, strange
            assert "set-cookie" not in answer.headers
        found = (await http.get(SESSION)).json()
        assert (found["name"], found["level"], found["kind"]) == (
            local_name(),
            "operate",
            "local",
        )
        assert (await http.get("/_wistro/api/flows")).status_code == 200
        rebound = {"host": f"evil.example:{urlsplit(desk.internal).port}"}
        assert (await http.get("/_wistro/api/flows", headers=rebound)).status_code == 401


async def test_a_key_in_the_headers_is_enough_for_the_management_api(desk: Desk) -> None:
    headers = {"x-api-key": DASHBOARD}
    flows = await desk.http.get(f"{desk.internal}/_wistro/api/flows", headers=headers)
    assert flows.status_code == 200
    refused = await desk.http.get(f"{desk.internal}/_wistro/api/audit", headers=headers)
    assert refused.status_code == 403
    assert "`workbench.read`" in refused.json()["error"]["message"]


@pytest.mark.parametrize(
    ("role", "origin", "event"),
    [
        ("reader", "{own}", "sync"),
        ("viewer", "{own}", "event"),  # which says that access is denied
        ("reader", None, "sync"),
    ],
)
async def test_who_may_read_follows_streams(
    desk: Desk, role: str, origin: str | None, event: str
) -> None:
    join = {"streamName": "s", "groupId": "g", "subscriptionId": "1"}
    async with browser(desk) as http:
        await sign_in(http, desk.issuer.token(realm={"roles": [role]}))
        cookie = "; ".join(f"{name}={value}" for name, value in http.cookies.items())
    headers = {"cookie": cookie}
    if origin is not None:
        headers["origin"] = origin.format(own=desk.internal)
    address = f"{desk.internal.replace('http', 'ws')}/_wistro/streams"
    async with connect(address, additional_headers=headers, proxy=None) as socket:
        await socket.send(json.dumps({"type": "join", "data": join}))
        answer = json.loads(await socket.recv())
        assert answer["event"]["type"] == event, answer
    elsewhere = {**headers, "origin": "http://127.0.0.1:1"}
    with pytest.raises(InvalidStatus):
        async with connect(address, additional_headers=elsewhere, proxy=None):
            pass
