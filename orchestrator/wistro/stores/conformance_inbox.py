"""What every inbox must do, as tests: subclass and give a fixture `inbox`."""

# ruff: noqa: D102 the names of tests say what they test

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta

import pytest

from wistro.errors import StoreError
from wistro.stores.inbox import (
    MAX_ATTACHMENTS,
    Attachment,
    InboxEntry,
    InboxFilter,
    InboxStore,
    Person,
    task_id,
)


def a_task(number: int = 1, **more: object) -> InboxEntry:
    """A task that was opened `number` seconds after the epoch."""
    run, delivery = f"run{number}", "0" * 16
    members: dict[str, object] = {
        "id": task_id("orders", run, delivery),
        "flow": "orders",
        "run_id": run,
        "delivery_id": delivery,
        "step": "approve",
        "name": "Approve the order",
        "opened_at": float(number),
        "revision": 1,
    }
    return InboxEntry(**{**members, **more})  # pyright: ignore[reportArgumentType] - names of ours


async def listed(inbox: InboxStore, **wanted: object) -> list[str]:
    """The runs of the tasks that a filter finds."""
    page = await inbox.list(InboxFilter(**wanted))  # pyright: ignore[reportArgumentType] - names of ours
    return [entry.run_id for entry in page.items]


@pytest.mark.asyncio
class InboxConformance:
    """What everybody may rely on."""

    async def test_shows_a_task_as_it_is_now(self, inbox: InboxStore) -> None:
        task = a_task(assignees=("anna", "bob"), roles=("finance",), due_at=9.5)
        await inbox.show(task)
        assert await inbox.get(task.id) == task
        later = replace(task, assignees=("carl",), votes=1, escalated=True, revision=3)
        await inbox.show(later)
        await inbox.show(replace(task, revision=2, votes=7))
        await inbox.show(replace(task, revision=3, votes=8))
        assert await inbox.get(task.id) == later
        assert await listed(inbox, assignee="anna") == []
        assert await listed(inbox, assignee="carl") == ["run1"]
        assert await inbox.get("none") is None

    async def test_a_closed_task_keeps_what_was_shown(self, inbox: InboxStore) -> None:
        task = a_task(assignees=("anna",), votes=1)
        await inbox.show(task)
        end = a_task(opened_at=50.0, revision=5, closed_at=50.0)
        await inbox.show(end)
        assert await inbox.get(task.id) == replace(task, revision=5, closed_at=50.0)
        await inbox.show(replace(task, revision=4))
        assert await listed(inbox) == []
        assert await listed(inbox, status="closed", assignee="anna") == ["run1"]
        await inbox.show(replace(task, revision=6))  # an operator had it made again
        assert await listed(inbox) == ["run1"]

    async def test_the_end_may_be_heard_of_first(self, inbox: InboxStore) -> None:
        await inbox.show(a_task(opened_at=50.0, revision=5, closed_at=50.0))
        await inbox.show(a_task())
        assert await listed(inbox) == []

    async def test_closes_what_its_run_cannot(self, inbox: InboxStore) -> None:
        await inbox.show(a_task())
        await inbox.close_task(a_task().id, 7.0)
        await inbox.close_task(a_task().id, 8.0)
        await inbox.close_task("none", 8.0)
        assert await inbox.count_open() == {}
        assert (await inbox.get(a_task().id)) == a_task(closed_at=7.0)
        assert await listed(inbox, status="closed") == ["run1"]

    async def test_finds_what_is_wanted(self, inbox: InboxStore) -> None:
        await inbox.show(a_task(1, assignees=("anna",), due_at=10.0))
        await inbox.show(a_task(2, roles=("finance",), name="Check the tax_"))
        await inbox.show(a_task(3, flow="refunds", due_at=20.0))
        await inbox.show(a_task(4, assignees=("bob",), roles=("finance",)))
        anna = Person(by="anna", roles=frozenset({"finance"}))
        assert await listed(inbox) == ["run1", "run2", "run3", "run4"]
        assert await listed(inbox, person=anna) == ["run1", "run2", "run3", "run4"]
        assert await listed(inbox, person=Person(by="bob")) == ["run3", "run4"]
        assert await listed(inbox, person=anna, role="finance") == ["run2", "run4"]
        assert await listed(inbox, person=Person(by="eve"), assignee="anna") == []
        assert await listed(inbox, assignee="bob", role="finance") == ["run4"]
        assert await listed(inbox, flow="refunds") == ["run3"]
        assert await listed(inbox, opened_before=3.0) == ["run1", "run2"]
        assert await listed(inbox, due_before=15.0) == ["run1"]
        assert await listed(inbox, text="TAX_") == ["run2"]
        assert await listed(inbox, text="%") == []
        assert await listed(inbox, text="run4", person=anna) == ["run4"]
        assert await listed(inbox, status="all") == ["run4", "run3", "run2", "run1"]

    async def test_counts_what_is_open(self, inbox: InboxStore) -> None:
        for number in range(1, 4):
            await inbox.show(a_task(number))
        await inbox.show(a_task(4, id="other", flow="returns"))
        await inbox.close_task(a_task(2).id, 7.0)
        assert await inbox.count_open() == {"orders": 2, "returns": 1}

    @pytest.mark.parametrize("status", ["open", "all"])
    @pytest.mark.parametrize("mine", [True, False])
    async def test_pages_hold_each_task_once(
        self, inbox: InboxStore, status: str, mine: bool
    ) -> None:
        for number in range(25):  # several are opened at the same moment
            names = {"opened_at": float(number // 3), "assignees": ("anna",), "roles": ("finance",)}
            await inbox.show(a_task(number, **(names if number % 2 else {})))
        person = Person(by="anna", roles=frozenset({"finance"})) if mine else None
        wanted = InboxFilter(status=status, person=person)  # pyright: ignore[reportArgumentType] - one of them
        found: list[InboxEntry] = []
        after = None
        while True:
            page = await inbox.list(wanted, after=after, limit=4)
            found += page.items
            after = page.next
            if after is None:
                break
            assert len(page.items) == 4
        assert len(found) == len({entry.id for entry in found}) == 25
        order = sorted(found, key=lambda entry: (entry.opened_at, entry.id))
        assert found == (order if status == "open" else order[::-1])
        with pytest.raises(StoreError, match="cursor"):
            await inbox.list(wanted, after="nonsense")

    async def test_keeps_files(self, inbox: InboxStore) -> None:
        task = a_task().id
        await inbox.show(a_task())
        files = [
            Attachment(id=str(number), task=task, key="k", content=bytes([number]))
            for number in range(MAX_ATTACHMENTS + 1)
        ]
        for file in files[:-1]:
            await inbox.attach(file)
        with pytest.raises(StoreError, match="20 attachments"):
            await inbox.attach(files[-1])
        assert await inbox.attachment(task, "3") == files[3]
        assert await inbox.attachment("other", "3") is None
        await inbox.detach(task, "3")
        assert await inbox.attachment(task, "3") is None
        await inbox.attach(files[-1])

    async def test_forgets_what_was_closed_long_ago(self, inbox: InboxStore) -> None:
        now = time.time()
        await inbox.show(a_task(1))
        for number, closed in ((2, now - 100), (3, now - 10)):
            await inbox.show(a_task(number))
            await inbox.close_task(a_task(number).id, closed)
        await inbox.attach(Attachment(id="1", task=a_task(2).id, key="k", content=b"x"))
        assert await inbox.prune(timedelta(seconds=50)) == 1
        assert await listed(inbox, status="all") == ["run3", "run1"]
        assert await listed(inbox, status="closed", person=Person(by="anna")) == ["run3"]
        assert await inbox.attachment(a_task(2).id, "1") is None
