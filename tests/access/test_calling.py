"""Who may call over HTTP, who gets the answers, and what is noted about the others."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.access.conftest import DASHBOARD, FRONTEND, READER, Desk

pytestmark = [pytest.mark.server, pytest.mark.asyncio(loop_scope="session")]


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


async def by(desk: Desk, answer: httpx.Response) -> object:
    """Who the run says has called it."""
    call = answer.json()
    engine = await desk.runtime.engine()
    return (await engine.snapshot(call["flow"], call["call_id"])).trigger.by


async def test_those_who_may(desk: Desk) -> None:
    for shown, who in (
        (desk.token, "token"),
        (FRONTEND, "key:shop-frontend"),
        (desk.issuer.token(realm={"roles": ["agent"]}), "user:anna"),
        (desk.issuer.token(sub="anna@shop.example"), "user:anna@shop.example"),
        (desk.issuer.token(sub="bert", scope="openid refunds:write"), "user:bert"),
    ):
        answer = await desk.call("refunds", shown)
        assert answer.status_code == 200, answer.text
        assert answer.json()["data"] == {"flow": "refunds", "asked": 1}
        assert await by(desk, answer) == who
    answer = await desk.call("refunds", X_API_Key=FRONTEND)
    assert answer.status_code == 200


async def test_strangers_schedule_nothing_without_end(desk: Desk) -> None:
    async with httpx.AsyncClient() as http:
        body = {"input": 1, "schedule": {"cron": "0 9 * * 1"}}
        refused = await http.post(f"{desk.public}/call/quotes", json=body)
    assert code(refused) == (403, "forbidden")
    assert (await desk.call("quotes")).status_code == 200


async def test_deny_by_default(desk: Desk) -> None:
    stranger = await desk.call("refunds")
    assert code(stranger) == (401, "unauthorized")
    assert stranger.headers["www-authenticate"] == "Bearer"
    unscoped = await desk.call("refunds", READER)
    assert code(unscoped) == (403, "forbidden")
    assert 'scope="call:refunds"' in unscoped.headers["www-authenticate"]
    for shown in (DASHBOARD, desk.issuer.token()):
        answer = await desk.call("refunds", shown)
        assert code(answer) == (403, "forbidden")
        message = answer.json()["error"]["message"]
        assert "`refunds`" in message
        assert not any(word in message for word in ("shop-frontend", "agent", "anna@"))
    for shown in (DASHBOARD, desk.issuer.token(realm={"roles": ["agent"]})):
        assert code(await desk.call("closed", shown)) == (403, "forbidden")
        assert code(await desk.call("support", shown)) == (403, "forbidden")
    assert (await desk.call("closed", desk.token)).status_code == 200


async def test_what_is_shown_must_be_good(desk: Desk) -> None:
    for flow in ("refunds", "quotes", "nowhere"):
        answer = await desk.call(flow, "wk_12345_nonsense")
        assert code(answer) == (401, "unauthorized")
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    assert (await desk.call("quotes")).status_code == 200
    assert (await desk.call("quotes", Authorization="Basic eDp5")).status_code == 200
    twice = await desk.call("refunds", FRONTEND, X_API_Key=DASHBOARD)
    assert code(twice) == (401, "unauthorized")
    assert (await desk.call("refunds", FRONTEND, X_API_Key=FRONTEND)).status_code == 200


async def test_keys_come_and_go_while_the_server_runs(desk: Desk) -> None:
    key, text = desk.keys.create("till", scopes=["call:refunds"], roles=["agent"])
    assert (await desk.call("refunds", text)).status_code == 200
    assert code(await desk.call("refunds", text[:-2])) == (401, "unauthorized")
    desk.keys.revoke("till")
    assert code(await desk.call("refunds", text)) == (401, "unauthorized")
    past = datetime.now(UTC) - timedelta(seconds=1)
    _, late = desk.keys.create("late", scopes=["call:*"], roles=["agent"], expires_at=past)
    expired = await desk.call("refunds", late)
    assert code(expired) == (401, "unauthorized")
    assert "has expired" in expired.json()["error"]["message"]
    reasons = [found["reason"] for found in await desk.refusals(limit=2)]
    assert reasons == ["key_expired", "credentials_unknown"]
    assert key.id


async def test_an_answer_is_for_its_caller(desk: Desk) -> None:
    agent = desk.issuer.token(sub="bert", realm={"roles": ["agent"]})
    call_id = (await desk.call("refunds", FRONTEND)).json()["call_id"]
    for shown in (FRONTEND, desk.token):
        answer = await desk.fetch("refunds", call_id, shown)
        assert (answer.status_code, answer.json()["status"]) == (200, "answered")
    assert code(await desk.fetch("refunds", call_id, agent)) == (403, "forbidden")
    assert code(await desk.fetch("refunds", call_id)) == (401, "unauthorized")
    (noted,) = await desk.refusals(flow="refunds", limit=1)
    assert noted["reason"] == "unauthenticated"
    of_bert = (await desk.call("refunds", agent)).json()["call_id"]
    again = desk.issuer.token(sub="bert", realm={"roles": ["agent"]})
    assert (await desk.fetch("refunds", of_bert, again)).status_code == 200
    assert code(await desk.fetch("refunds", of_bert, FRONTEND)) == (403, "forbidden")
    assert (await desk.fetch("refunds", "0" * 32, FRONTEND)).status_code == 404


async def test_callers_do_not_share_idempotency_keys(desk: Desk) -> None:
    agent = desk.issuer.token(sub="bert", realm={"roles": ["agent"]})
    first = (await desk.call("refunds", FRONTEND, Idempotency_Key="7")).json()
    other = (await desk.call("refunds", agent, Idempotency_Key="7")).json()
    same = (await desk.call("refunds", FRONTEND, Idempotency_Key="7")).json()
    assert first["call_id"] == same["call_id"] != other["call_id"]
    assert not other["existed"]


async def test_strangers_do_not_share_the_keys_of_the_token(desk: Desk) -> None:
    mine = (await desk.call("quotes", desk.token, Idempotency_Key="order-7")).json()
    stranger = (await desk.call("quotes", Idempotency_Key="order-7")).json()
    again = (await desk.call("quotes", desk.token, Idempotency_Key="order-7")).json()
    assert mine["call_id"] == again["call_id"] != stranger["call_id"]
    assert not stranger["existed"]


async def test_the_token_acts_in_somebodys_name(desk: Desk) -> None:
    answer = await desk.call("refunds", desk.token, Wistro_As="carla")
    assert await by(desk, answer) == "user:carla"
    carla = desk.issuer.token(sub="carla", realm={"roles": ["agent"]})
    assert (await desk.fetch("refunds", answer.json()["call_id"], carla)).status_code == 200
    assert code(await desk.call("refunds", FRONTEND, Wistro_As="carla")) == (401, "unauthorized")


async def test_refusals_are_noted(desk: Desk) -> None:
    start = datetime.now(UTC).isoformat()
    user = desk.issuer.token(sub="mallory")
    answer = await desk.call("refunds", user, X_Request_Id="look-here")
    await desk.call("refunds", DASHBOARD)
    await desk.call("closed", "secret-that-leaks-nowhere")
    found = await desk.refusals(since=start)
    shown = [(e["identity"], e["action"], e["flow"], e["reason"]) for e in found]
    assert shown == [
        ("anonymous", "call", "closed", "credentials_unknown"),
        ("key:dashboard", "call", "refunds", "not_allowed"),
        ("user:mallory", "call", "refunds", "not_allowed"),
    ]
    assert found[-1]["correlation_id"] == "look-here" == answer.headers["x-request-id"]
    assert found[-1]["remote"] == "127.0.0.1"
    assert len(await desk.refusals(since=start, flow="closed")) == 1
    for path in desk.runtime.folder.glob("wistro.db*"):
        content = path.read_bytes()
        assert user.encode() not in content
        assert b"leaks-nowhere" not in content


async def test_refusals_of_the_management_api_are_noted(desk: Desk) -> None:
    for shown in ({}, {"authorization": "Bearer x"}):
        answer = await desk.http.get(f"{desk.internal}/_wistro/api/flows", headers=shown)
        assert code(answer) == (401, "unauthorized")
    noted = [(found["action"], found["reason"]) for found in await desk.refusals(limit=2)]
    assert noted == [("manage", "credentials_unknown"), ("manage", "unauthenticated")]


async def test_refusals_come_in_pages(desk: Desk) -> None:
    for _ in range(3):
        await desk.call("closed")
    await asyncio.sleep(0.5)
    seen: list[str] = []
    query: dict[str, object] = {"flow": "closed", "limit": 2}
    headers = {"authorization": f"Bearer {desk.token}"}
    while True:
        answer = await desk.http.get(
            f"{desk.internal}/_wistro/api/audit",
            params=query,  # pyright: ignore[reportArgumentType]
            headers=headers,
        )
        page = answer.json()
        seen += [item["correlation_id"] for item in page["items"]]
        if page["next"] is None:
            break
        query["before"] = page["next"]
    assert len(seen) == len(set(seen)) >= 3


async def test_a_channel_ends_with_the_token_of_its_user(desk: Desk) -> None:
    user = desk.issuer.token(sub="anna", exp=int(time.time()) + 1)
    path = f"{desk.public}/_wistro/channels/anna"
    async with asyncio.timeout(15):  # the shop gives the issuer's clock two seconds
        found = await desk.http.get(path, headers={"authorization": f"Bearer {user}"})
    assert "event: connected" in found.text
