"""Python steps: api, event, noop, middleware, schemas, state, imports, flows that share topics."""

from __future__ import annotations

import pytest

from tests.motia.conftest import Start
from tests.motia.running import Motia

pytestmark = [pytest.mark.server, pytest.mark.slow, pytest.mark.timeout(240)]
ORDER = {"id": "7", "items": [{"price": 60, "count": 2}]}
ADA = {"authorization": "Bearer ada"}


@pytest.fixture(name="shop")
def a_shop(start: Start) -> Motia:
    return start("python-orders")


def test_a_request_goes_through_every_flow_in_one_run(shop: Motia) -> None:
    answer = shop.post("/shops/corner/orders?coupon=X1", ORDER, headers=ADA)
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert (body["total"], body["flows"]) == (120, ["orders"])
    assert body["raw"].replace(" ", "") == '{"id":"7","items":[{"price":60,"count":2}]}'
    assert answer.headers["x-coupon"] == "X1"
    assert float(answer.headers["x-took"]) >= 0
    trace = body["traceId"]
    shop.ended(trace)
    # The order is finished in a flow of its own, and state kept by trace was found on the way there.
    assert shop.get("/orders/7").json()["order"] == {
        "id": "7",
        "total": 120,
        "shop": "corner",
        "in_stock": True,
        "trace": trace,
    }
    shop.logged("Order received", run_id=trace, step="place_order")
    shop.logged("Order finished", run_id=trace, step="finish")
    linked = [line for line in shop.command.documents() if line.get("parent") == trace]
    assert linked == []


def test_middleware_may_answer(shop: Motia) -> None:
    answer = shop.post("/shops/corner/orders", ORDER)
    assert (answer.status_code, answer.json()) == (401, {"error": "Unauthorized"})


def test_a_body_that_does_not_fit_reaches_the_handler(shop: Motia) -> None:
    answer = shop.post("/shops/corner/orders", {"id": 8, "items": []}, headers=ADA)
    assert answer.status_code == 201
    trace = answer.json()["traceId"]
    line = shop.command.wait_for("log", run_id=trace, level="warn", step="place_order")
    assert "`id`" in line["message"]


def test_a_request_without_a_body_has_an_empty_one(shop: Motia) -> None:
    assert shop.get("/orders/7").json()["body"] == {}


def test_an_error_is_a_500_and_not_tried_again(shop: Motia) -> None:
    since = shop.command.mark()
    answer = shop.post("/shops/corner/orders", {"id": "9"}, headers=ADA)
    assert answer.status_code == 500
    run_id = shop.command.wait_for("run.failed", since=since)["run_id"]
    shop.command.wait_for("delivery.started", since=since, run_id=run_id, step="place_order")
    attempts = [
        line["attempt"]
        for line in shop.command.documents()
        if line["kind"] == "delivery.started" and line["run_id"] == run_id
    ]
    assert attempts == [1]


def test_state_is_deleted_and_cleared(shop: Motia) -> None:
    for id in ("7", "x", "y"):
        answer = shop.post("/shops/corner/orders", {**ORDER, "id": id}, headers=ADA)
        shop.ended(answer.json()["traceId"])
    left = shop.request("DELETE", "/orders?id=x").json()["left"]
    assert "x" not in left
    assert "y" in left
    assert shop.request("DELETE", "/orders").json() == {"left": []}
    assert shop.get("/orders/7").status_code == 404


def test_any_page_may_call(shop: Motia) -> None:
    answer = shop.get("/orders/nothing", headers={"origin": "http://localhost:5173"})
    assert answer.headers["access-control-allow-origin"] == "*"
