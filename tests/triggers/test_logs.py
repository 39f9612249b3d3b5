"""The logs of the whole project, looked through from the newest on."""

from __future__ import annotations

import time
import uuid

import pytest

from tests.triggers.conftest import Shop
from wistro.stores.journal import JournalEntry, Level

pytestmark = [pytest.mark.server, pytest.mark.asyncio(loop_scope="session")]

LOGS = "/_wistro/api/logs"


async def note(shop: Shop, flow: str, *said: tuple[str, Level]) -> None:
    """Notes lines of a flow that no run has."""
    await shop.journal.append(
        [
            JournalEntry(
                kind="log",
                project="shop",
                at=time.time(),
                flow=flow,
                run_id=f"{flow}-run",
                step="pack",
                level=level,
                message=message,
                fields={"customer": "Zoë", "share": "50%"},
            )
            for message, level in said
        ]
    )


async def test_pages_of_logs_hold_each_entry_once(shop: Shop) -> None:
    flow = uuid.uuid4().hex
    await note(shop, flow, *((f"line {number}", "info") for number in range(7)))
    first = (await shop.admin.get(LOGS, params={"flow": flow, "limit": 3})).json()
    assert [entry["message"] for entry in first["entries"]] == ["line 6", "line 5", "line 4"]
    await note(shop, flow, ("what comes meanwhile moves no page", "info"))
    older = {"flow": flow, "limit": 100, "before": first["next"]}
    rest = (await shop.admin.get(LOGS, params=older)).json()
    assert [entry["message"] for entry in rest["entries"]] == [f"line {n}" for n in (3, 2, 1, 0)]
    assert rest["next"] is None


async def test_logs_are_filtered(shop: Shop) -> None:
    flow = uuid.uuid4().hex
    await note(
        shop, flow, ("The card was declined", "error"), ("packed", "debug"), ("late", "warn")
    )
    for wanted, messages in (
        ({"text": "CARD"}, ["The card was declined"]),
        ({"text": "50%"}, ["late", "packed", "The card was declined"]),
        ({"text": "50_"}, []),
        ({"level": "warn"}, ["late", "The card was declined"]),
        ({"step": "ship"}, []),
        ({"kind": "run.failed"}, []),
        ({"run_id": f"{flow}-run", "text": "late"}, ["late"]),
    ):
        answer = await shop.admin.get(LOGS, params={"flow": flow, **wanted})
        assert [entry["message"] for entry in answer.json()["entries"]] == messages, wanted


async def test_wrong_filters_are_refused(shop: Shop) -> None:
    for wanted, field in (
        ({"level": "loud"}, "query.level"),
        ({"limit": 1001}, "query.limit"),
        ({"before": 0}, "query.before"),
        ({"text": "x" * 201}, "query.text"),
    ):
        answer = await shop.admin.get(LOGS, params=wanted)
        assert answer.status_code == 422
        assert answer.json()["error"]["details"][0]["field"] == field
    assert (await shop.http.get(LOGS)).status_code == 401
