"""Callable flows over HTTP."""

from __future__ import annotations

import pytest

from tests.triggers.conftest import Shop

pytestmark = [pytest.mark.server, pytest.mark.asyncio(loop_scope="session")]

JSON = {"content-type": "application/json"}
QUOTE = {"input": {"article": "tea"}, "response_meta": {"tab": 3}}


async def test_the_answer(shop: Shop) -> None:
    answer = await shop.admin.post("/call/quotes", json=QUOTE)
    assert answer.status_code == 200
    called = answer.json()
    assert (called["status"], called["data"]) == ("answered", {"price": 12})
    assert (called["response_meta"], called["existed"]) == ({"tab": 3}, False)
    assert answer.headers["wistro-run-id"] == called["call_id"]
    again = await shop.admin.get(f"/call/quotes/{called['call_id']}")
    assert again.json() == called | {"existed": True}


async def test_a_caller_that_does_not_wait_comes_back(shop: Shop) -> None:
    slow = {"input": {"article": "tea", "seconds": 1}}
    accepted = await shop.admin.post("/call/quotes", json=slow, headers={"Prefer": "respond-async"})
    assert (accepted.status_code, accepted.json()["status"]) == (202, "pending")
    place = accepted.headers["location"]
    assert (await shop.admin.get(place)).status_code == 202
    answer = await shop.admin.get(place, params={"wait": 20})
    assert (answer.status_code, answer.json()["data"]) == (200, {"price": 12})


async def test_a_repeated_key_gets_the_first_answer(shop: Shop) -> None:
    headers = {"Idempotency-Key": "once"}
    first = await shop.admin.post("/call/quotes", json=QUOTE, headers=headers)
    second = await shop.admin.post("/call/quotes", json=QUOTE, headers=headers)
    assert second.json() == first.json() | {"existed": True}
    assert second.headers["idempotency-replayed"] == "true"


@pytest.mark.parametrize(
    ("article", "status", "code", "text"),
    [
        ("unicorn", 404, "unknown_article", "we do not sell those"),
        ("nothing", 502, "response_not_reached", "`quote`, `find_price`"),
        ("nonsense", 500, "flow_failed", "the flow failed"),
    ],
)
async def test_no_answer(shop: Shop, article: str, status: int, code: str, text: str) -> None:
    answer = await shop.admin.post("/call/quotes", json={"input": {"article": article}})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (status, code)
    assert text in error["message"]
    run = await shop.ended("quotes", answer.headers["wistro-run-id"])
    if article == "nonsense":
        (failed,) = (d for d in run["deliveries"] if d["status"] == "failed")  # pyright: ignore[reportGeneralTypeIssues, reportUnknownVariableType]
        assert "`price`" in failed["error"]["message"]


async def test_what_is_refused(shop: Shop) -> None:
    wrong = await shop.admin.post("/call/quotes", json={"input": {"seconds": 1}})
    assert wrong.status_code == 422
    assert wrong.json()["error"]["details"][0]["field"] == "input.article"
    unknown = await shop.admin.post("/call/quots", json=QUOTE)
    assert (unknown.status_code, "`quotes`" in unknown.text) == (404, True)
    surplus = await shop.admin.post("/call/quotes", json={"imput": {}})
    assert surplus.status_code == 422
    stranger = await shop.http.post("/call/quotes", json=QUOTE)
    assert stranger.status_code == 401
    for member in ("client_context", "response_meta"):
        for odd in (r'"\ud800"', "[" * 400 + "]" * 400):
            given = f'{{"input": {{"article": "tea"}}, "{member}": {odd}}}'
            refused = await shop.admin.post("/call/quotes", content=given, headers=JSON)
            assert (refused.status_code, f"`{member}`" in refused.text) == (422, True)
    assert (await shop.admin.get("/call/quotes/" + "0" * 32)).status_code == 404
