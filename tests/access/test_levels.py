"""Every route of the management API: who may use it, and that the audit notes what changes something."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import Mount

from tests.access.conftest import Desk
from wistro.contract import Emission, ErrorInfo, Trigger
from wistro.project.workbench_settings import LEVELS, Level
from wistro.runs import AttemptView, DeliveryView, RunDetail
from wistro_triggers.redaction import run_without_data
from wistro_triggers.visitors import action_of, level_of

pytestmark = pytest.mark.asyncio(loop_scope="session")

API = "/_wistro"
ELSEWHERE = ("/api/session", "/api/tasks", "/api/inbox")
"""What asks each client itself who it is."""
SEEN_BY_ALL = {
    "/api/answers",
    "/api/flows",
    "/api/flows/{flow}",
    "/api/flows/{flow}/layout",
    "/api/flows/{flow}/steps/{step}",
    "/api/flows/{flow}/triggers",
    "/api/health",
    "/api/live",
    "/api/overview",
    "/api/project",
    "/api/runs",
    "/api/runs/count",
    "/api/runs/{flow}/{run_id}",
    "/api/runs/{flow}/{run_id}/logs",
    "/api/runs/{run_id}",
    "/api/scheduled-calls",
    "/api/scheduled-calls/{id}",
    "/api/schedules",
    "/api/schedules/{flow}/{step}",
    "/api/streams",
    "/api/topics",
    "/api/topics/{topic}",
    "/api/topics/{topic}/messages",
    "/api/traces",
    "/api/version",
    "/api/versions",
    "/api/workers",
}
"""What `view` is enough for: nothing in their answers is from a message, a log or the state. Routes that
show runs and entries of the journal leave it out themselves."""


def routes(app: FastAPI) -> Iterator[tuple[str, str, object]]:
    """The method, path and endpoint of each route of the management API."""
    mount = next(each for each in app.routes if isinstance(each, Mount) and each.path == API)
    for route in iter_route_contexts(mount.routes):
        path = route.path or ""
        if path.startswith("/api/") and not path.startswith(ELSEWHERE):
            for method in (route.methods or set()) - {"HEAD"}:
                yield method, path, route.endpoint


async def test_what_everybody_sees_is_listed_here(desk: Desk) -> None:
    seen = {
        path for method, path, endpoint in routes(desk.app) if level_of(endpoint, method) == "view"
    }
    assert seen == SEEN_BY_ALL


async def test_what_changes_something_is_for_operators_and_has_a_name(desk: Desk) -> None:
    for method, path, endpoint in routes(desk.app):
        if method == "GET":
            assert action_of(endpoint) is None, path
        elif level_of(endpoint, method) == "operate":
            assert re.fullmatch(r"[a-z]+\.[a-z]+", action_of(endpoint) or ""), f"{method} {path}"


@pytest.mark.parametrize("level", [None, *LEVELS])
async def test_every_route_asks_for_its_level(desk: Desk, level: Level | None) -> None:
    role = {None: "cook", "view": "viewer", "read": "reader", "operate": "operator"}[level]
    headers = {"authorization": f"Bearer {desk.issuer.token(realm={'roles': [role]})}"}
    asked = 0
    for method, path, endpoint in routes(desk.app):
        wanted = level_of(endpoint, method)
        address = f"{desk.internal}{API}{re.sub(r'{[^}]*}', 'none', path)}"
        anonymous = await desk.http.request(method, address)
        assert anonymous.status_code == 401, f"{method} {path}"
        if level is not None and LEVELS.index(level) >= LEVELS.index(wanted):
            continue
        asked += 1
        answer = await desk.http.request(method, address, headers=headers)
        assert answer.status_code == 403, f"{method} {path}: {answer.text}"
        assert answer.json()["error"]["code"] == "forbidden"
    assert asked or level == "operate"


SECRET = "4242 4242 4242 4242"


def full_run() -> RunDetail:
    """A run whose every field that may hold data does."""
    error = ErrorInfo(
        code="handler_error", message=SECRET, type=SECRET, stack=SECRET, details=[SECRET]
    )
    now = datetime.now(UTC)
    delivery = DeliveryView(
        delivery_id="d1",
        number=1,
        step="charge",
        name="Charge",
        topic="order.placed",
        status="failed",
        input={"card": SECRET},
        output=SECRET,
        emissions=[Emission(topic="t", data=SECRET)],
        error=error,
        attempts=[AttemptView(number=1, started_at=now, error=error, worker="w")],
        progress={"at": SECRET},
        started_at=now,
    )
    return RunDetail(
        flow="orders",
        run_id="r1",
        status="failed",
        started_at=now,
        trigger="api:place_order",
        outcome_error=error,
        why_waiting=f"for {SECRET}",
        origin=Trigger(kind="api", step="place_order", by="anna", client_context=SECRET),
        input=SECRET,
        deliveries=[delivery],
        notes=[SECRET],
    )


async def test_a_run_for_those_who_may_only_look() -> None:
    run = full_run()
    assert run.model_dump_json().count(SECRET) > 10
    shown = run_without_data(run)
    text = shown.model_dump_json()
    assert SECRET not in text
    assert shown.origin is not None
    assert (shown.status, shown.trigger, shown.origin.by) == ("failed", "api:place_order", "anna")
    (delivery,) = shown.deliveries
    assert delivery.error is not None
    assert (delivery.step, delivery.status, delivery.error.code) == (
        "charge",
        "failed",
        "handler_error",
    )
    assert delivery.attempts[0].started_at == run.deliveries[0].attempts[0].started_at


async def test_who_may_only_look_sees_no_data_of_a_real_run(desk: Desk) -> None:
    call = await desk.call("quotes")
    assert call.status_code == 200, call.text
    viewer = {"authorization": f"Bearer {desk.issuer.token(realm={'roles': ['viewer']})}"}
    reader = {"authorization": f"Bearer {desk.issuer.token(realm={'roles': ['reader']})}"}
    runs = f"{desk.internal}{API}/api/runs"
    async with asyncio.timeout(20):
        while True:
            listed = await desk.http.get(runs, params={"flow": "quotes"}, headers=viewer)
            if listed.json()["runs"]:
                break
            await asyncio.sleep(0.2)
    run_id = listed.json()["runs"][0]["run_id"]
    full = (await desk.http.get(f"{runs}/quotes/{run_id}", headers=reader)).json()
    assert full["deliveries"][0]["input"] is not None
    for address in (f"{runs}/quotes/{run_id}", f"{runs}/{run_id}"):
        shown = (await desk.http.get(address, headers=viewer)).json()
        assert shown["status"] == full["status"]
        assert [each["step"] for each in shown["deliveries"]] == [
            each["step"] for each in full["deliveries"]
        ]
        assert {each["input"] for each in shown["deliveries"]} == {None}
        assert shown["input"] is None


async def test_operations_are_noted_with_who_did_them(desk: Desk) -> None:
    token = desk.issuer.token(sub="olga", realm={"roles": ["operator"]})
    headers = {"authorization": f"Bearer {token}", "x-request-id": "request-of-olga"}
    runs = f"{desk.internal}{API}/api/runs"
    missing = await desk.http.post(f"{runs}/quotes/none/cancel", headers=headers)
    assert missing.status_code == 404
    bad = await desk.http.post(runs, json={"flow": 7}, headers=headers)
    assert bad.status_code == 422
    step = desk.runtime.lock.flows["quotes"].triggers[0]
    started = await desk.http.post(
        runs, json={"flow": "quotes", "step": step, "data": 1}, headers=headers
    )
    assert started.status_code == 202, started.text
    audit = await desk.http.get(
        f"{desk.internal}{API}/api/audit", params={"who": "olga", "kind": "done"}, headers=headers
    )
    start, cancel = audit.json()["items"]  # at once, and nothing of what was not even tried
    assert (start["action"], start["outcome"], start["identity"]) == (
        "run.start",
        "done",
        "user:olga",
    )
    assert (start["flow"], start["run_id"]) == ("quotes", started.json()["run_id"])
    assert start["correlation_id"] == "request-of-olga"
    assert (cancel["outcome"], cancel["reason"], cancel["run_id"]) == (
        "failed",
        "run_not_found",
        "none",
    )
