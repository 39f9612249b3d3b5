"""Trying triggers from the workbench: over HTTP, as the page does it."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tests.triggers.conftest import Shop
from wistro.schemas import SchemaCheck

pytestmark = [pytest.mark.server, pytest.mark.asyncio(loop_scope="session")]

API = "/_wistro/api"
ORDER = {"customer": "Ada", "lines": [{"article": "tea", "count": 2}]}
Json = dict[str, Any]


async def attempt(shop: Shop, flow: str, trigger: str, **wanted: object) -> Json:
    """What a trigger answers."""
    answer = await shop.admin.post(f"{API}/try", json={"flow": flow, "trigger": trigger, **wanted})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def refused(shop: Shop, flow: str, trigger: str, **wanted: object) -> tuple[int, Json]:
    """The error of a try that cannot be made."""
    answer = await shop.admin.post(f"{API}/try", json={"flow": flow, "trigger": trigger, **wanted})
    return answer.status_code, answer.json()["error"]


def header(tried: Json, name: str) -> str | None:
    return next((each["value"] for each in tried["headers"] if each["name"] == name), None)


async def test_the_triggers_of_a_flow(shop: Shop) -> None:
    found = (await shop.admin.get(f"{API}/flows/orders/triggers")).json()
    triggers = {trigger["id"]: trigger for trigger in found}
    assert triggers.keys() == {"api:place_order", "cron:nightly", "event:payment.arrived"}
    order = triggers["api:place_order"]
    assert (order["method"], order["path"]) == ("POST", "/shops/{shop}/orders")
    assert order["path_params"] == ["shop"]
    assert SchemaCheck(order["input"]).issues(order["example"], root="") == []
    assert triggers["event:payment.arrived"]["example"] == {"order": "text", "amount": 1}
    assert triggers["cron:nightly"]["time_zone"] == "Europe/Zurich"
    (quote,) = (await shop.admin.get(f"{API}/flows/quotes/triggers")).json()
    assert (quote["id"], quote["path"], quote["access"]) == ("call:quote", "/call/quotes", "token")
    assert quote["responses"]["200"]["required"] == ["price"]


async def test_webhooks_say_how_they_are_signed(shop: Shop) -> None:
    found = (await shop.admin.get(f"{API}/flows/edge/triggers")).json()
    triggers = {trigger["id"]: trigger for trigger in found}
    bank = triggers["api:bank"]
    assert bank["access"] == "signature"
    assert bank["signature"] == {
        "scheme": "hmac",
        "header": "X-Bank-Mac",
        "secret": "BANK_SECRET",
        "algorithm": "sha512",
        "encoding": "base64",
        "prefix": "v1,",
        "timestamp_header": None,
        "id_header": None,
    }
    assert triggers["api:echo"]["rest_param"] == "rest"
    assert "money" not in str(found)


async def test_a_request_starts_a_run(shop: Shop) -> None:
    tried = await attempt(
        shop, "orders", "api:place_order", path_params={"shop": "zürich/1"}, body=ORDER
    )
    assert (tried["status"], tried["ended"]) == (201, "answered")
    assert tried["sent"]["target"] == "/shops/z%C3%BCrich%2F1/orders"
    (run,) = tried["runs"]
    assert run["flow"] == "orders"
    assert (await shop.ended("orders", run["run_id"]))["status"] == "completed"
    assert tried["milliseconds"] > 0
    again = await attempt(
        shop,
        "orders",
        "api:place_order",
        path_params={"shop": "a"},
        body=ORDER,
        headers={"Prefer": "respond-async", "Idempotency-Key": "once"},
    )
    assert again["status"] == 202
    twice = await attempt(
        shop,
        "orders",
        "api:place_order",
        path_params={"shop": "a"},
        body=ORDER,
        headers={"Prefer": "respond-async", "Idempotency-Key": "once"},
    )
    assert twice["runs"] == [{**again["runs"][0], "existed": True}]


async def test_the_whole_request_arrives(shop: Shop) -> None:
    tried = await attempt(
        shop,
        "edge",
        "api:echo",
        path_params={"first": "a/b", "rest": "c/d"},
        query={"x": "1", "y": ["2", "3 & 4"]},
        headers={"user-agent": "test", "X-Many": "1, 2", "content-type": "text/plain"},
        text="grüezi",
    )
    assert tried["sent"]["target"] == "/echo/a%2Fb/c/d?x=1&y=2&y=3+%26+4"
    body = json.loads(tried["text"])
    assert body["pathParams"] == {"first": "a/b", "rest": "c/d"}
    assert body["queryParams"] == {"x": "1", "y": ["2", "3 & 4"]}
    assert body["body"] == "grüezi"
    assert (body["agent"], body["many"]) == ("test", "1, 2")


async def test_what_is_wrong_is_answered_by_the_endpoint(shop: Shop) -> None:
    tried = await attempt(shop, "orders", "api:place_order", path_params={"shop": "a"}, body={})
    assert tried["status"] == 422
    assert "body.customer" in tried["text"]
    assert tried["runs"] == []
    large = await attempt(
        shop, "edge", "api:echo", path_params={"first": "a", "rest": "b"}, text="x" * 250_000
    )
    assert large["status"] == 200


async def test_a_body_that_is_too_large_is_refused(shop: Shop) -> None:
    status, error = await refused(shop, "edge", "api:echo", text="x" * 300_000)
    assert (status, error["code"]) == (413, "body_too_large")


@pytest.mark.parametrize("trigger", ["api:github", "api:bank"])
async def test_webhooks_are_signed(shop: Shop, trigger: str) -> None:
    event = {"X-GitHub-Event": "push"}
    body = '{ "paid": 7,\n  "spaces": "stay" }'
    tried = await attempt(shop, "edge", trigger, text=body, headers=event, sign=True)
    assert tried["status"] == 200, tried
    sent = {each["name"]: each["value"] for each in tried["sent"]["headers"]}
    assert set(tried["sent"]["added"]) <= sent.keys()
    unsigned = await attempt(shop, "edge", trigger, text=body, headers=event)
    assert (unsigned["status"], unsigned["runs"]) == (401, [])
    forged = {name: sent[name] for name in tried["sent"]["added"]}
    wrong = await attempt(shop, "edge", trigger, text=body + " ", headers=event | forged)
    assert wrong["status"] == 401
    assert "signature_wrong" in wrong["text"]


async def test_githubs_delivery_is_its_own_each_time(shop: Shop) -> None:
    headers = {"X-GitHub-Event": "ping"}
    runs = [
        (await attempt(shop, "edge", "api:github", body={}, headers=headers, sign=True))["runs"][0]
        for _ in range(2)
    ]
    assert runs[0]["run_id"] != runs[1]["run_id"]
    same = headers | {"X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958"}
    for existed in (False, True):
        tried = await attempt(shop, "edge", "api:github", body={}, headers=same, sign=True)
        assert tried["runs"][0]["existed"] is existed


async def test_a_secret_is_never_shown(shop: Shop) -> None:
    tried = await attempt(shop, "edge", "api:bank", body={"paid": 1}, sign=True)
    assert "money" not in str(tried)


async def test_who_tries_is_told_to_calls_only_when_wanted(shop: Shop) -> None:
    call = {"input": {"article": "tea"}}
    nobody = await attempt(shop, "quotes", "call:quote", body=call)
    assert nobody["status"] == 401
    myself = await attempt(shop, "quotes", "call:quote", body=call, as_myself=True)
    assert myself["status"] == 200
    assert '"price":12' in myself["text"]
    assert myself["runs"][0]["flow"] == "quotes"
    assert shop.runtime.token not in str(myself)
    stranger = await attempt(
        shop, "quotes", "call:quote", body=call, headers={"authorization": "Bearer nonsense"}
    )
    assert stranger["status"] == 401


async def test_an_endpoint_is_never_shown_who_tries(shop: Shop) -> None:
    status, error = await refused(
        shop, "edge", "api:echo", as_myself=True, path_params={"first": "a", "rest": "b"}
    )
    assert (status, error["details"][0]["field"]) == (422, "as_myself")
    tried = await attempt(
        shop,
        "edge",
        "api:echo",
        path_params={"first": "a", "rest": "b"},
    )
    run = await shop.ended("edge", tried["runs"][0]["run_id"])
    assert "authorization" not in json.dumps(run["input"])
    assert shop.runtime.token not in str(run)


async def test_a_message_is_published(shop: Shop) -> None:
    payment = {"order": "try-1", "amount": 3}
    tried = await attempt(shop, "orders", "event:payment.arrived", body=payment)
    assert tried["status"] == 202, tried
    assert await shop.kept("paid", "try-1") == 3
    assert [run["flow"] for run in tried["runs"]] == ["orders"]
    wrong = await attempt(shop, "orders", "event:payment.arrived", body={"order": 1})
    assert (wrong["status"], wrong["runs"]) == (422, [])
    event = {"specversion": "1.0", "id": "1", "source": "/test", "type": "payment", "data": payment}
    cloud = await attempt(
        shop,
        "orders",
        "event:payment.arrived",
        body=event,
        headers={"content-type": "application/cloudevents+json"},
    )
    assert cloud["status"] == 202


async def test_an_endpoint_that_hangs_is_not_waited_for(shop: Shop) -> None:
    began = time.monotonic()
    tried = await attempt(
        shop, "edge", "api:slow", body={"name": "hang", "seconds": 10}, timeout=0.5
    )
    assert (tried["ended"], tried["status"]) == ("timed_out", None)
    assert time.monotonic() - began < 8
    patient = await attempt(
        shop,
        "edge",
        "api:slow",
        body={"name": "wait", "seconds": 3},
        headers={"Prefer": "wait=1"},
    )
    assert (patient["status"], len(patient["runs"])) == (202, 1)


async def test_a_stream_of_answers_is_cut_off(shop: Shop) -> None:
    tried = await attempt(
        shop,
        "quotes",
        "call:quote",
        body={"input": {"article": "tea", "seconds": 5}},
        headers={"accept": "text/event-stream"},
        as_myself=True,
        timeout=1.5,
    )
    assert (tried["ended"], tried["status"]) == ("cut_off", 200)


async def test_binary_answers_are_base64(shop: Shop) -> None:
    tried = await attempt(shop, "edge", "api:kinds", path_params={"kind": "bytes"})
    assert (tried["text"], tried["base64"], tried["bytes"]) == (None, "AP8=", 2)
    assert header(tried, "content-type") == "image/png"


@pytest.mark.parametrize(
    ("trigger", "wanted", "field"),
    [
        ("api:echo", {"path_params": {"first": "a"}}, "path_params.rest"),
        ("api:slow", {"headers": {"x y": "1"}}, "headers.x y"),
        ("api:slow", {"headers": {"Host": "elsewhere"}}, "headers.Host"),
        ("api:slow", {"headers": {"x": "a\r\nb: c"}}, "headers.x"),
        ("api:slow", {"sign": True}, "sign"),
        ("api:slow", {"text": "a", "body": 1}, "body"),
        ("api:slow", {"base64": "?"}, "base64"),
    ],
)
async def test_a_request_that_cannot_be_sent(
    shop: Shop, trigger: str, wanted: Json, field: str
) -> None:
    status, error = await refused(shop, "edge", trigger, **wanted)
    assert (status, error["code"]) == (422, "validation_failed")
    assert error["details"][0]["field"] == field


async def test_what_is_no_trigger_is_named(shop: Shop) -> None:
    status, error = await refused(shop, "orders", "api:place_ordr")
    assert (status, error["code"]) == (404, "trigger_not_found")
    assert "did you mean `api:place_order`?" in error["message"]
    status, error = await refused(shop, "orders", "cron:nightly")
    assert (status, error["code"]) == (422, "not_requested")
    status, error = await refused(shop, "order", "cron:nightly")
    assert (status, error["code"]) == (404, "flow_not_found")


async def test_only_operators_try(shop: Shop) -> None:
    answer = await shop.http.post(f"{API}/try", json={"flow": "edge", "trigger": "api:slow"})
    assert answer.status_code == 401


async def test_examples_of_earlier_runs(shop: Shop) -> None:
    for customer in ("Grace", "Grace", "Edsger"):
        tried = await attempt(
            shop,
            "orders",
            "api:place_order",
            path_params={"shop": "thun"},
            query={"from": "web"},
            headers={"Authorization": "Bearer secret", "X-Channel": "shop"},
            body={**ORDER, "customer": customer},
        )
        await shop.ended("orders", tried["runs"][0]["run_id"])
    answer = await shop.admin.get(f"{API}/flows/orders/triggers/api:place_order/examples")
    assert answer.status_code == 200, answer.text
    examples = [each for each in answer.json() if each["path_params"] == {"shop": "thun"}]
    assert [each["body"]["customer"] for each in examples] == ["Edsger", "Grace"]
    assert examples[0]["query"] == {"from": "web"}
    assert examples[0]["headers"] == {"content-type": "application/json", "x-channel": "shop"}
    replayed = await attempt(
        shop,
        "orders",
        "api:place_order",
        **{key: examples[0][key] for key in ("path_params", "query", "headers", "body")},
    )
    assert replayed["status"] == 201
    none = await shop.http.get(f"{API}/flows/orders/triggers/api:place_order/examples")
    assert none.status_code == 401


async def test_examples_of_messages_and_calls(shop: Shop) -> None:
    payment = {"order": "try-2", "amount": 5}
    published = await attempt(shop, "orders", "event:payment.arrived", body=payment)
    assert await shop.kept("paid", "try-2") == 5
    found = (
        await shop.admin.get(f"{API}/flows/orders/triggers/event:payment.arrived/examples")
    ).json()
    assert (payment, published["runs"][0]["run_id"]) in [
        (each["body"], each["run_id"]) for each in found
    ]
    await attempt(shop, "quotes", "call:quote", body={"input": {"article": "cup"}}, as_myself=True)
    found = (await shop.admin.get(f"{API}/flows/quotes/triggers/call:quote/examples")).json()
    assert {"article": "cup"} in [each["body"] for each in found]
