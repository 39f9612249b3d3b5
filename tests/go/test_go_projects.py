"""Steps in Go: what Go writes of configs, and what the tool finds in a project, is what Python reads."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from wistro.policies import Approval, Await, CallFlow, Deadline, Emit
from wistro.project import Project
from wistro.project.agreement import disagreement
from wistro.project.declared import Declared, read_declared
from wistro.project.toolchains import GO
from wistro.steps import ApiStep, EventStep, NoopStep, parse_config

GO_SOURCES = Path(__file__).parents[2] / "workers" / "go"
GOOD = GO_SOURCES / "internal" / "discover" / "testdata" / "good"
CONFIGS: Mapping[str, Mapping[str, object]] = json.loads(
    (GO_SOURCES / "testdata" / "configs.json").read_text("utf-8")
)


@pytest.mark.parametrize("name", CONFIGS)
def test_configs_are_accepted(name: str) -> None:
    config = parse_config(dict(CONFIGS[name]))
    assert config.name


def test_durations_and_policies_arrive() -> None:
    config = parse_config(dict(CONFIGS["event"]))
    assert isinstance(config, EventStep)
    assert config.retry is not None
    assert config.retry.first_delay == timedelta(milliseconds=500)
    assert config.delay == timedelta(minutes=2)
    assert config.join is not None
    assert config.join.on_timeout == "deliver"
    assert isinstance(config.on_failure, Emit)
    assert [emit.topic for emit in config.emissions] == ["plain", "warehouse.told", "sometimes"]
    assert [subscribe.where for subscribe in config.subscriptions] == [None, "message.total > 100"]


def test_responses_by_status() -> None:
    config = parse_config(dict(CONFIGS["api"]))
    assert isinstance(config, ApiStep)
    assert sorted(config.response_schema) == [201, 404]
    assert config.mode == "async"


def test_steps_that_wait_for_people_messages_and_flows() -> None:
    task, message, flow = (parse_config(dict(CONFIGS[name])) for name in ("task", "await", "calls"))
    assert isinstance(task, NoopStep)
    assert task.executable
    assert (tuple(task.assignees), tuple(task.roles)) == (("ada",), ("finance",))
    assert task.approval == Approval(needed=2, of=3, veto=True, where='message.id == "yes"')
    assert task.deadline == Deadline(
        after=timedelta(hours=48),
        remind=[timedelta(hours=1), timedelta(hours=24)],
        reminder="task.due",
        escalation="task.overdue",
        close=True,
    )
    assert task.notices == ("task.opened", "task.due", "task.overdue")
    assert task.emissions[0].where == 'message.outcome == "approved"'
    assert task.policy.on_failure == "ignore"
    assert isinstance(message, NoopStep)
    assert message.awaits == Await(
        topic="bank.paid", where="message.id == request.id", timeout=timedelta(hours=72)
    )
    assert message.on_failure == Emit(topic="unpaid")
    assert isinstance(flow, NoopStep)
    assert flow.call == CallFlow(flow="credit", timeout=timedelta(minutes=1), detached=True)


def test_schemas_agree_as_those_of_python_do() -> None:
    steps = {step.path: step.config for step in golden().steps}
    given = emission(steps["steps/orders/place.step.go"], "order.placed")
    wanted = as_schema(steps["steps/orders/ship.step.go"]["input"])
    assert disagreement(given, wanted) is None
    total = {"type": "object", "required": ["total"]}
    assert disagreement(given, total) == "`total` is required, and the emitter never sends it"
    text = {"type": "object", "properties": {"items": {"type": "string"}}, "required": ["items"]}
    assert disagreement(given, text) == "`items` is array, expected string"
    # An optional pointer may be null.
    null = {"type": "object", "properties": {"note": {"type": "null"}}, "required": ["note"]}
    assert disagreement(given, null) is None


def golden() -> Declared:
    return read_declared((GOOD.parent / "good.json").read_bytes())


def emission(config: Mapping[str, object], topic: str) -> Mapping[str, object]:
    parsed = parse_config(dict(config))
    return as_schema(next(emit.message for emit in parsed.emissions if emit.topic == topic))


def as_schema(value: object) -> Mapping[str, object]:
    assert isinstance(value, Mapping)
    return cast("Mapping[str, object]", value)


@pytest.mark.slow
def test_a_project_compiles(tmp_path: Path) -> None:
    root = tmp_path / "good"
    shutil.copytree(GOOD, root)
    compiled = Project.open(root).compile()
    assert compiled.errors == ()
    assert [finding for finding in compiled.findings if finding.severity == "error"] == []
    found = {id: step.language for id, step in compiled.lock.steps.items()}
    assert found == dict.fromkeys(("approve", "nightly_report", "place", "quote", "ship"), "go")
    assert compiled.lock.steps["approve"].task  # People answer it: it has an input.
    assert (root / ".wistro" / "cache" / "go" / "worker").is_file()


@pytest.mark.slow
@pytest.mark.timeout(900)  # The first time compiles the Temporal SDK.
def test_go_tests_pass() -> None:
    subprocess.run([str(GO.find()), "vet", "./..."], cwd=GO_SOURCES, check=True)
    subprocess.run([str(GO.find()), "test", "./..."], cwd=GO_SOURCES, check=True)
