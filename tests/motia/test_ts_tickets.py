"""TypeScript steps: zod 4, middleware, streams, noop, cron, several flows, tsconfig paths, webhooks, pages."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from tests.motia.conftest import Copied, Start
from tests.motia.running import Motia, findings

pytestmark = [pytest.mark.server, pytest.mark.slow, pytest.mark.timeout(300)]
AGENT = {"x-role": "agent"}


@pytest.fixture(name="tickets")
def the_tickets(start: Start) -> Motia:
    return start("ts-tickets")


def opened(tickets: Motia, title: str, **more: object) -> tuple[str, str]:
    """Open a ticket; its id and its trace, once all is done."""
    answer = tickets.post("/projects/p1/tickets", {"title": title, **more}, headers=AGENT)
    assert answer.status_code == 201, answer.text
    body = answer.json()
    tickets.ended(body["traceId"])
    return body["ticketId"], body["traceId"]


def item(tickets: Motia, kind: str, id: str) -> dict[str, object] | None:
    items = tickets.get(f"/tickets/{kind}").json()["items"]
    return next((each for each in items if each["id"] == id), None)


def test_the_project_is_sound(copied: Copied) -> None:
    said = findings(copied("ts-tickets"))
    assert said["ok"], said
    assert (said["flows"], said["steps"]) == (5, 11)
    assert {problem["severity"] for problem in said["problems"]} == {"warning"}


def test_a_ticket_goes_through_two_flows_in_one_run(tickets: Motia) -> None:
    answer = tickets.post(
        "/projects/p1/tickets?notify=ada", {"title": "Broken", "tags": {"n": 1}}, headers=AGENT
    )
    assert answer.status_code == 201, answer.text
    assert (answer.headers["x-notify"], answer.headers["x-role"]) == ("ada", "agent")
    # `responseSchema` describes: what else the body has is sent.
    assert answer.json()["more"] == "than the schema says"
    id, trace = answer.json()["ticketId"], answer.json()["traceId"]
    tickets.ended(trace)
    closed = item(tickets, "closed", id)
    assert closed == {
        "id": id,
        "title": "Broken",
        "priority": "low",
        # As it was sent: without zod's defaults, and with the date as text.
        "keys": ["id", "openedAt", "tags"],
        "traceId": trace,
        "steps": ["triage", "tickets"],
    }
    assert item(tickets, "board", id) == {"id": id, "title": "Broken", "status": "closed"}
    tickets.logged("Closed", run_id=trace, level="warn")


def test_middleware_catches_what_zod_refuses(tickets: Motia) -> None:
    answer = tickets.post("/projects/p1/tickets", {"title": "x"}, headers=AGENT)
    assert (answer.status_code, answer.json()["error"]) == (400, "Invalid request body")
    nothing = tickets.request("POST", "/projects/p1/tickets", headers=AGENT)
    assert (nothing.status_code, nothing.json()["error"]) == (400, "Invalid request body")


def test_middleware_may_answer(tickets: Motia) -> None:
    answer = tickets.post("/projects/p1/tickets", {"title": "Broken"})
    assert (answer.status_code, answer.json()) == (403, {"error": "Forbidden"})


def test_a_conditional_message(tickets: Motia) -> None:
    _, trace = opened(tickets, "Fire", priority="high")
    line = tickets.command.wait_for("log", run_id=trace, level="error", step="urgent")
    assert line["message"].endswith("the message is left out")


def test_a_request_without_a_body_has_an_empty_one(tickets: Motia) -> None:
    assert tickets.get("/tickets/triaged").json()["body"] == {}


def test_items_of_streams_and_state_are_given_back_when_deleted(tickets: Motia) -> None:
    id, _ = opened(tickets, "Gone")
    answer = tickets.request("DELETE", f"/tickets?id={id}").json()
    assert (answer["deleted"]["id"], answer["gone"]["id"], answer["left"]) == (id, id, [])
    assert item(tickets, "board", id) is None


def test_a_webhook_is_signed_over_its_raw_body(tickets: Motia) -> None:
    body = b'{"id":  "call-1"}\n'
    signature = hmac.new(b"shh", body, hashlib.sha256).hexdigest()
    json = {"content-type": "application/json"}
    answer = tickets.request(
        "POST", "/webhooks/calls", content=body, headers={**json, "x-signature": signature}
    )
    assert (answer.status_code, answer.text) == (200, '{"id":  "call-1"}')
    assert answer.headers["content-type"].startswith("text/html")
    refused = tickets.request(
        "POST", "/webhooks/calls", content=body, headers={**json, "x-signature": "no"}
    )
    assert refused.status_code == 401


@pytest.mark.parametrize(
    ("kind", "content_type"), [("text", "text/html"), ("bytes", "application/octet-stream")]
)
def test_files_beside_a_step_are_found(tickets: Motia, kind: str, content_type: str) -> None:
    answer = tickets.get(f"/page/{kind}")
    assert (answer.status_code, answer.text) == (200, "<h1>Tickets</h1>\n")
    assert answer.headers["content-type"].startswith(content_type)


def test_the_clock_starts_runs(tickets: Motia) -> None:
    tickets.command.wait_for("log", message="A minute passed", timeout=90)
