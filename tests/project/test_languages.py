"""Steps in other languages: what their discoverers declare becomes part of the same project."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.project.writing import event, write_project
from wistro.errors import SetupError
from wistro.project import Project, discoverers, discovery
from wistro.project.discoverers import Discoverer
from wistro.project.holding import hold
from wistro.project.lock import Lock, dump_lock, load_lock
from wistro.project.plan import compile_plan, queue_of

STANDIN = Path(__file__).with_name("standin.py")


def step(type: str, name: str, **fields: object) -> str:
    """The text of a stand-in step file."""
    return json.dumps({"type": type, "name": name, **fields})


@pytest.fixture(autouse=True)
def stand_ins(monkeypatch: pytest.MonkeyPatch) -> None:
    def standing_in(discoverer: Discoverer) -> Discoverer:
        if discoverer.own:
            return discoverer
        command = (sys.executable, str(STANDIN), discoverer.language)
        return replace(
            discoverer,
            patterns=("*.step.ts",) if discoverer.language == "node" else ("*.step.go",),
            command=lambda _: command,
            environment=lambda _: "",
        )

    everybody = tuple(standing_in(each) for each in discoverers.DISCOVERERS)
    monkeypatch.setattr(discovery, "DISCOVERERS", everybody)


def test_one_flow_in_two_languages(tmp_path: Path) -> None:
    write_project(
        tmp_path,
        {
            "steps/order.step.py": event("Order", "asked", emits=["order.placed"]),
            "steps/charge-card.step.ts": step(
                "event",
                "Charge the card",
                subscribes=["order.placed"],
                emits=["payment.taken"],
                input={"type": "object"},
                infrastructure={"queue": {"maxRetries": 5}},
            ),
            "steps/pay.step.ts": step(
                "api", "Pay", path="/pay/:id", method="post", bodySchema={"type": "object"}
            ),
            "steps/nightly.step.ts": step("cron", "Every night", cron="0 3 * * *"),
            "steps/limited.step.ts": step(
                "event", "Limited", subscribes=["payment.taken"], concurrency=1
            ),
        },
    )
    project = Project.open(tmp_path)
    compiled = project.compile()
    lock = compiled.lock
    assert compiled.errors == ()
    assert {id: each.language for id, each in lock.steps.items()} == {
        "order": "python",
        "charge-card": "node",
        "pay": "node",
        "nightly": "node",
        "limited": "node",
    }
    assert lock.steps["charge-card"].input == {"type": "object"}
    assert lock.steps["pay"].api
    assert lock.steps["pay"].api.body == {"type": "object"}
    assert lock.routes == {"POST /pay/{id}": "pay"}
    assert lock.policy("charge-card").retry
    name = lock.project
    assert queue_of(lock, "order") == f"{name}.runs"
    assert queue_of(lock, "charge-card") == f"{name}.steps.node"
    assert queue_of(lock, "limited") == f"{name}.steps.limited"
    plan = compile_plan(lock, "default")
    assert plan.steps["pay"].queue == f"{name}.steps.node"
    assert not plan.steps["pay"].inline
    # Nothing has changed: the same again, without a process.
    assert project.compile().lock.build == lock.build


def test_what_is_wrong_is_said_as_in_python(tmp_path: Path) -> None:
    write_project(
        tmp_path,
        {
            "steps/good.step.ts": step("noop", "Good"),
            "steps/typo.step.ts": step("event", "Typo", subscribes=["a"], dsecription="?"),
            "steps/text.step.ts": "not JSON",
            "steps/dies.step.ts": "dies",
            "steps/x.step.ts": step("event", "No handler: x", subscribes=["a"]),
        },
    )
    found = discovery.discover(tmp_path)
    assert [each.id for each in found.steps] == ["good"]
    errors = {error.path: error for error in found.errors}
    assert errors["steps/typo.step.ts"].hint == "did you mean `description`?"
    assert errors["steps/typo.step.ts"].field == "dsecription"
    assert errors["steps/text.step.ts"].line == 7
    assert "ended with the exit code 3" in errors["steps/dies.step.ts"].error
    assert "has no handler" in errors["steps/x.step.ts"].error


def test_checks_know_the_languages(tmp_path: Path) -> None:
    write_project(
        tmp_path,
        {
            "steps/inline.step.ts": step(
                "event", "Inline", subscribes=["a"], placement="inline", concurrency=1
            ),
            "steps/node.step.go": step("event", "Node", subscribes=["a"], concurrency=1),
        },
    )
    (tmp_path / "wistro.yml").write_text("topics: { a: { external: true } }")
    found = {each.code: each for each in Project.open(tmp_path).compile().findings}
    assert found["inline_needs_python"].file == "steps/inline.step.ts"
    assert found["inline_needs_python"].field == "placement"
    assert found["queue_taken"].file == "steps/node.step.go"
    assert "inline_with_limits" not in found


def test_without_its_toolchain_a_language_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(_: object) -> tuple[str, ...]:
        raise SetupError("Go steps need Go", code="no_go", hint="install Go")

    everybody = [
        replace(each, command=missing) if each.language == "go" else each
        for each in discovery.DISCOVERERS
    ]
    monkeypatch.setattr(discovery, "DISCOVERERS", everybody)
    write_project(
        tmp_path,
        {
            "steps/a.step.py": event("A", "a"),
            "steps/b.step.ts": step("noop", "B"),
            "steps/c.step.go": step("noop", "C"),
            "steps/d.step.go": step("noop", "D"),
        },
    )
    found = discovery.discover(tmp_path)
    assert [each.id for each in found.steps] == ["a", "b"]
    [error] = found.errors
    assert (error.path, error.error, error.hint) == (
        "steps/c.step.go",
        "Go steps need Go (so 1 more file is left out)",
        "install Go",
    )


def test_one_broken_file_holds_its_language(tmp_path: Path) -> None:
    write_project(
        tmp_path,
        {
            "steps/a.step.py": event("A", "a"),
            "steps/b.step.ts": step("noop", "B"),
            "steps/c.step.ts": step("noop", "C"),
        },
    )
    project = Project.open(tmp_path)
    found, held = hold(discovery.discover(tmp_path), before := project.compile().lock)
    assert held == frozenset()
    write_project(
        tmp_path,
        {
            "steps/a.step.py": event("A again", "a"),
            "steps/b.step.ts": "half a sente",
            "steps/c.step.ts": step("noop", "C again"),
            "steps/d.step.ts": step("noop", "D"),
        },
    )
    found, held = hold(discovery.discover(tmp_path), before)
    assert held == {"node"}
    compiled = project.compile(found)
    names = {id: each.name for id, each in compiled.lock.steps.items()}
    assert names == {"a": "A again", "b": "B", "c": "C"}
    assert [error.path for error in compiled.errors] == ["steps/b.step.ts"]
    # A file that was never there holds nothing.
    write_project(tmp_path, {"steps/b.step.ts": step("noop", "B"), "steps/d.step.ts": "half"})
    found, held = hold(discovery.discover(tmp_path), before)
    assert held == frozenset()
    assert project.compile(found).lock.steps["c"].name == "C again"


def test_streams_are_part_of_the_lock(tmp_path: Path) -> None:
    chat = {"name": "chat", "schema": {"type": "object"}, "baseConfig": {"storageType": "default"}}
    write_project(
        tmp_path,
        {
            "steps/a.step.py": event("A", "a"),
            "steps/chat.step.ts": json.dumps({"stream": chat}),
            "steps/again.step.ts": json.dumps({"stream": chat}),
            "steps/wrong.step.ts": json.dumps({"stream": {**chat, "nam": 1}}),
        },
    )
    compiled = Project.open(tmp_path).compile()
    stream = compiled.lock.streams["chat"]
    assert (stream.path, stream.language, stream.item) == (
        "steps/again.step.ts",
        "node",
        {"type": "object"},
    )
    assert stream.has_access
    [error] = compiled.errors
    assert error.hint == "did you mean `name`?"
    twice = [each for each in compiled.findings if each.code == "duplicate_stream"]
    assert [each.file for each in twice] == ["steps/chat.step.ts"]
    assert load_lock_text(tmp_path, compiled.lock).streams == compiled.lock.streams


def load_lock_text(root: Path, lock: Lock) -> Lock:
    """The lock, written and read."""
    path = root / "wistro.yml.lock"
    path.write_text(dump_lock(lock))
    return load_lock(path)
