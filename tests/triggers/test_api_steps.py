"""API steps over HTTP, from the request to the run and back."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import uuid
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.triggers.conftest import SECRETS, Shop

pytestmark = [pytest.mark.server, pytest.mark.asyncio(loop_scope="session")]

ORDER = {
    "customer": "Ada",
    "lines": [{"article": "tea", "count": 2}, {"article": "cup", "count": 1}],
}


async def test_the_handler_answers_and_the_run_goes_on(shop: Shop) -> None:
    answer = await shop.http.post("/shops/zurich/orders", json=ORDER)
    assert answer.status_code == 201, answer.text
    run_id = answer.headers["wistro-run-id"]
    assert answer.json() == {"order": run_id, "articles": 3}
    assert answer.headers["location"] == f"/shops/zurich/orders/{run_id}"
    run = await shop.ended("orders", run_id)
    assert run["status"] == "completed"
    assert [delivery["step"] for delivery in run["deliveries"]] == ["place_order", "pack"]
    assert await shop.kept("packed", run_id) == "Ada"
    (parcel,) = run["links"]
    assert parcel["flow"] == "parcels"
    assert await shop.kept("shipped", parcel["run_id"]) == "Ada"


async def test_a_body_that_does_not_fit_is_refused(shop: Shop) -> None:
    wrong = {"customer": 5, "lines": [{"article": "tea", "count": 0}]}
    answer = await shop.http.post("/shops/zurich/orders", json=wrong)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (422, "validation_failed")
    fields = {detail["field"]: detail["message"] for detail in error["details"]}
    assert fields.keys() == {"body.customer", "body.lines.0.count"}
    assert "wistro-run-id" not in answer.headers
    absent = await shop.http.post("/shops/zurich/orders", json={"customer": "Ada"})
    assert [detail["field"] for detail in absent.json()["error"]["details"]] == ["body.lines"]
    missing = await shop.http.post("/shops/zurich/orders")
    assert (missing.status_code, "needs a body" in missing.text) == (422, True)


async def test_a_body_that_is_not_json_is_refused(shop: Shop) -> None:
    headers = {"content-type": "application/json"}
    answer = await shop.http.post("/shops/zurich/orders", content=b'{"customer": ', headers=headers)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, "invalid_json")
    assert "line 1 column" in error["message"]


async def test_a_body_that_is_too_large_is_refused(shop: Shop) -> None:
    answer = await shop.http.put("/echo/a/b", content=b"x" * 300_000)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (413, "body_too_large")
    assert "300,000 bytes; the limit is 262,144" in error["message"]


async def test_the_handler_sees_the_whole_request(shop: Shop) -> None:
    answer = await shop.http.put(
        "/echo/a%2Fb/c/d?x=1&y=2&y=3",
        data={"name": "Ada", "tag": ["a", "b"]},
        headers=[("user-agent", "test"), ("x-many", "1"), ("x-many", "2")],
    )
    assert answer.json() == {
        "method": "PUT",
        "path": "/echo/a/b/c/d",
        "pathParams": {"first": "a/b", "rest": "c/d"},
        "queryParams": {"x": "1", "y": ["2", "3"]},
        "body": {"name": "Ada", "tag": ["a", "b"]},
        "raw": "name=Ada&tag=a&tag=b",
        "agent": "test",
        "many": "1, 2",
        "authorized": False,
    }


@pytest.mark.parametrize(
    ("kind", "status", "content_type", "content"),
    [
        ("json", 200, "application/json", b'{"tone":"loud"}'),
        ("string", 200, "application/json", b'"plain"'),
        ("text", 200, "text/html; charset=utf-8", "<p>grüezi</p>".encode()),
        ("bytes", 200, "image/png", b"\x00\xff"),
        ("nothing", 204, None, b""),
        ("missing", 404, "application/json", b'{"found":false}'),
    ],
)
async def test_every_kind_of_answer(
    shop: Shop, kind: str, status: int, content_type: str | None, content: bytes
) -> None:
    answer = await shop.http.get(f"/kinds/{kind}", params={"tone": "loud"})
    assert (answer.status_code, answer.headers.get("content-type"), answer.content) == (
        status,
        content_type,
        content,
    )


@pytest.mark.parametrize("kind", ["untrue", "header", "status"])
async def test_an_answer_that_was_not_promised_is_not_sent(shop: Shop, kind: str) -> None:
    answer = await shop.http.get(f"/kinds/{kind}")
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (500, "response_invalid")
    assert answer.headers["wistro-run-id"]
    assert "stolen" not in str(answer.headers)


async def test_an_error_is_told_without_its_details(shop: Shop) -> None:
    answer = await shop.http.get("/kinds/broken", headers={"x-request-id": "help-me"})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (500, "step_failed")
    assert error["correlation_id"] == "help-me"
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    run = await shop.ended("edge", answer.headers["wistro-run-id"])
    assert run["outcome_error"]["message"] == "secret detail"


async def test_a_handler_may_choose_the_error(shop: Shop) -> None:
    answer = await shop.http.get("/kinds/refused")
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (402, "card_declined")
    assert error["message"] == "the card was declined"


async def test_methods(shop: Shop) -> None:
    head = await shop.http.head("/kinds/json")
    assert (head.status_code, head.content) == (200, b"")
    options = await shop.http.options("/kinds/json")
    assert (options.status_code, options.headers["allow"]) == (204, "GET, HEAD, OPTIONS")
    other = await shop.http.delete("/kinds/json")
    assert (other.status_code, other.json()["error"]["code"]) == (405, "method_not_allowed")
    assert other.headers["allow"] == "GET, HEAD, OPTIONS"
    nowhere = await shop.http.get("/nowhere")
    assert (nowhere.status_code, nowhere.json()["error"]["code"]) == (404, "not_found")


async def test_asynchronous_steps_answer_at_once(shop: Shop) -> None:
    answer = await shop.http.post("/risks", json={"stake": 3})
    assert answer.status_code == 202
    accepted = answer.json()
    assert accepted["flow"] == "edge"
    assert answer.headers["location"] == f"/_wistro/api/runs/edge/{accepted['run_id']}"
    assert (await shop.ended("edge", accepted["run_id"]))["status"] == "completed"


async def test_a_caller_may_prefer_not_to_wait(shop: Shop) -> None:
    answer = await shop.http.post(
        "/shops/zurich/orders", json=ORDER, headers={"prefer": "respond-async"}
    )
    assert (answer.status_code, answer.headers["preference-applied"]) == (202, "respond-async")
    assert (await shop.ended("orders", answer.json()["run_id"]))["status"] == "completed"


async def test_a_slow_answer_can_be_fetched_later(shop: Shop) -> None:
    name = uuid.uuid4().hex
    body = {"name": name, "seconds": 1.5}
    headers = {"prefer": "wait=1", "idempotency-key": name}
    first = await shop.http.post("/slow", json=body, headers=headers)
    assert first.status_code == 202
    assert first.json()["flow"] == "edge"
    headers = {"idempotency-key": name}
    second = await shop.http.post("/slow", json=body, headers=headers)
    assert (second.status_code, second.json()) == (200, {"count": 1})
    assert second.headers["wistro-run-id"] == first.json()["run_id"]


async def test_an_idempotency_key_gives_the_first_run_and_answer(shop: Shop) -> None:
    name = uuid.uuid4().hex
    body, headers = {"name": name, "seconds": 0.2}, {"idempotency-key": name}

    async def ask() -> httpx.Response:
        return await shop.http.post("/slow", json=body, headers=headers)

    together = await asyncio.gather(ask(), ask(), ask())
    later = await ask()
    answers = [*together, later]
    assert [answer.json() for answer in answers] == [{"count": 1}] * 4
    assert len({answer.headers["wistro-run-id"] for answer in answers}) == 1
    assert later.headers["idempotency-replayed"] == "true"
    other = await shop.http.post("/slow", json=body, headers={"idempotency-key": f"{name}-2"})
    assert other.json() == {"count": 2}


async def test_a_delayed_start(shop: Shop) -> None:
    later = await shop.http.post("/risks", json={"stake": 1}, headers={"wistro-delay": "1h"})
    path = f"/_wistro/api/runs/edge/{later.json()['run_id']}"
    assert (await shop.admin.get(path)).json()["status"] == "scheduled"
    asked = datetime.now(UTC)
    answer = await shop.http.post("/risks", json={"stake": 1}, headers={"wistro-delay": "1.5"})
    assert answer.status_code == 202
    run_id = answer.json()["run_id"]
    run = await shop.ended("edge", run_id)
    assert datetime.fromisoformat(run["closed_at"]) - asked > timedelta(seconds=1.4)
    wrong = await shop.http.post("/risks", json={}, headers={"wistro-at": "tomorrow"})
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (400, "invalid_header")


async def test_the_trace_of_the_caller_goes_on(shop: Shop) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    headers = {"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
    answer = await shop.http.get("/kinds/json", headers=headers)
    run = await shop.ended("edge", answer.headers["wistro-run-id"])
    assert run["origin"]["traceparent"].split("-")[1] == trace


async def test_github_is_recognised(shop: Shop) -> None:
    body = json.dumps({"zen": "Keep it logically awesome."}, separators=(", ", ":  ")).encode()
    digest = hmac.new(SECRETS["GITHUB_WEBHOOK_SECRET"].encode(), body, hashlib.sha256).hexdigest()
    headers = {
        "content-type": "application/json",
        "x-github-event": "ping",
        "x-github-delivery": str(uuid.uuid4()),
        "x-hub-signature-256": f"sha256={digest}",
    }
    first = await shop.http.post("/hooks/github", content=body, headers=headers)
    assert (first.status_code, first.json()["event"]) == (200, "ping")
    again = await shop.http.post("/hooks/github", content=body, headers=headers)
    assert again.json() == first.json()

    since = datetime.now(UTC)
    forged = await shop.http.post("/hooks/github", content=body + b" ", headers=headers)
    assert (forged.status_code, forged.json()["error"]["code"]) == (401, "signature_wrong")
    unsigned = await shop.http.post("/hooks/github", content=b"not even json")
    assert (unsigned.status_code, unsigned.json()["error"]["code"]) == (401, "signature_missing")
    assert await refused(shop, "webhook", since, 2) == ["signature_missing", "signature_wrong"]


async def refused(shop: Shop, action: str, since: datetime, count: int) -> list[str]:
    """Why what was asked for was refused, the newest first; it is noted in the background."""
    query = {"kind": "refused", "action": action, "since": since.isoformat()}
    async with asyncio.timeout(20):
        while True:
            audit = await shop.admin.get("/_wistro/api/audit", params=query)
            if len(items := audit.json()["items"]) >= count:
                return [item["reason"] for item in items]
            await asyncio.sleep(0.05)


async def test_a_generic_hmac(shop: Shop) -> None:
    body = b'{"paid": 12}'
    digest = hmac.digest(SECRETS["BANK_SECRET"].encode(), body, hashlib.sha512)
    headers = {"x-bank-mac": "v1," + base64.b64encode(digest).decode()}
    answer = await shop.http.post("/hooks/bank", content=body, headers=headers)
    assert (answer.status_code, answer.json()) == (200, {"paid": 12})
    assert (await shop.http.post("/hooks/bank", content=b"{}", headers=headers)).status_code == 401
