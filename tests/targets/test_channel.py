"""The channel of a user: many tabs, coming back, and who may listen."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import pytest
from httpx_sse import aconnect_sse
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.targets.conftest import Desk
from wistro.channels import Channels, mint_channel_token
from wistro.stores.memory_stream import MemoryStreams
from wistro.stores.reserved import CHANNELS, prune_reserved

pytestmark = [pytest.mark.server]

ANNA = {"target": "channel", "user": "anna"}


@dataclass(kw_only=True)
class Tab:
    """A tab that follows a channel by server-sent events."""

    events: list[tuple[int, str, Any]] = field(default_factory=list[tuple[int, str, Any]])
    connected: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def answers(self) -> list[Any]:
        return [data["data"]["echo"] for _, event, data in self.events if event == "answer"]

    @property
    def last(self) -> int:
        return self.events[-1][0]

    async def got(self, count: int) -> list[Any]:
        async with asyncio.timeout(20):
            while len(self.answers) < count:
                await asyncio.sleep(0.02)
        return self.answers


@asynccontextmanager
async def tab(desk: Desk, token: str, user: str = "anna", **more: str) -> AsyncGenerator[Tab]:
    opened = Tab()
    headers = {"authorization": f"Bearer {token}"}
    if "last" in more:
        headers["last-event-id"] = more.pop("last")

    async def follow() -> None:
        async with (
            httpx.AsyncClient(base_url=desk.url, timeout=None) as client,
            aconnect_sse(
                client, "GET", f"/_wistro/channels/{user}", params=more, headers=headers
            ) as source,
        ):
            async for event in source.aiter_sse():
                opened.events.append((int(event.id), event.event, json.loads(event.data)))
                opened.connected.set()

    following = asyncio.create_task(follow())
    try:
        await asyncio.wait_for(opened.connected.wait(), 10)
        yield opened
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following


async def token_for(desk: Desk, user: str = "anna") -> str:
    answer = await desk.admin.post(f"/_wistro/api/channels/{user}/token", json={"expires": "1h"})
    assert answer.status_code == 200, answer.text
    return answer.json()["token"]


async def test_two_tabs_and_a_stranger(desk: Desk) -> None:
    token = await token_for(desk)
    async with (
        tab(desk, token) as first,
        tab(desk, token) as second,
        tab(desk, await token_for(desk, "ben"), "ben") as ben,
    ):
        call_id = await desk.call("ask", "hello", ANNA)
        assert await first.got(1) == ["hello"]
        assert await second.got(1) == ["hello"]
        _, _, message = first.events[-1]
        assert message["id"] == f"{call_id}.answer"
        assert (message["flow"], message["call_id"], message["last"]) == ("ask", call_id, True)
        assert first.last == second.last
        assert ben.answers == []


async def test_a_tab_that_comes_back_misses_nothing(desk: Desk) -> None:
    token = await token_for(desk)
    async with tab(desk, token) as before:
        await desk.call("ask", 1, ANNA)
        await before.got(1)
        last = before.last
    for number in (2, 3):
        await desk.record("ask", await desk.call("ask", number, ANNA))
    async with tab(desk, token, last=str(last)) as after:
        assert await after.got(2) == [2, 3]
        await desk.call("ask", 4, ANNA)
        assert await after.got(3) == [2, 3, 4]
        places = [place for place, *_ in after.events]
        assert places == sorted(places)
    async with tab(desk, token, after="0") as everything:
        assert await everything.got(4) == [1, 2, 3, 4]
    async with tab(desk, token) as new:
        assert new.answers == []


async def test_the_place_at_which_a_tab_was_connected_counts(desk: Desk) -> None:
    """The connection was lost before anything was sent: what came meanwhile is not missed."""
    token = await token_for(desk)
    async with tab(desk, token) as before:
        last = before.last
    await desk.record("ask", await desk.call("ask", "while away", ANNA))
    async with tab(desk, token, last=str(last)) as after:
        assert await after.got(1) == ["while away"]


async def test_a_redelivered_answer_has_the_same_id(desk: Desk) -> None:
    async with tab(desk, await token_for(desk)) as opened:
        call_id = await desk.call("ask", 1, ANNA)
        await desk.record("ask", call_id)
        await desk.admin.post(f"/_wistro/api/answers/ask/{call_id}/redeliver")
        await opened.got(2)
        (_, _, first), (_, _, second) = opened.events[1:]
        assert first == second


async def test_over_a_websocket(desk: Desk) -> None:
    url = desk.url.replace("http", "ws") + "/_wistro/channels/anna"
    token = await token_for(desk)
    async with connect(f"{url}?token={token}") as socket:
        hello = json.loads(await socket.recv())
        assert hello["event"] == "connected"
        await desk.call("ask", 1, ANNA)
        answer = json.loads(await asyncio.wait_for(socket.recv(), 20))
        assert (answer["event"], answer["data"]["data"]) == ("answer", {"echo": 1})
    await desk.record("ask", await desk.call("ask", 2, ANNA))
    async with connect(
        f"{url}?after={answer['id']}",
        subprotocols=["Authorization", token],  # pyright: ignore[reportArgumentType]
    ) as socket:
        await socket.recv()
        again = json.loads(await asyncio.wait_for(socket.recv(), 20))
        assert again["data"]["data"] == {"echo": 2}
    for wrong in ("", f"?token={await token_for(desk, 'ben')}", "?token=ws1.x.y"):
        with pytest.raises(InvalidStatus) as refused:
            await connect(url + wrong)
        assert refused.value.response.status_code == 401


async def test_who_may_listen(desk: Desk) -> None:
    path = "/_wistro/channels/anna"
    stranger = await desk.http.get(path)
    assert (stranger.status_code, stranger.json()["error"]["code"]) == (401, "unauthorized")
    for token, code in (
        (await token_for(desk, "ben"), "token_elsewhere"),
        ("ws1.e30.e30", "token_malformed"),
        (mint_channel_token(desk.runtime.keys, "anna", 1.0), "token_expired"),
    ):
        refused = await desk.http.get(path, headers={"authorization": f"Bearer {token}"})
        assert (refused.status_code, refused.json()["error"]["code"]) == (401, code)
    async with desk.admin.stream("GET", path) as answer:
        assert answer.status_code == 200
    noted = await desk.shown("/audit?kind=refused", lambda audit: len(audit["items"]) >= 4)
    assert {each["action"] for each in noted["items"]} == {"channel"}


async def test_a_token_ends_the_stream_when_it_expires(desk: Desk) -> None:
    answer = await desk.admin.post("/_wistro/api/channels/anna/token", json={"expires": "1s"})
    headers = {"authorization": f"Bearer {answer.json()['token']}"}
    async with asyncio.timeout(10):
        found = await desk.http.get("/_wistro/channels/anna", headers=headers)
    assert "event: connected" in found.text


async def test_what_is_old_is_removed() -> None:
    store = MemoryStreams()
    channels = Channels(store)
    for user in ("anna", "ben"):
        for number in range(3):
            await channels.put(user, f"{number}", {"n": number})
    kept = (await store.list(CHANNELS, "anna")).items[0].updated_at
    assert await prune_reserved(store, CHANNELS, timedelta(hours=24), lambda: kept + 1000) == 0
    assert await prune_reserved(store, CHANNELS, timedelta(hours=24), lambda: kept + 90_000) == 6
    assert (await store.groups(CHANNELS)).items == ()
