"""CommonJS, a default export, zod 3 and Python in one flow of the older layout."""

from __future__ import annotations

import pytest

from tests.motia.conftest import Start

pytestmark = [pytest.mark.server, pytest.mark.slow, pytest.mark.timeout(300)]


def test_a_run_hops_between_languages_in_one_trace(start: Start) -> None:
    orders = start("js-mixed")
    answer = orders.post("/orders", {"count": 4, "unknown": True})
    assert answer.status_code == 200, answer.text
    order = answer.json()
    assert order["total"] == 10
    orders.ended(order["id"])
    finished = orders.get(f"/orders/{order['id']}").json()
    # zod describes here: nothing is transformed on the way to a handler.
    assert finished == {**order, "by": "python", "trace": order["id"], "same": True}
    assert orders.get("/orders/none").status_code == 404
