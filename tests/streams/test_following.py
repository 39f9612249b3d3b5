"""Clients follow streams: what they get, in which order, and what they must not miss."""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
from asyncio.subprocess import PIPE
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from tests.streams.serving import (
    Client,
    client_of,
    content,
    make_server,
    refusal,
    streams_at,
)
from wistro.stores import Place, StreamStore, open_streams
from wistro_triggers import streams_socket
from wistro_triggers.streams_outbox import Outbox


async def test_a_group_from_what_there_is_to_what_happens(
    store: StreamStore, client: Client
) -> None:
    for id in ("b", "a"):
        await store.set("chat", "room", id, {"text": id})
    sync = await client.join("chat", "room")
    assert content(sync) == ("sync", [{"text": "b", "id": "b"}, {"text": "a", "id": "a"}])
    assert (sync["streamName"], sync["groupId"], sync["seq"]) == ("chat", "room", 2)
    assert sync["subscriptionId"] == "s1"
    assert "id" not in sync
    await store.set("chat", "room", "c", {"text": "c"})
    await store.set("chat", "elsewhere", "c", {"text": "not this"})
    await store.set("chat", "room", "a", {"text": "A"})
    await store.send(Place("chat", "room"), "typing", {"who": "Ann"})
    await store.send(Place("chat", "room", "a"), "read", None)
    await store.delete("chat", "room", "b")
    assert await client.events(5) == [
        ("create", {"text": "c", "id": "c"}),
        ("update", {"text": "A", "id": "a"}),
        ("event", {"type": "typing", "data": {"who": "Ann"}}),
        ("event", {"type": "read", "data": None}),
        ("delete", {"text": "b", "id": "b"}),
    ]
    created, _, typing, read, _ = client.seen[1:]
    assert (created["id"], read["id"]) == ("c", "a")
    assert "id" not in typing
    assert created["seq"] == 3


async def test_an_item(store: StreamStore, client: Client) -> None:
    assert content(await client.join("chat", "room", "7")) == ("sync", None)
    await store.set("chat", "room", "8", {"text": "another"})
    await store.send(Place("chat", "room"), "typing", "the group's")
    await store.set("chat", "room", "7", {"text": "mine"})
    assert content(await client.next()) == ("create", {"text": "mine", "id": "7"})
    again = await client.join("chat", "room", "7", name="s2")
    assert content(again) == ("sync", {"text": "mine", "id": "7"})
    await store.delete("chat", "room", "7")
    # Once, although two subscriptions follow it: Motia's clients hand it to all of theirs.
    assert content(await client.next()) == ("delete", {"text": "mine", "id": "7"})
    assert await client.silent()


async def test_leaving(store: StreamStore, client: Client) -> None:
    await client.join("chat", "room")
    await client.join("chat", "room", "7", name="s2")
    leave = {"streamName": "chat", "groupId": "room", "subscriptionId": "s1"}
    await client.send("leave", **leave)
    await client.join("chat", "other", name="s3")  # answered after the leaving
    await store.set("chat", "room", "8", {"text": "no longer"})
    await store.set("chat", "room", "7", {"text": "still"})
    assert content(await client.next()) == ("create", {"text": "still", "id": "7"})
    await client.send("leave", **leave | {"subscriptionId": "s2"})
    await client.send("leave", **leave | {"subscriptionId": "never there"})
    await client.join("chat", "other", name="s3")
    await store.set("chat", "room", "7", {"text": "nobody"})
    assert await client.silent()


async def test_timestamps_grow_with_each_message(store: StreamStore, client: Client) -> None:
    await client.join("chat", "room")
    for number in range(200):
        await store.send(Place("chat", "room"), "tick", number)
    await client.events(200)
    stamps = [message["timestamp"] for message in client.seen]
    assert all(one < other for one, other in itertools.pairwise(stamps))
    assert stamps[-1] - stamps[0] < 60_000


async def test_everything_written_while_joining_arrives_once(store: StreamStore, url: str) -> None:
    """Whatever the moment: an item is in the sync or comes after it."""
    total, clients = 400, 8

    async def write() -> None:
        for number in range(total):
            await store.set("chat", "room", f"{number}", {"text": f"{number}"})

    async def follow(delay: float) -> list[str]:
        await asyncio.sleep(delay)
        async with client_of(url) as client:
            _, items = content(await client.join("chat", "room"))
            seen = [item["id"] for item in items]
            while len(set(seen)) < total:
                kind, data = content(await client.next())
                assert kind == "create"
                seen.append(data["id"])
            return seen

    writing = asyncio.create_task(write())
    found = await asyncio.gather(*(follow(0.02 * number) for number in range(clients)))
    await writing
    for seen in found:
        # The list may have been read a moment after the log: then an item comes twice, which
        # clients take for one.
        assert list(dict.fromkeys(seen)) == [f"{number}" for number in range(total)]


class TestResuming:
    async def test_misses_nothing(self, store: StreamStore, url: str) -> None:
        async with client_of(url) as client:
            await client.join("chat", "room")
            await store.set("chat", "room", "1", {"text": "seen"})
            last = (await client.next())["seq"]
        await store.set("chat", "room", "1", {"text": "missed"})
        await store.set("chat", "other", "1", {"text": "not mine"})
        await store.send(Place("chat", "room"), "typing", "missed too")
        await store.delete("chat", "room", "1")
        async with client_of(url) as client:
            await client.join("chat", "room", seq=last)
            assert [kind for kind, _ in [content(client.seen[0]), *await client.events(3)]] == [
                "update",
                "event",
                "delete",
                "resumed",
            ]
            assert client.seen[-1]["seq"] == client.seen[-2]["seq"] == await store.last_seq()
            await store.set("chat", "room", "2", {"text": "and on"})
            assert content(await client.next()) == ("create", {"text": "and on", "id": "2"})

    async def test_with_nothing_missed(self, store: StreamStore, client: Client) -> None:
        await store.set("chat", "room", "1", {"text": "seen"})
        resumed = await client.join("chat", "room", seq=1)
        assert (content(resumed), resumed["seq"]) == (("resumed", None), 1)

    @pytest.mark.parametrize("seq", [0, 900])
    async def test_starts_anew_when_the_log_cannot_tell(
        self, store: StreamStore, client: Client, seq: int
    ) -> None:
        """0: too long ago, more than a thousand changes. 900: of another store."""
        if seq == 0:
            for number in range(1001):
                await store.send(Place("chat", "room"), "tick", number)
        await store.set("chat", "room", "1", {"text": "there"})
        answer = await client.join("chat", "room", seq=seq)
        assert content(answer) == ("sync", [{"text": "there", "id": "1"}])

    async def test_reconnects_under_fire(self, store: StreamStore, url: str) -> None:
        """A client that is cut off again and again, and resumes, sees each event exactly once."""
        total = 300

        async def write() -> None:
            for number in range(total):
                await store.send(Place("chat", "room"), "tick", number)
                await asyncio.sleep(0.001)

        last = await store.last_seq()
        writing = asyncio.create_task(write())
        seen: list[int] = []
        while len(seen) < total:
            async with client_of(url) as client:
                await client.send(
                    "join", streamName="chat", groupId="room", subscriptionId="s", seq=last
                )
                for _ in range(20):
                    message = await client.next()
                    last = message["seq"]
                    kind, event = content(message)
                    if kind == "event":
                        seen.append(event["data"])
                    if len(seen) == total:
                        break
        await writing
        assert seen == list(range(total))


async def test_two_processes_share_their_clients(tmp_path: Path) -> None:
    """What a process writes reaches the clients of another one."""
    path = tmp_path / "shared.db"
    writer = """
import asyncio, sys
from pathlib import Path
from wistro.stores import open_streams

async def main():
    store = await open_streams("sqlite", Path(sys.argv[1]))
    for number in range(50):
        await store.set("chat", "room", f"{number}", {"text": "from another process"})
    await store.close()

asyncio.run(main())
"""
    here = await open_streams("sqlite", path)
    there = await open_streams("sqlite", path)
    async with (
        streams_at(make_server(here)) as first,
        streams_at(make_server(there)) as second,
        client_of(first) as one,
        client_of(second) as two,
    ):
        await one.join("chat", "room")
        await two.join("chat", "room")
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", writer, str(path), stderr=PIPE
        )
        for client in (one, two):
            ids = [data["id"] for _, data in await client.events(50)]
            assert ids == [f"{number}" for number in range(50)]
        _, complaint = await process.communicate()
        assert process.returncode == 0, complaint
        last = one.seen[-1]["seq"]
        # And a client may come back to the other process.
        await here.set("chat", "room", "more", {"text": "x"})
        async with client_of(second) as moved:
            await moved.join("chat", "room", seq=last)
            assert [kind for kind, _ in [content(moved.seen[0]), *await moved.events(1)]] == [
                "create",
                "resumed",
            ]
    await here.close()
    await there.close()


class TestBounds:
    async def test_a_slow_client_is_cut_off(
        self, store: StreamStore, url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(streams_socket, "Outbox", lambda: Outbox(limit=4 * 1024**2))
        async with client_of(url, max_queue=1, compression=None) as slow, client_of(url) as quick:
            await slow.join("chat", "room")
            await quick.join("chat", "room")
            last = slow.seen[0]["seq"]
            for number in range(60):
                await store.set("chat", "room", "7", {"text": "x" * 500_000, "n": number})
                assert content(await quick.next())[1]["n"] == number
            got = 0
            with suppress(ConnectionClosed):
                while got < 60:
                    last = (await slow.next())["seq"]
                    got += 1
            assert 0 < got < 60
        # It comes back, and has lost nothing.
        async with client_of(url, max_size=None) as back:
            first = await back.join("chat", "room", seq=last)
            numbers = [content(message)[1]["n"] for message in [first]]
            while True:
                kind, data = content(await back.next())
                if kind == "resumed":
                    break
                numbers.append(data["n"])
            assert numbers == list(range(got, 60))

    @pytest.mark.parametrize(
        ("text", "complaint"),
        [
            ("{", "Invalid JSON"),
            ("[]", "object"),
            ('{"type": "dance"}', "`type`"),
            ('{"type": "join", "data": {"streamName": "chat"}}', "`data.groupId`"),
            (json.dumps({"type": "join", "data": {"streamName": "x" * 513}}), "`data.streamName`"),
            (b"\x00", "binary"),
        ],
    )
    async def test_a_bad_message_is_answered(
        self, client: Client, store: StreamStore, text: str, complaint: str
    ) -> None:
        await client.socket.send(text)
        found = refusal(await client.next())
        assert found["code"] == "bad_message"
        assert complaint in found["message"]
        assert content(await client.join("chat", "room")) == ("sync", [])

    async def test_a_huge_message_ends_the_connection(self, store: StreamStore) -> None:
        async with streams_at(make_server(store)) as url, client_of(url) as client:
            sending = asyncio.create_task(client.socket.send("x" * 17 * 1024**2))
            with pytest.raises(ConnectionClosed) as closed:
                await client.next()
            await asyncio.gather(sending, return_exceptions=True)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009

    async def test_subscriptions(
        self, client: Client, store: StreamStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(streams_socket, "MAX_SUBSCRIPTIONS", 2)
        await client.join("chat", "a", name="1")
        await client.join("chat", "b", name="2")
        error = await client.join("chat", "c", name="3")
        assert refusal(error)["code"] == "too_many_subscriptions"
        assert (error["groupId"], error["subscriptionId"]) == ("c", "3")
        assert content(await client.join("chat", "c", name="2"))[0] == "sync"  # instead of `b`

    async def test_a_group_too_large_to_follow(
        self, client: Client, store: StreamStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(streams_socket, "MAX_GROUP", 1000)
        await store.set("chat", "room", "7", {"text": "x" * 1000})
        assert refusal(await client.join("chat", "room"))["code"] == "group_too_large"
        assert content(await client.join("chat", "room", "7"))[0] == "sync"

    async def test_a_store_that_goes_away_sends_clients_back(
        self, client: Client, store: StreamStore
    ) -> None:
        await client.join("chat", "room")
        await store.close()
        with pytest.raises(ConnectionClosed) as closed:
            await client.next()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1012

    async def test_a_reload_sends_clients_back(self, store: StreamStore) -> None:
        server = make_server(store)
        async with streams_at(server) as url, client_of(url) as client:
            await client.join("chat", "room")
            server.feed.interrupt()
            with pytest.raises(ConnectionClosed):
                await client.next()
            async with client_of(url) as again:
                assert content(await again.join("chat", "room")) == ("sync", [])


async def test_nothing_is_left_behind(store: StreamStore) -> None:
    server = make_server(store)
    rooms: Any = server.feed._rooms  # pyright: ignore[reportPrivateUsage] what a leak would fill
    async with streams_at(server) as url:
        for _ in range(3):
            async with client_of(url) as client:
                await client.join("chat", "room")
                await client.join("chat", "room", "7", name="s2")
                assert len(rooms) == 1
            async with asyncio.timeout(5):
                while rooms:
                    await asyncio.sleep(0.01)
