"""Who may follow streams, and from where."""

from __future__ import annotations

import time

import pytest
from websockets.exceptions import InvalidStatus

from tests.streams.serving import (
    MANAGEMENT,
    Client,
    client_of,
    content,
    make_server,
    refusal,
    streams_at,
    token,
)
from wistro.stores import Place, StreamStore


async def test_a_public_stream_is_everybodys(client: Client) -> None:
    assert content(await client.join("chat", "room"))[0] == "sync"


@pytest.mark.parametrize("stream", ["orders", "unsaid", "asked", "no such stream"])
async def test_others_are_not(client: Client, store: StreamStore, stream: str) -> None:
    message = await client.join(stream, "room")
    error = refusal(message)
    assert error["code"] == "STREAM_ACCESS_DENIED"  # what Motia's clients look for
    assert (message["streamName"], message["subscriptionId"]) == (stream, "s1")
    await store.set(stream, "room", "7", {"text": "secret"})
    assert await client.silent()


async def test_in_development_streams_that_do_not_say_are_public(store: StreamStore) -> None:
    server = make_server(store, development=True)
    async with streams_at(server) as url, client_of(url) as client:
        assert content(await client.join("unsaid", "room"))[0] == "sync"
        assert refusal(await client.join("orders", "room"))["reason"] == "token_missing"


async def test_how_a_token_is_shown(url: str) -> None:
    good = token("orders")
    ways = (
        {"additional_headers": {"authorization": f"Bearer {good}"}},
        {"subprotocols": ["Authorization", good]},
        {"uri": f"{url}?token={good}"},
        {"uri": f"{url}?authToken={good}"},
    )
    for way in ways:
        async with client_of(**{"url": way.pop("uri", url), **way}) as client:
            assert content(await client.join("orders", "room"))[0] == "sync"
            if "subprotocols" in way:
                assert client.socket.subprotocol == "Authorization"
    async with client_of(url) as client:
        assert content(await client.join("orders", "room", token=good))[0] == "sync"
        assert refusal(await client.join("orders", "room", name="s2"))["reason"] == "token_missing"


@pytest.mark.parametrize(
    ("shown", "place", "reason"),
    [
        (token("orders"), ("orders", "a"), None),
        (token("orders", "a"), ("orders", "a"), None),
        (token("orders", "a"), ("orders", "a", "7"), None),
        (token("orders", "a", "7"), ("orders", "a", "7"), None),
        (token("orders", "a", "7"), ("orders", "a"), "token_elsewhere"),
        (token("orders", "a"), ("orders", "b"), "token_elsewhere"),
        (token("unsaid"), ("orders", "a"), "token_elsewhere"),
        (token("orders")[:-4] + "AAAA", ("orders", "a"), "token_invalid"),
        (token("orders", expires_at=time.time() - 1), ("orders", "a"), "token_expired"),
        ("nonsense", ("orders", "a"), "token_malformed"),
        (MANAGEMENT, ("orders", "a"), None),
        (MANAGEMENT, ("no such stream", "a"), None),
    ],
)
async def test_what_a_token_is_good_for(
    client: Client, shown: str, place: tuple[str, ...], reason: str | None
) -> None:
    answer = await client.join(*place, token=shown)
    if reason is None:
        assert content(answer)[0] == "sync"
    else:
        assert refusal(answer)["reason"] == reason
        assert "hint:" in refusal(answer)["message"]


async def test_a_subscription_ends_with_its_token(store: StreamStore, client: Client) -> None:
    shown = token("orders", "room", expires_at=time.time() + 1)  # whole seconds, rounded up
    assert content(await client.join("orders", "room", token=shown))[0] == "sync"
    await store.set("orders", "room", "1", {})
    assert content(await client.next())[0] == "create"
    while (
        time.time() < int(time.time()) + 0.01
        or time.time() < client.seen[0]["timestamp"] / 1000 + 2
    ):
        await store.last_seq()
    await store.set("orders", "room", "2", {})
    assert refusal(await client.next())["reason"] == "token_expired"
    await store.set("orders", "room", "3", {})
    assert await client.silent()
    again = await client.join("orders", "room", seq=client.seen[1]["seq"], token=token("orders"))
    assert content(again) == ("create", {"id": "2"})


class TestAsking:
    async def test_the_streams_own_function_decides(self, store: StreamStore) -> None:
        asked: list[tuple[Place, object]] = []

        async def ask(place: Place, context: object) -> bool:
            asked.append((place, context))
            return context == {"user": "ann"}

        async with streams_at(make_server(store, ask=ask)) as url, client_of(url) as client:
            assert refusal(await client.join("asked", "room"))["reason"] == "refused"
            shown = token("asked", context={"user": "ann"})
            assert content(await client.join("asked", "room", "7", token=shown))[0] == "sync"
            other = token("asked", context={"user": "bob"})
            assert refusal(await client.join("asked", "room", token=other))["reason"] == "refused"
            # A token that is good for something else is no context.
            stray = token("asked", "elsewhere", context={"user": "ann"})
            answer = await client.join("asked", "room", token=stray)
            assert refusal(answer)["reason"] == "token_elsewhere"
        assert asked == [
            (Place("asked", "room"), None),
            (Place("asked", "room", "7"), {"user": "ann"}),
            (Place("asked", "room"), {"user": "bob"}),
        ]


class TestOrigins:
    @pytest.mark.parametrize(
        ("origin", "development", "welcome"),
        [
            ("https://shop.example", False, True),
            ("https://evil.example", False, False),
            ("https://shop.example.evil.example", False, False),
            ("http://localhost:5173", False, False),
            ("http://localhost:5173", True, True),
            ("http://127.0.0.1:5173", True, True),
            ("https://evil.example", True, False),
            ("null", True, False),
        ],
    )
    async def test_pages(
        self, store: StreamStore, origin: str, development: bool, welcome: bool
    ) -> None:
        server = make_server(store, development=development)
        async with streams_at(server) as url:
            if welcome:
                async with client_of(url, origin=origin) as client:
                    assert content(await client.join("chat", "room"))[0] == "sync"
                return
            with pytest.raises(InvalidStatus) as refused:
                async with client_of(url, origin=origin):
                    pass
        answer = refused.value.response
        assert answer.status_code == 403
        assert b"origin_refused" in (answer.body or b"")

    async def test_the_servers_own_pages(self, url: str) -> None:
        own = url.replace("ws", "http", 1).removesuffix("/_wistro/streams")
        async with client_of(url, origin=own) as client:
            assert content(await client.join("chat", "room"))[0] == "sync"
