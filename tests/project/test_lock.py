"""The lock: golden files, and what reading and comparing say.

`python -m tests.project.test_lock` writes the golden files again.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest

from tests.project.writing import FIXTURES, compile_here, write_project
from wistro.errors import SetupError
from wistro.project import Project
from wistro.project.lock import LOCK_FILE, Lock, changes, dump_lock, load_lock

PROJECTS = sorted(path.name for path in FIXTURES.iterdir())


def compiled(name: str, folder: Path) -> Lock:
    """The lock of a fixture, compiled from a copy: discovery writes a cache beside the steps."""
    root = Path(shutil.copytree(FIXTURES / name, folder / name))
    result = Project.open(root).compile()
    assert result.errors == ()
    assert [finding for finding in result.findings if finding.severity == "error"] == []
    return result.lock


@pytest.mark.parametrize("name", PROJECTS)
def test_golden(name: str, tmp_path: Path) -> None:
    lock = compiled(name, tmp_path)
    golden = FIXTURES / name / LOCK_FILE
    assert dump_lock(lock) == golden.read_text("utf-8")
    back = load_lock(golden)
    assert dump_lock(back) == dump_lock(lock)
    assert changes(back, lock) == ()


@pytest.fixture(name="root")
def a_project(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FIXTURES / "shop", tmp_path / "shop"))


def test_writing_and_staleness(root: Path) -> None:
    project = Project.open(root)
    lock = compile_here(root).lock
    assert not project.write_lock(lock)
    assert project.stale(lock) == ()
    charge = root / "steps/billing/charge_card.step.py"
    charge.write_text(charge.read_text().replace("attempts=5", "attempts=6"))
    (root / "steps/ship_step.py").unlink()
    write_project(
        root,
        {
            "steps/new.step.py": """
                from wistro import ApiStep
                config = ApiStep(name="New", path="/new", method="GET", flows=["shipping"])
                def handler(request, ctx): ...
            """
        },
    )
    changed = compile_here(root).lock
    assert project.stale(changed) == (
        '~ flow `shipping`: entry_topics: ["order.completed", "parcel.scanned"] → nothing',
        '~ flow `shipping`: steps: ["ship", "stock-taking"] → ["new", "stock-taking"]',
        '~ flow `shipping`: triggers: ["stock-taking"] → ["new", "stock-taking"]',
        "+ route `GET /new`",
        "~ step `charge_card`: its code changed",
        "~ step `charge_card`: policy.retry.attempts: 5 → 6",
        "+ step `new`",
        "- step `ship`",
        '~ topic `order.completed`: subscribers: ["ship"] → nothing',
        '~ topic `parcel.scanned`: subscribers: ["ship"] → nothing',
    )
    assert project.write_lock(changed)
    assert project.stale(changed) == ()


def test_compiling_is_deterministic(root: Path) -> None:
    assert dump_lock(compile_here(root).lock) == dump_lock(compile_here(root).lock)


def test_settings_are_part_of_the_lock(root: Path) -> None:
    lock = load_lock(root / LOCK_FILE)
    assert lock.runtime.endpoints.port == 4000
    assert lock.limits.in_flight == 50
    settings = root / "wistro.yml"
    settings.write_text(settings.read_text().replace("4000", "4001"))
    assert Project.open(root).stale(compile_here(root).lock) == (
        "~ runtime.endpoints.port: 4000 → 4001",
    )


def test_equal_titles_of_different_schemas(tmp_path: Path) -> None:
    step = (
        "from wistro import *\n"
        "config = EventStep(name='N', subscribes=['t'], input={'title': 'Order', 'maxLength': %d})\n"
        "def handler(message, ctx): ...\n"
    )
    write_project(
        tmp_path, {f"steps/{name}.step.py": step % size for name, size in (("a", 1), ("b", 2))}
    )
    text = dump_lock(compile_here(tmp_path).lock)
    (tmp_path / LOCK_FILE).write_text(text)
    lock = load_lock(tmp_path / LOCK_FILE)
    inputs = [step.input for step in lock.steps.values()]
    assert inputs == [{"title": "Order", "maxLength": 1}, {"title": "Order", "maxLength": 2}]
    assert text.count("  Order-") == 2


def test_false_and_null_in_schemas_are_kept(tmp_path: Path) -> None:
    schema = {
        "type": "object",
        "properties": {"x": {"default": None}},
        "additionalProperties": False,
    }
    text = f"""
        from wistro import *
        config = EventStep(name='N', subscribes=['t'], input={schema!r})
        def handler(message, ctx): ...
    """
    write_project(tmp_path, {"steps/a.step.py": text})
    (tmp_path / LOCK_FILE).write_text(dump_lock(Project.open(tmp_path).compile().lock))
    assert load_lock(tmp_path / LOCK_FILE).steps["a"].input == schema


@pytest.mark.parametrize(
    ("old", "new", "code", "message"),
    [
        ("version: 1", "version: 2", "lock_version", "version 2, expected 1"),
        ("attempts: 5", "attempts: 50", "bad_lock", "was edited"),
        ("kind: event", "kind: evnt", "bad_lock", "is damaged: `steps.charge_card.kind`"),
        ("policy:", "polcy:", "bad_lock", "unknown field `polcy`"),
        ("#/schemas/Payment'", "#/schemas/Paiment'", "bad_lock", "the schema 'Paiment' is missing"),
        ("flows:\n", "<<<<<<< HEAD\nflows:\n", "bad_yaml", "is not YAML"),
    ],
)
def test_damaged_locks(root: Path, old: str, new: str, code: str, message: str) -> None:
    path = root / LOCK_FILE
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(SetupError) as caught:
        Project.open(root).read_lock()
    assert caught.value.code == code
    assert message in caught.value.message
    assert caught.value.file == LOCK_FILE


def test_a_missing_lock(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"there is no `wistro\.yml\.lock`") as caught:
        Project.open(tmp_path).read_lock()
    assert caught.value.hint
    assert "wistro lock" in caught.value.hint


def test_a_policy_is_complete(root: Path) -> None:
    lock = load_lock(root / LOCK_FILE)
    policy = lock.policy("tell_customer")
    assert policy.on_failure == "ignore"
    assert policy.retry
    assert policy.retry.attempts == 4
    assert policy.timeout
    assert policy.timeout.total_seconds() == 60


def test_a_task_that_anybody_may_answer_is_still_one_when_read(tmp_path: Path) -> None:
    step = (
        "from wistro import *\n"
        "config = NoopStep(name='N', subscribes=['t'], input={'type': 'boolean'})\n"
    )
    write_project(tmp_path, {"steps/approve.step.py": step})
    Project.open(tmp_path).write_lock(compile_here(tmp_path).lock)
    task = load_lock(tmp_path / LOCK_FILE).steps["approve"].task
    assert task is not None
    assert task.anyone


if __name__ == "__main__":
    for project in PROJECTS:
        with tempfile.TemporaryDirectory() as scratch:
            text = dump_lock(compiled(project, Path(scratch)))
        (FIXTURES / project / LOCK_FILE).write_text(text, "utf-8")
