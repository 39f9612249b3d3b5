"""Messages and CloudEvents from outside."""

from __future__ import annotations

import json
import uuid

import pytest

from tests.triggers.conftest import Shop

pytestmark = [pytest.mark.server, pytest.mark.asyncio(loop_scope="session")]

PAYMENTS = "/_wistro/topics/payment.arrived"


def payment(amount: float = 5) -> dict[str, object]:
    return {"order": uuid.uuid4().hex, "amount": amount}


def event(data: object, **change: object) -> dict[str, object]:
    return {
        "specversion": "1.0",
        "id": uuid.uuid4().hex,
        "source": "/bank",
        "type": "payment",
        "data": data,
        **change,
    }


async def test_a_message_starts_a_run_in_every_flow_that_subscribes(shop: Shop) -> None:
    order = {"customer": "Grace", "lines": []}
    answer = await shop.admin.post("/_wistro/topics/order.placed", json=order)
    assert answer.status_code == 202, answer.text
    runs = {run["flow"]: run["run_id"] for run in answer.json()["runs"]}
    assert runs.keys() == {"orders", "parcels"}
    assert await shop.kept("packed", runs["orders"]) == "Grace"
    assert await shop.kept("shipped", runs["parcels"]) == "Grace"


async def test_an_idempotency_key_gives_the_same_run(shop: Shop) -> None:
    paid, headers = payment(), {"idempotency-key": uuid.uuid4().hex}
    (first,) = (await shop.admin.post(PAYMENTS, json=paid, headers=headers)).json()["runs"]
    (second,) = (await shop.admin.post(PAYMENTS, json=paid, headers=headers)).json()["runs"]
    assert second == {**first, "existed": True}
    assert await shop.kept("paid", paid["order"]) == 5


async def test_a_structured_event(shop: Shop) -> None:
    paid = payment()
    content = json.dumps(event(paid))
    headers = {"content-type": "application/cloudevents+json"}
    first = await shop.admin.post(PAYMENTS, content=content, headers=headers)
    again = await shop.admin.post(PAYMENTS, content=content, headers=headers)
    assert first.status_code == again.status_code == 202
    assert [run["existed"] for run in first.json()["runs"] + again.json()["runs"]] == [False, True]
    assert await shop.kept("paid", paid["order"]) == 5


async def test_a_binary_event(shop: Shop) -> None:
    paid = payment()
    headers = {
        "ce-specversion": "1.0",
        "ce-id": uuid.uuid4().hex,
        "ce-source": "/bank",
        "ce-type": "payment",
    }
    answer = await shop.admin.post(PAYMENTS, json=paid, headers=headers)
    assert answer.status_code == 202, answer.text
    assert await shop.kept("paid", paid["order"]) == 5


async def test_a_batch(shop: Shop) -> None:
    paid = [payment(1), payment(2)]
    headers = {"content-type": "application/cloudevents-batch+json"}
    content = json.dumps([event(data) for data in paid])
    answer = await shop.admin.post(PAYMENTS, content=content, headers=headers)
    assert (answer.status_code, answer.json()["messages"]) == (202, 2)
    assert [await shop.kept("paid", data["order"]) for data in paid] == [1, 2]


async def test_nothing_of_a_batch_is_accepted_when_a_part_does_not_fit(shop: Shop) -> None:
    good = payment()
    headers = {"content-type": "application/cloudevents-batch+json"}
    content = json.dumps([event(good), event({"order": "7", "amount": -1})])
    answer = await shop.admin.post(PAYMENTS, content=content, headers=headers)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (422, "validation_failed")
    assert [detail["field"] for detail in error["details"]] == ["events.1.data.amount"]
    assert await shop.state.get("paid", str(good["order"])) is None


@pytest.mark.parametrize(
    ("topic", "status", "code", "hint"),
    [
        ("payment.arived", 404, "topic_not_found", "did you mean `payment.arrived`?"),
        ("weather", 404, "topic_not_found", "lists all"),
        ("order.packed", 409, "topic_without_subscribers", "subscribes=['order.packed']"),
    ],
)
async def test_a_message_that_nobody_would_receive_is_refused(
    shop: Shop, topic: str, status: int, code: str, hint: str
) -> None:
    answer = await shop.admin.post(f"/_wistro/topics/{topic}", json={})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (status, code)
    assert hint in error["message"]


async def test_what_is_no_message_is_refused(shop: Shop) -> None:
    headers = {"content-type": "text/plain"}
    answer = await shop.admin.post(PAYMENTS, content=b"hello", headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "unsupported_media_type")
    answer = await shop.admin.post(
        PAYMENTS, content=b"{", headers={"content-type": "application/json"}
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_json")


async def test_strangers_are_turned_away(shop: Shop) -> None:
    answer = await shop.http.post(PAYMENTS, json=payment())
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthorized")
    assert answer.headers["www-authenticate"] == "Bearer"
    forged = await shop.http.post(PAYMENTS, headers={"authorization": "Bearer wrong"}, json={})
    assert (forged.status_code, "not valid here" in forged.text) == (401, True)
