"""What every store of streams must do, as tests: subclass and give a fixture `streams`.

`StreamItemsConformance` is what handlers need, `StreamStoreConformance` also the log of changes. A store
that processes share is a `SharedStreamStoreConformance` and also gives `other`: the same store, opened a
second time. `few` is an empty store of another kind: it keeps the last ten changes.
"""

# ruff: noqa: D102 the names of tests say what they test

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import cast

import pytest

from wistro.errors import StoreError
from wistro.stores.conformance import ODD_NAMES, VALUES
from wistro.stores.stream import Place, StreamChange, StreamItems, StreamStore

ROOM = Place("chat", "room")


async def collect(changes: AsyncGenerator[StreamChange, None], count: int) -> list[StreamChange]:
    """The next changes."""
    async with asyncio.timeout(5):
        return [await anext(changes) for _ in range(count)]


@pytest.mark.asyncio
class StreamItemsConformance:
    """What handlers may rely on."""

    @pytest.mark.parametrize("value", VALUES, ids=repr)
    async def test_keeps_an_item(self, streams: StreamItems, value: object) -> None:
        before = time.time() - 1
        written = await streams.set("chat", "room", "7", {"value": value})
        assert written == await streams.get("chat", "room", "7")
        assert written.data == {"value": value, "id": "7"}
        assert type(written.data["value"]) is type(value)
        assert (written.stream, written.group, written.id) == ("chat", "room", "7")
        assert before < written.updated_at < time.time() + 1

    async def test_absent_is_none(self, streams: StreamItems) -> None:
        assert await streams.get("chat", "room", "7") is None
        assert await streams.delete("chat", "room", "7") is None
        assert (await streams.list("chat", "room")).items == ()

    async def test_the_id_is_the_items(self, streams: StreamItems) -> None:
        written = await streams.set("chat", "room", "7", {"id": "another", "text": "hi"})
        assert written.data == {"id": "7", "text": "hi"}

    async def test_what_was_given_and_got_can_change_freely(self, streams: StreamItems) -> None:
        data = {"list": [1]}
        await streams.set("chat", "room", "7", data)
        data["list"].append(2)
        got = await streams.get("chat", "room", "7")
        assert got is not None
        cast("dict[str, object]", got.data).clear()
        again = await streams.get("chat", "room", "7")
        assert again is not None
        assert again.data == {"list": [1], "id": "7"}

    async def test_delete_returns_what_was_there(self, streams: StreamItems) -> None:
        written = await streams.set("chat", "room", "7", {"text": "hi"})
        assert await streams.delete("chat", "room", "7") == written
        assert await streams.get("chat", "room", "7") is None

    async def test_any_text_names_things(self, streams: StreamItems) -> None:
        for number, name in enumerate(ODD_NAMES):
            await streams.set("chat", name, "id", {"n": number})
            await streams.set("chat", "room", name, {"n": number})
            await streams.set(name, "room", "id", {"n": number})
        for number, name in enumerate(ODD_NAMES):
            for place in (("chat", name, "id"), ("chat", "room", name), (name, "room", "id")):
                found = await streams.get(*place)
                assert found is not None
                assert found.data == {"n": number, "id": place[2]}
        assert [item.id for item in (await streams.list("chat", "room")).items] == list(ODD_NAMES)

    @pytest.mark.parametrize("name", ["", "x" * 513, "a\0b", "\ud800", 7, None])
    async def test_refuses_other_names(self, streams: StreamItems, name: str) -> None:
        for attempt in (
            streams.get(name, "room", "7"),
            streams.get("chat", name, "7"),
            streams.set("chat", "room", name, {}),
            streams.delete(name, "room", "7"),
            streams.list("chat", name),
            streams.send(Place("chat", name), "typing", None),
            streams.send(ROOM, name, None),
        ):
            with pytest.raises(StoreError) as caught:
                await attempt
            assert (caught.value.code, caught.value.retryable) == ("name_invalid", False)

    @pytest.mark.parametrize("value", [math.nan, {1, 2}, b"bytes", "\ud800", object()])
    async def test_refuses_what_is_not_json(self, streams: StreamItems, value: object) -> None:
        with pytest.raises(
            StoreError, match="`7` in the group `room` of the stream `chat`"
        ) as caught:
            await streams.set("chat", "room", "7", {"value": value})
        assert (caught.value.code, caught.value.retryable) == ("value_not_json", False)
        with pytest.raises(StoreError, match="`typing`"):
            await streams.send(ROOM, "typing", value)

    @pytest.mark.parametrize("data", [None, [1], "text", 7])
    async def test_refuses_what_is_no_object(
        self, streams: StreamItems, data: Mapping[str, object]
    ) -> None:
        with pytest.raises(StoreError, match="expected to be an object"):
            await streams.set("chat", "room", "7", data)

    async def test_the_bounds(self, streams: StreamItems) -> None:
        with pytest.raises(StoreError) as caught:
            await streams.set("chat", "room", "7", {"text": "x" * 2 * 1024**2})
        assert caught.value.code == "value_too_large"
        with pytest.raises(StoreError) as caught:
            await streams.send(ROOM, "typing", "x" * 65_536)
        assert caught.value.code == "value_too_large"

    async def test_conditions(self, streams: StreamItems) -> None:
        first = await streams.set("chat", "room", "7", {"n": 1}, if_absent=True)
        second = await streams.set("chat", "room", "7", {"n": 2}, if_version=first.version)
        assert second.version > first.version
        for conditions in ({"if_absent": True}, {"if_version": first.version}):
            with pytest.raises(StoreError) as caught:
                await streams.set("chat", "room", "7", {"n": 3}, **conditions)  # pyright: ignore[reportArgumentType] one of each
            assert (caught.value.code, caught.value.retryable) == ("stream_conflict", True)
        await streams.delete("chat", "room", "7")
        with pytest.raises(StoreError, match="found no item"):
            await streams.set("chat", "room", "7", {"n": 3}, if_version=second.version)
        third = await streams.set("chat", "room", "7", {"n": 3})
        assert third.version > second.version

    async def test_one_of_many_conditional_writers_wins(self, streams: StreamItems) -> None:
        async def attempt(number: int) -> bool:
            try:
                await streams.set("chat", "room", "7", {"n": number}, if_absent=True)
            except StoreError:
                return False
            return True

        assert sum(await asyncio.gather(*map(attempt, range(20)))) == 1

    async def test_lists_the_oldest_first(self, streams: StreamItems) -> None:
        for id in ("c", "a", "b"):
            await streams.set("chat", "room", id, {"text": id})
        await streams.set("chat", "other", "x", {})
        await streams.set("chat", "room", "c", {"text": "again"})
        first = await streams.list("chat", "room", limit=2)
        assert [item.id for item in first.items] == ["c", "a"]
        rest = await streams.list("chat", "room", after=first.next)
        assert [item.id for item in rest.items] == ["b"]
        assert rest.next is None

    async def test_a_page_of_large_items_ends_early(self, streams: StreamItems) -> None:
        for number in range(7):
            await streams.set("chat", "room", f"{number}", {"text": "x" * 1_000_000})
        seen: list[str] = []
        after: str | None = None
        pages = 0
        while pages == 0 or after:
            page = await streams.list("chat", "room", after=after)
            seen += [item.id for item in page.items]
            after, pages = page.next, pages + 1
        assert seen == [f"{number}" for number in range(7)]
        assert pages == 2

    @pytest.mark.parametrize("page", [{"limit": 0}, {"limit": 1001}, {"after": "x"}])
    async def test_refuses_odd_pages(
        self, streams: StreamItems, page: Mapping[str, object]
    ) -> None:
        with pytest.raises(StoreError) as caught:
            await streams.list("chat", "room", **page)  # pyright: ignore[reportArgumentType] one of each
        assert caught.value.code == "page_invalid"

    async def test_events_are_counted_with_the_items(self, streams: StreamItems) -> None:
        item = await streams.set("chat", "room", "7", {})
        first = await streams.send(ROOM, "typing", {"who": "Ann"})
        second = await streams.send(Place("chat", "room", "7"), "read", None)
        assert item.version < first < second
        assert await streams.get("chat", "room", "7") == item


@pytest.mark.asyncio
class StreamStoreConformance(StreamItemsConformance):
    """What those who serve clients may rely on."""

    async def test_notes_every_change(self, streams: StreamStore) -> None:
        created = await streams.set("chat", "room", "7", {"n": 1})
        updated = await streams.set("chat", "room", "7", {"n": 2})
        await streams.send(ROOM, "typing", {"who": "Ann"})
        await streams.set("chat", "other", "7", {"n": 3})
        await streams.delete("chat", "room", "7")
        await streams.delete("chat", "room", "7")
        found = await streams.since(ROOM, 0)
        assert found is not None
        assert [change.kind for change in found] == ["create", "update", "event", "delete"]
        assert found[0].item() == created
        assert found[1].item() == updated
        assert found[3].item().data == updated.data
        assert found[2].text == '{"type":"typing","data":{"who":"Ann"}}'
        assert found[2].place == ROOM
        of_item = await streams.since(Place("chat", "room", "7"), created.version)
        assert of_item is not None
        assert [change.kind for change in of_item] == ["update", "delete"]
        assert await streams.since(ROOM, await streams.last_seq()) == []

    async def test_says_when_it_cannot_tell(self, streams: StreamStore, few: StreamStore) -> None:
        assert await streams.since(ROOM, 7) is None  # of another log
        for number in range(5):
            await streams.set("chat", "room", f"{number}", {})
        assert await streams.since(ROOM, 0, limit=4) is None
        assert len(await streams.since(ROOM, 0, limit=5) or ()) == 5
        # The log is bounded, the items are not.
        for number in range(251):
            await few.set("chat", "room", f"{number % 20}", {})
        last = await few.last_seq()
        assert last == 251
        assert await few.since(ROOM, 0) is None
        assert len(await few.since(ROOM, last - 11) or ()) == 11
        assert len((await few.list("chat", "room")).items) == 20
        with pytest.raises(StoreError) as caught:
            async with aclosing(few.tail(0)) as changes:
                await anext(changes)
        assert caught.value.code == "changes_gone"

    async def test_tails_wake_on_a_change(self, streams: StreamStore) -> None:
        await streams.set("chat", "room", "before", {})
        async with aclosing(streams.tail(await streams.last_seq())) as changes:
            upcoming = asyncio.create_task(collect(changes, 3))
            await asyncio.sleep(0.02)
            await streams.set("chat", "room", "7", {})
            await streams.send(Place("other", "group"), "typing", None)
            await streams.delete("chat", "room", "7")
            kinds = [change.kind for change in await upcoming]
        assert kinds == ["create", "event", "delete"]

    async def test_a_tail_misses_and_repeats_nothing(self, streams: StreamStore) -> None:
        async def write(group: str) -> None:
            for number in range(300):
                await streams.set("chat", group, f"{number % 7}", {"n": number})

        async with aclosing(streams.tail(0)) as changes:
            writing = [asyncio.create_task(write(group)) for group in ("a", "b")]
            found = await collect(changes, 600)
            await asyncio.gather(*writing)
        assert [change.seq for change in found] == list(range(1, 601))
        for group in ("a", "b"):
            numbers = [c.item().data["n"] for c in found if c.place.group == group]
            assert numbers == list(range(300))

    async def test_tails_end_when_the_store_closes(self, streams: StreamStore) -> None:
        async def follow() -> int:
            async with aclosing(streams.tail(0)) as changes:
                return len([change async for change in changes])

        tails = [asyncio.create_task(follow()) for _ in range(3)]
        await streams.set("chat", "room", "7", {})
        await asyncio.sleep(0.05)
        await streams.close()
        assert await asyncio.wait_for(asyncio.gather(*tails), 5) == [1, 1, 1]

    async def test_lists_groups(self, streams: StreamStore) -> None:
        for group in ("c", "a", "b"):
            await streams.set("chat", group, "7", {})
            await streams.set("chat", group, "8", {})
        await streams.set("other", "d", "7", {})
        first = await streams.groups("chat", limit=2)
        assert (first.items, first.next) == (("a", "b"), "b")
        assert (await streams.groups("chat", after="b")).items == ("c",)
        await streams.delete("other", "d", "7")
        assert (await streams.groups("other")).items == ()


@pytest.mark.asyncio
class SharedStreamStoreConformance(StreamStoreConformance):
    """What a store also does for several processes."""

    async def test_a_tail_sees_what_others_do(
        self, streams: StreamStore, other: StreamStore
    ) -> None:
        async with aclosing(streams.tail(0)) as changes:
            upcoming = asyncio.create_task(collect(changes, 1))
            await asyncio.sleep(0.02)
            started = time.monotonic()
            written = await other.set("chat", "room", "7", {"text": "from elsewhere"})
            assert (await upcoming)[0].item() == written
            assert time.monotonic() - started < 2

    async def test_writers_share_it(self, streams: StreamStore, other: StreamStore) -> None:
        await asyncio.gather(
            *(
                store.set("chat", "room", f"{name}{number}", {})
                for name, store in (("a", streams), ("b", other))
                for number in range(40)
            )
        )
        versions = [item.version for item in (await streams.list("chat", "room")).items]
        assert sorted(versions) == list(range(1, 81))
