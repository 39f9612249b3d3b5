"""The management API: what operators see and do."""

from __future__ import annotations

import asyncio
import json
import uuid

import pytest
from fastapi.openapi.models import OpenAPI
from httpx_sse import aconnect_sse

from tests.triggers.conftest import Shop

pytestmark = [pytest.mark.server, pytest.mark.asyncio(loop_scope="session")]

API = "/_wistro/api"


async def held(shop: Shop) -> tuple[str, str]:
    """A run that waits for an operator, and the delivery it waits for."""
    accepted = (await shop.http.post("/risks", json={"stake": 50})).json()
    run = await shop.shown("edge", accepted["run_id"], lambda run: run["waiting_for"] == "operator")
    (delivery,) = [each for each in run["deliveries"] if each["status"] == "held"]
    return accepted["run_id"], delivery["delivery_id"]


async def test_flows(shop: Shop) -> None:
    flows = (await shop.admin.get(f"{API}/flows")).json()
    assert {flow["id"]: flow["name"] for flow in flows} == {
        "orders": "Order processing",
        "parcels": "Parcels",
        "edge": "Everything an endpoint can do",
        "quotes": "Quotes",
    }
    orders = next(flow for flow in flows if flow["id"] == "orders")
    assert orders["triggers"] == ["nightly", "place_order"]
    assert orders["entry_topics"] == ["payment.arrived"]


async def test_the_graph_of_a_flow(shop: Shop) -> None:
    graph = (await shop.admin.get(f"{API}/flows/orders")).json()["graph"]
    nodes = {node["id"]: node for node in graph["nodes"]}
    assert nodes.keys() == {"nightly", "pack", "payment", "place_order"}
    assert nodes["place_order"]["kind"] == "api"
    assert nodes["place_order"]["trigger"] == "POST /shops/{shop}/orders"
    drawn = [
        (e["source"], e["topic"], e["target"], e["kind"], e["target_flow"]) for e in graph["edges"]
    ]
    assert sorted(drawn, key=str) == [
        ("", "payment.arrived", "payment", "outside", None),
        ("place_order", "order.placed", "pack", "message", None),
        ("place_order", "order.placed", "ship", "cross_flow", "parcels"),
    ]
    parcels = (await shop.admin.get(f"{API}/flows/parcels")).json()["graph"]
    assert [
        (e["source"], e["target"], e["kind"], e["label"], e["source_flow"])
        for e in parcels["edges"]
    ] == [
        ("ship", "customer", "virtual", "at the door", None),
        ("place_order", "ship", "cross_flow", None, "orders"),
    ]


async def test_an_unknown_flow_is_named(shop: Shop) -> None:
    answer = await shop.admin.get(f"{API}/flows/order")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "flow_not_found")
    assert "did you mean `orders`?" in answer.json()["error"]["message"]


async def test_topics(shop: Shop) -> None:
    topics = {topic["name"]: topic for topic in (await shop.admin.get(f"{API}/topics")).json()}
    assert topics["payment.arrived"]["external"]
    assert topics["payment.arrived"]["message"]["title"] == "Payment"
    assert topics["order.placed"]["subscribers"] == ["pack", "ship"]


async def test_runs_are_listed_by_page(shop: Shop) -> None:
    for _ in range(3):
        accepted = (await shop.http.post("/risks", json={"stake": 1})).json()
        await shop.ended("edge", accepted["run_id"])
    wanted = {"flow": "edge", "status": "completed", "trigger": "api:take_risk", "limit": 2}

    async def page(cursor: str | None = None) -> dict[str, object]:
        params = {**wanted, **({"cursor": cursor} if cursor else {})}
        answer = await shop.admin.get(f"{API}/runs", params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    first = await page()
    second = await page(first["next_cursor"])
    assert len(first["runs"]) == 2
    assert second["runs"][0]["run_id"] not in {run["run_id"] for run in first["runs"]}
    assert {run["trigger"] for run in first["runs"]} == {"api:take_risk"}
    wrong = await shop.admin.get(f"{API}/runs", params={"status": "lost"})
    assert (wrong.status_code, wrong.json()["error"]["details"][0]["field"]) == (
        422,
        "query.status.0",
    )


async def test_a_run_is_shown_with_its_deliveries_and_logs(shop: Shop) -> None:
    order = {"customer": "Alan", "lines": []}
    run_id = (await shop.http.post("/shops/basel/orders", json=order)).headers["wistro-run-id"]
    run = await shop.ended("orders", run_id)
    pack = run["deliveries"][1]
    assert (pack["step"], pack["topic"], pack["input"]) == ("pack", "order.placed", order)
    assert pack["emissions"] == [{"topic": "order.packed", "data": {"customer": "Alan"}}]
    assert len(pack["attempts"]) == 1
    found = (await shop.admin.get(f"{API}/runs/{run_id}")).json()
    assert found["flow"] == "orders"

    async with asyncio.timeout(10):
        while True:
            logs = (await shop.admin.get(f"{API}/runs/orders/{run_id}/logs?kind=log")).json()
            if logs["entries"]:
                break
    (line,) = logs["entries"]
    assert (line["message"], line["fields"], line["step"]) == (
        "packed",
        {"customer": "Alan"},
        "pack",
    )
    assert logs["next_after"] is None


async def test_an_unknown_run_is_named(shop: Shop) -> None:
    for path in ("runs/orders/none", "runs/none"):
        answer = await shop.admin.get(f"{API}/{path}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "run_not_found")
        assert "none" in answer.json()["error"]["message"]


async def test_an_operator_starts_runs(shop: Shop) -> None:
    paid = {"order": uuid.uuid4().hex, "amount": 3}
    wanted = {"flow": "orders", "topic": "payment.arrived", "data": paid}
    answer = await shop.admin.post(f"{API}/runs", json=wanted)
    assert answer.status_code == 202, answer.text
    run = await shop.ended("orders", answer.json()["run_id"])
    assert (run["origin"]["kind"], run["origin"]["by"]) == ("operator", "operator")
    assert await shop.kept("paid", paid["order"]) == 3
    at_step = await shop.admin.post(f"{API}/runs", json={"flow": "orders", "step": "nightly"})
    assert (await shop.ended("orders", at_step.json()["run_id"]))["status"] == "completed"


@pytest.mark.parametrize(
    ("wanted", "status", "code"),
    [
        ({"flow": "orders"}, 422, "validation_failed"),
        ({"flow": "orders", "step": "a", "topic": "b"}, 422, "validation_failed"),
        ({"flow": "orders", "step": "nigthly"}, 404, "step_not_found"),
        ({"flow": "order", "step": "nightly"}, 404, "flow_not_found"),
        ({"flow": "edge", "topic": "payment.arrived"}, 409, "topic_without_subscribers"),
        ({"flow": "orders", "topic": "payment.arrived", "data": {}}, 422, "validation_failed"),
        ({"flow": "orders", "step": "nightly", "unknown": 1}, 422, "validation_failed"),
        ({"flow": "orders", "step": "nightly", "after": "soon"}, 422, "validation_failed"),
    ],
)
async def test_a_start_that_makes_no_sense_is_refused(
    shop: Shop, wanted: dict[str, object], status: int, code: str
) -> None:
    answer = await shop.admin.post(f"{API}/runs", json=wanted)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), answer.text


async def test_a_run_is_cancelled(shop: Shop) -> None:
    answer = await shop.http.post("/risks", json={"stake": 1}, headers={"wistro-delay": "3600"})
    run_id = answer.json()["run_id"]
    assert (await shop.admin.post(f"{API}/runs/edge/{run_id}/cancel")).status_code == 202
    assert (await shop.ended("edge", run_id))["status"] == "cancelled"
    again = await shop.admin.post(f"{API}/runs/edge/{run_id}/cancel")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "run_ended")


async def test_a_held_delivery_is_retried_with_other_data(shop: Shop) -> None:
    run_id, delivery_id = await held(shop)
    path = f"{API}/runs/edge/{run_id}/deliveries/{delivery_id}/retry"
    answer = await shop.admin.post(path, json={"data": {"stake": 2}})
    assert (answer.status_code, answer.json()["run_id"]) == (202, run_id)
    assert (await shop.ended("edge", run_id))["status"] == "completed"


async def test_a_held_delivery_is_retried_as_it_was(shop: Shop) -> None:
    run_id, delivery_id = await held(shop)
    path = f"{API}/runs/edge/{run_id}/deliveries/{delivery_id}"
    assert (await shop.admin.post(f"{path}/retry")).status_code == 202

    def tried_again(run: dict[str, object]) -> bool:
        delivery = run["deliveries"][-1]
        return run["waiting_for"] == "operator" and len(delivery["attempts"]) == 2

    await shop.shown("edge", run_id, tried_again)
    assert (await shop.admin.post(f"{path}/skip")).status_code == 202
    assert (await shop.ended("edge", run_id))["status"] == "completed"


async def test_an_operation_that_makes_no_sense_is_refused(shop: Shop) -> None:
    run_id, delivery_id = await held(shop)
    path = f"{API}/runs/edge/{run_id}/deliveries"
    wrong = await shop.admin.post(f"{path}/none/skip")
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (409, "operation_refused")
    assert (await shop.admin.post(f"{path}/{delivery_id}/skip")).status_code == 202
    await shop.ended("edge", run_id)


async def test_a_failed_run_is_forked(shop: Shop) -> None:
    run_id = (await shop.http.get("/kinds/broken")).headers["wistro-run-id"]
    await shop.ended("edge", run_id)
    answer = await shop.admin.post(f"{API}/runs/edge/{run_id}/fork")
    assert answer.status_code == 202, answer.text
    fork = await shop.ended("edge", answer.json()["run_id"])
    assert fork["origin"]["kind"] == "fork"
    assert fork["origin"]["parent"]["run_id"] == run_id


async def test_state(shop: Shop) -> None:
    at = {"group": "a/b", "key": "x?y"}
    written = await shop.admin.put(f"{API}/state/entry", params=at, json={"value": {"n": 1}})
    version = written.json()["version"]
    assert (await shop.admin.get(f"{API}/state/entry", params=at)).json()["value"] == {"n": 1}
    over = {"value": None, "if_version": version}
    assert (await shop.admin.put(f"{API}/state/entry", params=at, json=over)).status_code == 200
    lost = await shop.admin.put(f"{API}/state/entry", params=at, json=over)
    assert (lost.status_code, lost.json()["error"]["code"]) == (409, "state_conflict")
    assert "a/b" in (await shop.admin.get(f"{API}/state/groups?limit=1000")).json()["items"]
    entries = (await shop.admin.get(f"{API}/state/entries", params={"group": "a/b"})).json()
    assert [entry["key"] for entry in entries["items"]] == ["x?y"]
    assert (await shop.admin.delete(f"{API}/state/entry", params=at)).json() == {"removed": 1}
    gone = await shop.admin.get(f"{API}/state/entry", params=at)
    assert (gone.status_code, gone.json()["error"]["code"]) == (404, "entry_not_found")
    await shop.admin.put(f"{API}/state/entry", params=at, json={"value": 1, "if_absent": True})
    cleared = await shop.admin.delete(f"{API}/state/entries", params={"group": "a/b"})
    assert cleared.json() == {"removed": 1}


async def test_schedules(shop: Shop) -> None:
    (schedule,) = (await shop.admin.get(f"{API}/schedules")).json()
    assert (schedule["step"], schedule["cron"], schedule["time_zone"]) == (
        "nightly",
        "0 3 * * *",
        "Europe/Zurich",
    )
    assert schedule["present"]
    assert len(schedule["next_ticks"]) > 1
    path = f"{API}/schedules/orders/nightly"
    assert (await shop.admin.post(f"{path}/pause")).json()["paused"]
    assert not (await shop.admin.post(f"{path}/resume")).json()["paused"]
    assert (await shop.admin.post(f"{path}/trigger")).status_code == 202
    assert await shop.kept("nightly", "ticks")
    unknown = await shop.admin.post(f"{API}/schedules/orders/pack/pause")
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "schedule_not_found")


async def test_findings_and_versions(shop: Shop) -> None:
    found = (await shop.admin.get(f"{API}/findings")).json()
    assert (found["ok"], found["stale"], found["errors"]) == (True, False, [])
    assert {finding["code"] for finding in found["findings"]} == {"nobody_receives"}
    version = (await shop.admin.get(f"{API}/version")).json()
    assert version["build"] == shop.engine.lock.build


async def test_a_run_is_followed_live(shop: Shop) -> None:
    async with aconnect_sse(shop.admin, "GET", f"{API}/live?flow=orders") as source:
        events = source.aiter_sse()
        assert (await anext(events)).event == "connected"
        order = {"customer": "Kay", "lines": []}
        answer = await shop.http.post("/shops/bern/orders", json=order)
        run_id = answer.headers["wistro-run-id"]
        kinds = []
        async for event in events:
            if json.loads(event.data)["run_id"] == run_id:
                kinds.append(event.event)
                if event.event == "run.completed":
                    break
    assert kinds[0] == "run.started"
    assert {"delivery.completed", "log"} <= set(kinds)


async def test_health(shop: Shop) -> None:
    assert (await shop.http.get("/_wistro/health")).json() == {"status": "ok", "checks": {}}
    ready = await shop.http.get("/_wistro/ready")
    assert (ready.status_code, ready.json()["checks"]) == (200, {"temporal": "ok", "state": "ok"})


async def test_metrics(shop: Shop) -> None:
    await shop.http.get("/kinds/json")
    assert (await shop.http.get("/_wistro/metrics")).status_code == 401
    text = (await shop.admin.get("/_wistro/metrics")).text
    assert 'wistro_http_requests_total{method="GET",route="/kinds/{kind}",status="200"}' in text
    assert 'wistro_runs_started_total{flow="edge",trigger="api"}' in text


@pytest.mark.parametrize("path", ["flows", "runs", "topics", "schedules", "state/groups", "live"])
async def test_strangers_see_nothing(shop: Shop, path: str) -> None:
    answer = await shop.http.get(f"{API}/{path}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthorized")


async def test_the_document_of_our_own_api(shop: Shop) -> None:
    document = (await shop.http.get("/_wistro/openapi.json")).json()
    OpenAPI.model_validate(document)
    assert "/api/runs/{flow}/{run_id}" in document["paths"]
    assert_references_resolve(document)
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            answers = {status[0] for status in operation["responses"]}
            assert answers, (method, path)


async def test_the_document_of_the_endpoints(shop: Shop) -> None:
    document = (await shop.http.get("/openapi.json")).json()
    OpenAPI.model_validate(document)
    assert_references_resolve(document)
    assert document["paths"].keys() == {
        "/echo/{first}/{rest}",
        "/hooks/bank",
        "/hooks/github",
        "/kinds/{kind}",
        "/risks",
        "/shops/{shop}/orders",
        "/slow",
    }
    place = document["paths"]["/shops/{shop}/orders"]["post"]
    assert (place["operationId"], place["summary"], place["tags"]) == (
        "place_order",
        "Place an order",
        ["orders"],
    )
    body = place["requestBody"]["content"]["application/json"]["schema"]
    assert body == {"$ref": "#/components/schemas/Order"}
    lines = document["components"]["schemas"]["Order"]["properties"]["lines"]
    assert lines["items"] == {"$ref": "#/components/schemas/Line"}
    assert set(place["responses"]) == {"201", "202", "default"}
    kinds = document["paths"]["/kinds/{kind}"]["get"]["parameters"]
    assert [(p["name"], p["in"]) for p in kinds][:2] == [("kind", "path"), ("tone", "query")]
    assert "security" in document["paths"]["/hooks/bank"]["post"]
    assert (await shop.http.get("/docs")).status_code == 200


def assert_references_resolve(document: dict[str, object]) -> None:
    def walk(value: object) -> None:
        if isinstance(value, dict):
            if isinstance(reference := value.get("$ref"), str):
                found: object = document
                for part in reference.removeprefix("#/").split("/"):
                    found = found[part]
            for item in value.values():
                walk(item)
        elif isinstance(value, list):
            for item in value:
                walk(item)

    walk(document)
