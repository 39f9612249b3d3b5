"""Python steps: queues, failures, schedules, undeclared messages, files with the same stem, bodies."""

from __future__ import annotations

import pytest

from tests.cli.command import wistro
from tests.motia.conftest import Copied, Start
from tests.motia.running import Motia, findings

pytestmark = [pytest.mark.server, pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.fixture(name="rows")
def the_rows(start: Start) -> Motia:
    return start("python-events")


def test_what_is_wrong_with_the_whole_is_a_warning(copied: Copied) -> None:
    said = findings(copied("python-events"))
    assert said["ok"], said
    assert {problem["severity"] for problem in said["problems"]} == {"warning"}
    codes = {problem["code"] for problem in said["problems"]}
    assert {"motia_rules", "nobody_emits", "nobody_receives", "fifo"} <= codes


def test_a_failed_attempt_is_made_again(rows: Motia) -> None:
    trace = rows.post("/imports", {"rows": [{"id": "a"}, {"id": "b", "odd": True}]}).json()["trace"]
    rows.ended(trace)
    kept = rows.get("/exports/rows").json()["rows"]
    assert [(row["id"], row["tries"], row["limit"]) for row in kept] == [
        ("a", 1, 100),
        ("b", 2, 100),
    ]


def test_an_undeclared_message_is_left_out(rows: Motia) -> None:
    trace = rows.post("/imports", {"rows": [{"id": "c"}]}).json()["trace"]
    rows.ended(trace)
    line = rows.command.wait_for("log", run_id=trace, level="error", step="keep_row")
    assert "row.lost" in line["message"]
    assert line["message"].endswith("the message is left out")


def test_a_message_that_does_not_fit_is_delivered(rows: Motia) -> None:
    trace = rows.post("/imports", {"rows": [{"id": 4}]}).json()["trace"]
    rows.ended(trace)
    rows.command.wait_for("log", run_id=trace, level="warn", step="keep_row")
    rows.logged("Row kept", run_id=trace)


def test_what_fails_for_good_is_held_and_stops_nobody(rows: Motia) -> None:
    trace = rows.post("/imports", {"rows": [{"id": "x", "broken": True}, {"id": "d"}]}).json()[
        "trace"
    ]
    rows.command.wait_for("delivery.held", run_id=trace)
    rows.logged("Row kept", run_id=trace)
    held = wistro("runs", "show", trace, "--json", cwd=rows.root).ok().json()
    [delivery] = [each for each in held["deliveries"] if each["status"] == "held"]
    wistro("runs", "skip", trace, delivery["delivery_id"], cwd=rows.root).ok()
    rows.ended(trace)


@pytest.mark.parametrize(
    ("kind", "content_type", "body"),
    [
        ("page", "text/html; charset=utf-8", b"<h1>Rows</h1>"),
        ("json", "application/json", b'{"rows": 1}'),
        ("bytes", "image/png", b"\x89PNG"),
    ],
)
def test_text_and_bytes_are_sent_as_they_are(
    rows: Motia, kind: str, content_type: str, body: bytes
) -> None:
    answer = rows.get(f"/exports/{kind}")
    assert (answer.headers["content-type"], answer.content) == (content_type, body)


def test_the_clock_starts_runs(rows: Motia) -> None:
    ticked = rows.command.wait_for("log", message="Time passed")
    assert ticked["flow"] == "jobs"


def test_a_message_from_outside_starts_one_run(rows: Motia) -> None:
    answer = wistro("emit", "row.again", "--message", '{"id": "e"}', "--json", cwd=rows.root)
    [run] = answer.ok().json()["runs"]
    rows.ended(run["run_id"])
    rows.logged("Row kept", run_id=run["run_id"])


def test_streams_keep_items_by_group_and_id(rows: Motia) -> None:
    said = rows.post("/progress/7", {}).json()
    item = {"id": "7", "done": 1, "of": 3}
    assert said == {"written": item, "read": item, "ids": ["7", "other"], "gone": None}
