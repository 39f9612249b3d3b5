"""The messages of a topic: which have passed, and what was in them."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import pytest

from tests.triggers.conftest import Shop

pytestmark = [pytest.mark.server, pytest.mark.asyncio(loop_scope="session")]

TOPICS = "/_wistro/api/topics"


async def passed(shop: Shop, topic: str, run_id: str, **wanted: str) -> dict[str, Any]:
    """The newest message of a run, once it has been noted."""
    async with asyncio.timeout(20):
        while True:
            answer = await shop.admin.get(f"{TOPICS}/{topic}/messages", params=wanted)
            assert answer.status_code == 200, answer.text
            for item in answer.json()["items"]:
                if item["run_id"] == run_id:
                    return item
            await asyncio.sleep(0.05)


async def read(shop: Shop, topic: str, message: dict[str, Any]) -> dict[str, Any]:
    """What was in a message."""
    names = ("flow", "run_id", "delivery_id", "number")
    params = {name: message[name] for name in names if message[name] is not None}
    answer = await shop.admin.get(f"{TOPICS}/{topic}/message", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_who_is_at_the_ends_of_a_topic(shop: Shop) -> None:
    topic = (await shop.admin.get(f"{TOPICS}/order.placed")).json()
    assert topic["shared"]
    assert [(end["step"], end["flows"]) for end in topic["sources"]] == [
        ("place_order", ["orders"])
    ]
    assert [(end["step"], end["flows"]) for end in topic["receivers"]] == [
        ("pack", ["orders"]),
        ("ship", ["parcels"]),
    ]
    unknown = await shop.admin.get(f"{TOPICS}/order.place")
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "topic_not_found")
    assert "did you mean `order.placed`?" in unknown.json()["error"]["message"]


async def test_a_message_that_a_step_emitted(shop: Shop) -> None:
    order = {"customer": f"Ada {uuid.uuid4().hex}", "lines": []}
    run_id = (await shop.http.post("/shops/bern/orders", json=order)).headers["wistro-run-id"]
    message = await passed(shop, "order.placed", run_id)
    assert (message["flow"], message["step"]) == ("orders", "place_order")
    assert message["receivers"] == ["pack", "ship"]
    assert order["customer"] not in str(message)  # the journal holds no data
    await shop.ended("orders", run_id)
    found = await read(shop, "order.placed", message)
    assert found["data"] == order
    assert [(r["step"], r["status"]) for r in found["receipts"]] == [("pack", "completed")]
    only = await shop.admin.get(f"{TOPICS}/order.placed/messages", params={"flow": "parcels"})
    assert run_id not in {item["run_id"] for item in only.json()["items"]}
    assert {item["flow"] for item in only.json()["items"]} <= {"parcels"}


async def test_a_message_from_outside(shop: Shop) -> None:
    paid = {"order": uuid.uuid4().hex, "amount": 3}
    published = (await shop.admin.post("/_wistro/topics/payment.arrived", json=paid)).json()
    (run,) = published["runs"]
    message = await passed(shop, "payment.arrived", run["run_id"])
    assert (message["step"], message["delivery_id"]) == (None, None)
    await shop.ended("orders", run["run_id"])
    found = await read(shop, "payment.arrived", message)
    assert found["data"] == paid
    assert [r["step"] for r in found["receipts"]] == ["payment"]


async def test_a_message_that_is_not_there(shop: Shop) -> None:
    order = {"customer": "Kay", "lines": []}
    run_id = (await shop.http.post("/shops/bern/orders", json=order)).headers["wistro-run-id"]
    await shop.ended("orders", run_id)
    for topic, wanted in (
        ("payment.arrived", {}),
        ("order.placed", {"delivery_id": "none"}),
        ("order.placed", {"delivery_id": "0" * 16, "number": "7"}),
    ):
        params = {"flow": "orders", "run_id": run_id, **wanted}
        answer = await shop.admin.get(f"{TOPICS}/{topic}/message", params=params)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "message_not_found")
