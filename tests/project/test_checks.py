"""The checks: each names file and field, and says how to mend it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.project.writing import FIXTURES, api, compile_here, event, findings, write_project
from wistro.project.plan import compile_plan

CRON = "from wistro import *\nconfig = CronStep(name='Tick', cron={!r})\ndef handler(ctx): ...\n"
START = {"steps/start.step.py": api("Start", emits=["t"])}
EMPTY = "from wistro import *\nconfig = EventStep(name='B', subscribes=[])\ndef handler(m): ...\n"


def waits(topic: str, **more: object) -> str:
    """A step that waits for a topic."""
    where, flows = more.get("where"), more.get("flows", ())
    return (
        "from wistro import *\nconfig = NoopStep(name='Wait', subscribes=[], emits=[], "
        f"flows={flows!r}, awaits=Await(topic={topic!r}, where={where!r}))\n"
    )


CASES = {
    "duplicate_id": (
        {"steps/a/x.step.py": api("One", "/a"), "steps/b/x.step.py": api("Two", "/b")},
        (
            "error",
            "steps/b/x.step.py",
            "id",
            "already that of `steps/a/x.step.py`",
            "`id` of its own",
        ),
    ),
    "bad_cron": (
        {"steps/a.step.py": CRON.format("61 * * * *"), "steps/b.step.py": api("Start")},
        ("error", "steps/a.step.py", "cron", "`61 * * * *` is not a cron expression", "0 3 * * 1"),
    ),
    "bad_cron six fields": (
        {"steps/a.step.py": CRON.format("0 0 * * * *"), "steps/b.step.py": api("Start")},
        ("error", "steps/a.step.py", "cron", "expected five fields, found 6", "0 3 * * 1"),
    ),
    "bad_cron never": (
        {"steps/a.step.py": CRON.format("0 0 30 2 *"), "steps/b.step.py": api("Start")},
        ("error", "steps/a.step.py", "cron", "not a cron expression", "0 3 * * 1"),
    ),
    "bad_expression where": (
        START
        | {
            "steps/a.step.py": event("One", "t"),
            "steps/b.step.py": "from wistro import *\nconfig = EventStep(name='N', "
            "subscribes=['t', Subscribe(topic='t', where='mesage.x > 1')])\ndef handler(m, c): ...\n",
        },
        (
            "error",
            "steps/b.step.py",
            "subscribes[1].where",
            "`mesage.x > 1` is not a CEL",
            "CEL over",
        ),
    ),
    "bad_expression key": (
        START
        | {
            "steps/a.step.py": event("One", "t"),
            "steps/b.step.py": event("N", "t", join={"key": "1 +", "quorum": 2}),
        },
        ("error", "steps/b.step.py", "join.key", "not a CEL expression", "message.total > 100"),
    ),
    "bad_expression quorum": (
        START
        | {
            "steps/a.step.py": event("One", "t"),
            "steps/b.step.py": event("N", "t", join={"quorum": "message."}),
        },
        ("error", "steps/b.step.py", "join.quorum", "not a CEL expression", "message.total > 100"),
    ),
    "duplicate_route": (
        {"steps/a.step.py": api("A", "/x/{id}"), "steps/b.step.py": api("B", "/x/:key/")},
        ("error", "steps/b.step.py", "path", "already answered by `steps/a.step.py`", "method"),
    ),
    "reserved_route": (
        {"steps/a.step.py": api("A", "/_wistro/api/x"), "steps/b.step.py": api("B")},
        ("error", "steps/a.step.py", "path", "a path of Wistro itself", "another path"),
    ),
    "bad_route": (
        {"steps/a.step.py": api("A", "/x/{id"), "steps/b.step.py": api("B")},
        (
            "error",
            "steps/a.step.py",
            "path",
            "`{id` is neither a word nor a parameter",
            "/orders/{id}",
        ),
    ),
    "bad_route twice": (
        {"steps/a.step.py": api("A", "/{id}/:id"), "steps/b.step.py": api("B")},
        ("error", "steps/a.step.py", "path", "`id` is there twice", "/orders/{id}"),
    ),
    "unknown_flow": (
        {
            "wistro.yml": "flows: { orders: }",
            "steps/a.step.py": api("A", flows=["orders", "ordres"]),
        },
        ("error", "steps/a.step.py", "flows", "`ordres` is not among", "did you mean `orders`?"),
    ),
    "flow_without_steps": (
        {"wistro.yml": "flows: { orders: , default: }", "steps/a.step.py": api("A")},
        (
            "warning",
            "wistro.yml",
            "flows.orders",
            "no step is in the flow `orders`",
            "flows=['orders']",
        ),
    ),
    "flow_without_trigger": (
        {"steps/a.step.py": event("A", "t", emits=["t"])},
        (
            "error",
            "steps/a.step.py",
            "flows",
            "nothing starts the flow `default`",
            "api, cron or call",
        ),
    ),
    "nobody_emits": (
        START | {"steps/a.step.py": event("A", "t"), "steps/b.step.py": event("B", "tt.x")},
        ("error", "steps/b.step.py", "subscribes[0]", "nothing emits `tt.x`", "external: true"),
    ),
    "nobody_emits awaited": (
        START | {"steps/a.step.py": event("A", "t"), "steps/b.step.py": waits("tt.x")},
        ("error", "steps/b.step.py", "await.topic", "nothing emits `tt.x`", "external: true"),
    ),
    "crossing_flow awaited": (
        {
            "steps/s.step.py": api("S", flows=["one"], emits=["t"]),
            "steps/a.step.py": event("A", "t", flows=["one"]),
            "steps/b.step.py": waits("t", flows=["two"]),
            "steps/c.step.py": api("C", "/c", flows=["two"]),
        },
        ("error", "steps/b.step.py", "await.topic", "cross into `two`", "shared: true"),
    ),
    "bad_expression awaited": (
        START
        | {"steps/a.step.py": event("A", "t"), "steps/b.step.py": waits("t", where="message.x =")},
        (
            "error",
            "steps/b.step.py",
            "await.where",
            "not a CEL expression",
            "message.order == request.id",
        ),
    ),
    "nobody_emits typo": (
        {
            "steps/s.step.py": api("S", emits=["order.placed"]),
            "steps/a.step.py": event("A", "order.placed"),
            "steps/b.step.py": event("B", "order.plaecd"),
        },
        (
            "error",
            "steps/b.step.py",
            "subscribes[0]",
            "nothing emits",
            "did you mean `order.placed`?",
        ),
    ),
    "nobody_receives": (
        START,
        ("warning", "steps/start.step.py", "emits[0]", "nothing receives `t`", "subscribe to it"),
    ),
    "nobody_receives failure": (
        START | {"steps/a.step.py": event("A", "t", on_failure={"topic": "dead"})},
        ("warning", "steps/a.step.py", "on_failure", "nothing receives `dead`", "subscribe to it"),
    ),
    "no_subscription": (
        START | {"steps/a.step.py": event("A", "t"), "steps/b.step.py": EMPTY},
        ("error", "steps/b.step.py", "subscribes", "nothing ever reaches it", "name a topic"),
    ),
    "crossing_flow": (
        {
            "steps/s.step.py": api("S", flows=["one"], emits=["t"]),
            "steps/a.step.py": event("A", "t", flows=["one"]),
            "steps/b.step.py": event("B", "t", flows=["two"]),
            "steps/c.step.py": api("C", "/c", flows=["two"]),
        },
        ("error", "steps/b.step.py", "subscribes[0]", "cross into `two`", "shared: true"),
    ),
    "schema_disagreement": (
        {
            "steps/s.step.py": "from wistro import *\nconfig = ApiStep(name='S', path='/s', "
            "method='GET', emits={'t': str})\ndef handler(r, c): ...\n",
            "steps/a.step.py": event("A", "t", input={"type": "integer"}),
        },
        (
            "error",
            "steps/a.step.py",
            "subscribes[0]",
            "what `steps/s.step.py` emits on `t`: the message is string, expected integer",
            "change the schema",
        ),
    ),
    "schema_disagreement topic": (
        {
            "wistro.yml": "topics: { t: { schema: { type: integer } } }",
            "steps/s.step.py": "from wistro import *\nconfig = ApiStep(name='S', path='/s', "
            "method='GET', emits={'t': str})\ndef handler(r, c): ...\n",
            "steps/a.step.py": event("A", "t"),
        },
        (
            "error",
            "steps/s.step.py",
            "emits[0]",
            "do not fit the topic's schema",
            "in `wistro.yml`",
        ),
    ),
    "schema_disagreement topic subscriber": (
        {
            "wistro.yml": "topics: { t: { schema: { type: string } } }",
            **START,
            "steps/a.step.py": event("A", "t", input={"type": "integer"}),
        },
        ("error", "steps/a.step.py", "subscribes[0]", "expected integer", "change the schema"),
    ),
    "inline_with_limits": (
        START | {"steps/a.step.py": event("A", "t", placement="inline", concurrency=1)},
        ("error", "steps/a.step.py", "placement", "`concurrency` limits a task queue", "remove"),
    ),
    "fifo": (
        START | {"steps/a.step.py": event("A", "t", infrastructure={"queue": {"type": "fifo"}})},
        (
            "warning",
            "steps/a.step.py",
            "infrastructure.queue.type",
            "concurrently",
            "`concurrency` to 1",
        ),
    ),
    "unused_topic": (
        {"wistro.yml": "topics: { tt: { shared: true } }"}
        | {"steps/s.step.py": api("S", emits=["t.t"]), "steps/a.step.py": event("A", "t.t")},
        ("warning", "wistro.yml", "topics.tt", "no step emits `tt`", "t"),
    ),
    "name_for_programs": (
        {"steps/a.step.py": api("place_order")},
        ("warning", "steps/a.step.py", "name", "reads like an identifier", "'Place order'"),
    ),
    "name_for_programs flow": (
        {"wistro.yml": "flows: { default: { name: orderFlow } }", "steps/a.step.py": api("A")},
        ("warning", "wistro.yml", "flows.default.name", "`orderFlow`", "'Order flow'"),
    ),
    "no_steps": ({}, ("warning", ".", None, "no step files", "wistro new")),
}


@pytest.mark.parametrize("case", CASES)
def test_check(case: str, tmp_path: Path) -> None:
    files, (severity, file, field, message, hint) = CASES[case]
    found = findings(write_project(tmp_path, files))
    assert [each.code for each in found] == [case.partition(" ")[0]], found
    (finding,) = found
    assert (finding.severity, finding.file, finding.field) == (severity, file, field)
    assert message in finding.message
    assert hint in finding.hint


@pytest.mark.parametrize(
    ("case", "kept"),
    [
        ("duplicate_id", ["x"]),
        ("bad_cron", ["b"]),
        ("bad_expression where", ["a", "start"]),
        ("duplicate_route", ["a"]),
        ("reserved_route", ["b"]),
    ],
)
def test_an_unusable_step_is_left_out_and_the_rest_is_compiled(
    case: str, kept: list[str], tmp_path: Path
) -> None:
    compiled = compile_here(write_project(tmp_path, CASES[case][0]))
    assert list(compiled.lock.steps) == kept
    assert not compiled.ok


def test_a_broken_file_does_not_hide_the_rest(tmp_path: Path) -> None:
    write_project(tmp_path, {"steps/a.step.py": "1 / 0", "steps/b.step.py": api("B")})
    compiled = compile_here(tmp_path)
    assert [error.path for error in compiled.errors] == ["steps/a.step.py"]
    assert list(compiled.lock.steps) == ["b"]
    assert not compiled.ok


@pytest.mark.parametrize(
    "files",
    [
        {"wistro.yml": "topics: { t: { external: true } }", "steps/a.step.py": event("A", "t")},
        {
            "steps/out.step.py": "config = {'type': 'noop', 'name': 'Out', 'virtualEmits': ['t']}",
            "steps/a.step.py": event("A", "t"),
        },
        START
        | {
            "steps/out.step.py": "config = {'type': 'noop', 'name': 'Out', 'virtualSubscribes': ['t']}"
        },
        {
            "wistro.yml": "topics: { t: { shared: true } }",
            "steps/s.step.py": api("S", flows=["one"], emits=["t"]),
            "steps/a.step.py": event("A", "t", flows=["two"]),
        },
        {
            "wistro.yml": "topics_shared_by_default: true",
            "steps/s.step.py": api("S", flows=["one"], emits=["t"]),
            "steps/a.step.py": event("A", "t", flows=["two"]),
        },
        {"steps/a.step.py": api("A", "/x/{id}"), "steps/b.step.py": api("B", "/x/new")},
        # Both flows have their own emitter: nothing needs to cross.
        {
            "steps/s.step.py": api("S", flows=["one", "two"], emits=["t"]),
            "steps/a.step.py": event("A", "t", flows=["one"]),
            "steps/b.step.py": event("B", "t", flows=["two"]),
        },
    ],
)
def test_sound_projects_have_no_findings(files: dict[str, str], tmp_path: Path) -> None:
    assert findings(write_project(tmp_path, files)) == []


def test_an_emission_that_another_flow_wants(tmp_path: Path) -> None:
    write_project(
        tmp_path,
        {
            "steps/s.step.py": api("S", flows=["one"], emits=["t"]),
            "steps/b.step.py": event("B", "t", flows=["two"]),
            "steps/c.step.py": api("C", "/c", flows=["two"], emits=["t"]),
        },
    )
    (finding,) = findings(tmp_path)
    assert (finding.code, finding.file) == ("nobody_receives", "steps/s.step.py")
    assert "the flow `two` subscribes to it" in finding.hint


@pytest.mark.parametrize("name", ["shop", "motia", "tiny"])
def test_the_fixtures_have_no_errors(name: str) -> None:
    assert compile_here(FIXTURES / name).ok


def test_an_awaited_topic_is_received_and_comes_from_outside(tmp_path: Path) -> None:
    write_project(
        tmp_path,
        {
            "wistro.yml": "topics: { t: { external: true, keep: 5m }, t2: { shared: true } }",
            "steps/s.step.py": api("S", flows=["one"], emits=["t2"]),
            "steps/a.step.py": waits("t", flows=["one"]),
            "steps/b.step.py": waits("t2", flows=["two"]),
            "steps/c.step.py": api("C", "/c", flows=["two"]),
        },
    )
    compiled = compile_here(tmp_path)
    assert compiled.findings == ()
    topics = compiled.lock.topics
    assert (topics["t"].awaited_by, topics["t"].keep) == (("a",), timedelta(minutes=5))
    assert topics["t2"].keep == timedelta(hours=1)
    assert compile_plan(compiled.lock, "one").shared == {"t2": ("two",)}
