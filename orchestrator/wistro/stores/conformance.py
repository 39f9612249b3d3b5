"""What every state store must do, as tests: subclass and give a fixture `store`.

```python
class TestMyState(StateConformance):
    @pytest.fixture
    async def store(self) -> AsyncIterator[StateStore]:
        store = await MyState.open("my://…")
        yield store
        await store.close()
```

A store that processes share is a `SharedStateConformance` and also gives `address`: the adapter's name
and the address that `wistro.stores.open_state` takes, in a process that knows nothing else.
"""

# ruff: noqa: D102 the names of tests say what they test

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import os
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from typing import cast

import pytest

from wistro.errors import StoreError
from wistro.stores.registry import open_state
from wistro.stores.state import StateStore

ODD_NAMES = (
    "a/b", "..", "%2e", " ", "Ä", "\u00e9", "e\u0301", "A", "a", "日本", "🚀", "\uffff", "'; --", "\n",
    "x" * 512,
)  # fmt: skip
"""Names that file systems, addresses, collations and query languages get wrong."""

VALUES: tuple[object, ...] = (
    None, True, False, 0, -1, 2**53 + 1, 10**30, 0.1, 1e300, "", "\u0000\u001f\u2028 é 🚀", [], {},
    [1, [2, {"three": None}]], {"": {"nested": [True, "x"]}, "ключ": 1},
)  # fmt: skip
"""Values that must come back as they were, in type too."""


@pytest.mark.asyncio
class StateConformance:
    """What a store does for one process."""

    @pytest.mark.parametrize("value", VALUES, ids=repr)
    async def test_keeps_a_value(self, store: StateStore, value: object) -> None:
        before = time.time() - 1
        written = await store.set("group", "key", value)
        read = await store.get("group", "key")
        assert read is not None
        assert read == written
        assert (read.group, read.key, read.value) == ("group", "key", value)
        assert type(read.value) is type(value)
        assert before < read.updated_at < time.time() + 1

    async def test_absent_is_none(self, store: StateStore) -> None:
        assert await store.get("group", "key") is None
        assert not await store.delete("group", "key")
        assert await store.clear("group") == 0
        assert (await store.list("group")).items == ()
        assert (await store.groups()).items == ()

    async def test_what_was_given_and_got_can_change_freely(self, store: StateStore) -> None:
        value = {"list": [1]}
        await store.set("group", "key", value)
        value["list"].append(2)
        got = await _value(store, "group", "key")
        assert got == {"list": [1]}
        cast("dict[str, object]", got).clear()
        assert await _value(store, "group", "key") == {"list": [1]}

    async def test_any_text_names_groups_and_keys(self, store: StateStore) -> None:
        for number, name in enumerate(ODD_NAMES):
            await store.set(name, "key", number)
            await store.set("group", name, number)
        for number, name in enumerate(ODD_NAMES):
            assert await _value(store, name, "key") == number
            assert await _value(store, "group", name) == number
        assert [entry.key for entry in (await store.list("group")).items] == sorted(ODD_NAMES)
        assert list((await store.groups()).items) == sorted([*ODD_NAMES, "group"])
        for name in ODD_NAMES:
            assert await store.delete("group", name)
            assert await store.clear(name) == 1
        assert (await store.groups()).items == ()

    @pytest.mark.parametrize("name", ["", "x" * 513, "é" * 257, "a\0b", "\ud800", 7, None])
    async def test_refuses_other_names(self, store: StateStore, name: str) -> None:
        for attempt in (
            store.get(name, "key"),
            store.get("group", name),
            store.set("group", name, 1),
            store.delete(name, "key"),
            store.list(name),
            store.clear(name),
            store.increment("group", name),
            store.compare_and_set(name, "key", None, 1),
        ):
            with pytest.raises(StoreError) as caught:
                await attempt
            assert (caught.value.code, caught.value.retryable) == ("name_invalid", False)

    @pytest.mark.parametrize("value", [math.nan, math.inf, {1, 2}, b"bytes", "\ud800", object()])
    async def test_refuses_what_is_not_json(self, store: StateStore, value: object) -> None:
        await store.set("group", "key", "kept")
        with pytest.raises(StoreError, match="`key` in the state group `group`") as caught:
            await store.set("group", "key", value)
        assert (caught.value.code, caught.value.retryable) == ("value_not_json", False)
        assert await _value(store, "group", "key") == "kept"

    async def test_big_values_and_the_bound(self, store: StateStore) -> None:
        largest = "é" * (512 * 1024 - 1)  # with its quotes exactly 1 MiB of JSON
        await store.set("group", "key", largest)
        assert await _value(store, "group", "key") == largest
        assert await store.compare_and_set("group", "key", largest, largest)
        with pytest.raises(StoreError) as caught:
            await store.set("group", "too large", largest + "x")
        assert (caught.value.code, caught.value.retryable) == ("value_too_large", False)
        assert "`too large`" in caught.value.message
        assert "1,048,577" in caught.value.message
        assert "1,048,576" in caught.value.message
        assert await store.get("group", "too large") is None

    async def test_versions_grow_and_never_return(self, store: StateStore) -> None:
        first = await store.set("group", "key", 1)
        await store.set("group", "other", 1)
        second = await store.set("group", "key", 1)
        await store.delete("group", "key")
        third = await store.set("group", "key", 1)
        await store.clear("group")
        fourth = await store.set("group", "key", 1)
        assert 0 < first.version < second.version < third.version < fourth.version
        with pytest.raises(StoreError) as caught:
            await store.set("group", "key", 2, if_version=first.version)
        assert (caught.value.code, caught.value.retryable) == ("state_conflict", True)

    async def test_conditional_writes(self, store: StateStore) -> None:
        first = await store.set("group", "key", "first", if_absent=True)
        second = await store.set("group", "key", "second", if_version=first.version)
        for attempt in (
            store.set("group", "key", "third", if_absent=True),
            store.set("group", "key", "third", if_version=first.version),
        ):
            with pytest.raises(StoreError, match="`key`") as caught:
                await attempt
            assert caught.value.code == "state_conflict"
        with pytest.raises(StoreError, match="found no entry"):
            await store.set("group", "absent", 1, if_version=second.version)
        assert await store.get("group", "key") == second
        assert await store.get("group", "absent") is None

    async def test_compare_and_set_compares_json(self, store: StateStore) -> None:
        await store.set("group", "key", {"a": 1, "b": [True, 2.0]})
        assert not await store.compare_and_set("group", "key", {"a": 1, "b": [1, 2]}, "no")
        assert not await store.compare_and_set("group", "key", {"a": 1}, "no")
        assert not await store.compare_and_set("group", "key", {"a": 1, "b": [True]}, "no")
        assert not await store.compare_and_set("group", "key", None, "no")
        assert await store.compare_and_set("group", "key", {"b": [True, 2], "a": 1.0}, "yes")
        assert await _value(store, "group", "key") == "yes"

    async def test_compare_and_set_takes_none_for_absent(self, store: StateStore) -> None:
        assert not await store.compare_and_set("group", "key", 0, "no")
        assert await store.compare_and_set("group", "key", None, "made")
        assert not await store.compare_and_set("group", "key", None, "no")
        await store.set("group", "null", None)
        assert await store.compare_and_set("group", "null", None, "made")

    async def test_increment(self, store: StateStore) -> None:
        assert await store.increment("group", "key") == 1
        total = await store.increment("group", "key", 2**60)
        assert (total, type(total)) == (2**60 + 1, int)
        assert await store.increment("group", "key", -(2**60)) == 1
        assert await store.increment("group", "key", 0.5) == 1.5
        assert await _value(store, "group", "key") == 1.5

    @pytest.mark.parametrize("held", ["1", None, True, [1], {"n": 1}])
    async def test_only_numbers_are_incremented(self, store: StateStore, held: object) -> None:
        await store.set("group", "key", held)
        with pytest.raises(StoreError, match=r"`key`.*expected a number") as caught:
            await store.increment("group", "key")
        assert (caught.value.code, caught.value.retryable) == ("value_not_a_number", False)
        assert await _value(store, "group", "key") == held

    @pytest.mark.parametrize("by", ["1", None, True, math.nan, math.inf])
    async def test_only_numbers_are_added(self, store: StateStore, by: float) -> None:
        with pytest.raises(StoreError) as caught:
            await store.increment("group", "key", by)
        assert caught.value.code in {"value_not_a_number", "value_not_json"}
        assert await store.get("group", "key") is None

    async def test_a_sum_without_bound_is_refused(self, store: StateStore) -> None:
        await store.set("group", "integer", 10**400)
        await store.set("group", "float", 1e308)
        for key, by in (("integer", 0.5), ("float", 1e308)):
            with pytest.raises(StoreError, match=f"`{key}`") as caught:
                await store.increment("group", key, by)
            assert caught.value.code == "value_not_json"
        assert await _value(store, "group", "integer") == 10**400

    async def test_pages_of_a_group(self, store: StateStore) -> None:
        keys = sorted(f"{number}" for number in range(25))
        for key in reversed(keys):
            await store.set("group", key, key)
        await store.set("another group", "key", 1)
        seen: list[str] = []
        after: str | None = None
        sizes: list[int] = []
        while True:
            page = await store.list("group", after=after, limit=10)
            seen += [entry.key for entry in page.items]
            sizes.append(len(page.items))
            after = page.next
            if after is None:
                break
            await store.set("group", "0", "a write between pages")
        assert seen == keys
        assert sizes == [10, 10, 5]
        exact = await store.list("group", limit=25)
        assert (len(exact.items), exact.next) == (25, None)
        assert (await store.list("group", after="11")).items[0].key == "12"
        assert (await store.list("group", after="9999")).items == ()

    async def test_pages_of_large_values_end_early(self, store: StateStore) -> None:
        for number in range(8):
            await store.set("group", f"{number}", "x" * 1_000_000)
        page = await store.list("group")
        assert 0 < len(page.items) < 8
        rest = await store.list("group", after=page.next)
        assert [entry.key for entry in (*page.items, *rest.items)] == [f"{n}" for n in range(8)]
        assert rest.next is None

    async def test_pages_of_groups(self, store: StateStore) -> None:
        for number in range(5):
            await store.set(f"group {number}", "one", 1)
            await store.set(f"group {number}", "two", 2)
        first = await store.groups(limit=3)
        assert first.items == ("group 0", "group 1", "group 2")
        second = await store.groups(after=first.next, limit=3)
        assert (second.items, second.next) == (("group 3", "group 4"), None)
        await store.delete("group 0", "one")
        assert "group 0" in (await store.groups()).items
        await store.delete("group 0", "two")
        assert "group 0" not in (await store.groups()).items

    @pytest.mark.parametrize("limit", [0, -1, 1001])
    async def test_refuses_a_page_without_bound(self, store: StateStore, limit: int) -> None:
        for attempt in (store.list("group", limit=limit), store.groups(limit=limit)):
            with pytest.raises(StoreError, match="`limit`") as caught:
                await attempt
            assert (caught.value.code, caught.value.retryable) == ("page_invalid", False)

    async def test_many_tasks_count_together(self, store: StateStore) -> None:
        totals = await asyncio.gather(*(store.increment("group", "key") for _ in range(200)))
        assert sorted(totals) == list(range(1, 201))

    async def test_one_of_many_tasks_wins(self, store: StateStore) -> None:
        won = await asyncio.gather(
            *(store.compare_and_set("group", "key", None, number) for number in range(50))
        )
        assert won.count(True) == 1
        assert await _value(store, "group", "key") == won.index(True)

    async def test_many_tasks_append_without_losing(self, store: StateStore) -> None:
        async def append(number: int) -> None:
            while True:
                entry = await store.get("group", "list")
                assert entry
                held = cast("list[int]", entry.value)
                with contextlib.suppress(StoreError):
                    await store.set("group", "list", [*held, number], if_version=entry.version)
                    return

        await store.set("group", "list", [])
        await asyncio.gather(*(append(number) for number in range(12)))
        held = cast("list[int]", await _value(store, "group", "list"))
        assert sorted(held) == list(range(12))

    async def test_a_cancelled_caller_leaves_the_store_whole(self, store: StateStore) -> None:
        for delay in (0, 0, 0.001, 0.002):
            task = asyncio.create_task(store.increment("group", "key"))
            await asyncio.sleep(delay)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        held = await _value(store, "group", "key") or 0
        assert isinstance(held, int)
        assert await store.increment("group", "key") in range(held + 1, 6)

    async def test_closing_twice_does_no_harm(self, store: StateStore) -> None:
        await store.close()
        await store.close()


@pytest.mark.asyncio
class SharedStateConformance(StateConformance):
    """What a store also does for several processes, and for one that dies."""

    async def test_processes_count_together(
        self, store: StateStore, address: tuple[str, str]
    ) -> None:
        others = [await _process(address, "increment", 100) for _ in range(3)]
        for _ in range(50):
            await store.increment("group", "key")
        for other in others:
            assert await _finished(other) == 100
        assert await _value(store, "group", "key") == 350

    async def test_processes_compare_and_set_without_losing(
        self, store: StateStore, address: tuple[str, str]
    ) -> None:
        others = [await _process(address, "compare_and_set", 40) for _ in range(3)]
        tries = [await _finished(other) for other in others]
        assert await _value(store, "group", "key") == 120
        assert all(count >= 40 for count in tries)

    async def test_what_was_acknowledged_survives_kill_9(
        self, store: StateStore, address: tuple[str, str]
    ) -> None:
        for round_ in range(3):
            writer = await _process(address, "write_forever", round_)
            assert writer.stdout
            acknowledged = -1
            deadline = time.monotonic() + 0.3
            while time.monotonic() < deadline or acknowledged < 5:
                acknowledged = int(await writer.stdout.readline())
            os.kill(writer.pid, signal.SIGKILL)
            rest = (await writer.stdout.read()).split()
            await writer.wait()
            acknowledged = int(rest[-1]) if rest else acknowledged
            held = await _value(store, f"group {round_}", "key")
            assert isinstance(held, int)
            assert acknowledged <= held <= acknowledged + 1
            # Whatever lock the dead process held is free.
            await store.set(f"group {round_}", "key", "after")

    async def test_another_process_sees_writes_at_once(
        self, store: StateStore, address: tuple[str, str]
    ) -> None:
        other = await open_state(*address)
        try:
            for number in range(20):
                await store.set("group", "key", number)
                assert await _value(other, "group", "key") == number
        finally:
            await other.close()


async def _value(store: StateStore, group: str, key: str) -> object:
    entry = await store.get(group, key)
    return None if entry is None else entry.value


async def _process(address: tuple[str, str], task: str, count: int) -> Process:
    # `-c` and not `-m`: the package has imported this module already, which `-m` warns about.
    program = "from wistro.stores.conformance import work; work()"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program, *address, task, str(count)),
        stdout=PIPE,
        env=environment,
    )


async def _finished(process: Process) -> int:
    output, _ = await process.communicate()
    assert process.returncode == 0
    return int(output)


def work() -> None:
    """What the processes of `SharedStateConformance` run."""
    adapter, address, task, count = sys.argv[1:]
    asyncio.run(_work(adapter, address, task, int(count)))


async def _work(adapter: str, address: str, task: str, count: int) -> None:
    store = await open_state(adapter, address)
    if task == "increment":
        for _ in range(count):
            await store.increment("group", "key")
        _say(count)
    elif task == "compare_and_set":
        _say(await _count_up(store, count))
    else:
        number = 0
        while True:
            await store.set(f"group {count}", "key", number)
            _say(number)
            number += 1
    await store.close()


async def _count_up(store: StateStore, count: int) -> int:
    """Add `count` ones, each by reading, adding and comparing; returns how many tries it took."""
    done = tries = 0
    while done < count:
        held = await _value(store, "group", "key")
        tries += 1
        done += await store.compare_and_set(
            "group", "key", held, (held if isinstance(held, int) else 0) + 1
        )
    return tries


def _say(found: object) -> None:
    sys.stdout.write(f"{json.dumps(found)}\n")
    sys.stdout.flush()
