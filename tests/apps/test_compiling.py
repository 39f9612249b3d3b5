"""Apps in the lock: what is theirs has their name before it, and they get along with the project."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from tests.apps.writing import REFUNDS, answering, write_app, write_desk
from tests.project.writing import compile_here, event, findings, write_project
from wistro.errors import RunError, SetupError
from wistro.project import Project
from wistro.project.callables import callable_flow
from wistro.project.lock import Lock, dump_lock, load_lock
from wistro.project.manifest import worker_manifest
from wistro.project.plan import compile_plan


def lock_of(root: Path) -> Lock:
    """The lock of a sound project."""
    compiled = compile_here(root)
    assert compiled.ok, (compiled.errors, compiled.findings)
    return compiled.lock


def test_an_app_in_the_lock(tmp_path: Path) -> None:
    lock = lock_of(write_desk(tmp_path, refunds=REFUNDS))
    assert list(lock.steps) == ["decide", "refunds.decide"]
    step = lock.steps["refunds.decide"]
    assert (step.app, step.flows, step.path) == (
        "refunds",
        ("refunds.decide",),
        "apps/refunds/steps/decide.step.py",
    )
    app = lock.apps["refunds"]
    assert (app.name, app.version, app.owner, app.path) == (
        "Refunds",
        "1.2.0",
        "Finance",
        "apps/refunds",
    )
    assert (app.flows, app.callable) == (("refunds.decide",), "refunds.decide")
    flow = lock.flows["refunds.decide"]
    assert (flow.app, flow.name, flow.owner) == ("refunds", "Decide on a refund", "The app's")
    assert flow.callable
    assert flow.callable.description == "Whether money goes back"
    assert lock.flows["questions"].app is None
    (tmp_path / "wistro.yml.lock").write_text(dump_lock(lock))
    assert load_lock(tmp_path / "wistro.yml.lock").apps == lock.apps


def test_a_step_without_a_flow_is_in_the_default_one_of_its_app(tmp_path: Path) -> None:
    app = {"src/deep/decide.step.py": answering("plain")}
    lock = lock_of(write_desk(tmp_path, plain=app))
    assert lock.steps["plain.decide"].flows == ("plain.default",)
    assert (lock.apps["plain"].name, lock.apps["plain"].version) == ("Plain", None)


def test_the_project_wins_field_by_field(tmp_path: Path) -> None:
    settings = dedent("""
        flows:
          questions: {}
          refunds.decide: { owner: Ours, callable: { timeout: 9s } }
    """)
    flow = lock_of(write_desk(tmp_path, settings, refunds=REFUNDS)).flows["refunds.decide"]
    assert (flow.name, flow.owner) == ("Decide on a refund", "Ours")
    assert flow.callable
    assert flow.callable.timeout.total_seconds() == 9
    assert flow.callable.description == "Whether money goes back"


def test_apps_are_told_apart_by_their_names(tmp_path: Path) -> None:
    mail = {"steps/decide.step.py": answering("mail", "decide", id="chosen")}
    lock = lock_of(write_desk(tmp_path, refunds=REFUNDS, mail=mail))
    assert list(lock.steps) == ["decide", "mail.chosen", "refunds.decide"]
    assert list(lock.flows) == ["mail.decide", "questions", "refunds.decide"]


def test_flows_that_an_app_does_not_list(tmp_path: Path) -> None:
    app = {**REFUNDS, "steps/other.step.py": answering("other", "decied")}
    (found,) = findings(write_desk(tmp_path, "flows: { questions: {} }", refunds=app))
    assert (found.code, found.file) == ("unknown_flow", "apps/refunds/steps/other.step.py")
    assert "`apps/refunds/wistro.yml`" in found.message
    assert found.hint == "did you mean `refunds.decide`?"


@pytest.mark.parametrize(
    ("setting", "line", "text"),
    [
        ("name: Refunds\nstate: { adapter: file }\n", 2, "`state` belongs to the project"),
        ("project: mine\n", 1, "`project` belongs to the project"),
        ("versoin: '1'\n", 1, "unknown field `versoin`"),
        ("app: No!\n", 1, "expected up to 40 lower case letters"),
        ("flows:\n  decide: { nam: x }\n", 2, "unknown field `nam` in `flows.decide`"),
    ],
)
def test_settings_of_an_app(tmp_path: Path, setting: str, line: int, text: str) -> None:
    write_desk(tmp_path, refunds={**REFUNDS, "wistro.yml": setting})
    with pytest.raises(SetupError) as raised:
        Project.open(tmp_path)
    assert (raised.value.file, raised.value.line) == ("apps/refunds/wistro.yml", line)
    assert text in raised.value.message


def test_folders_that_are_no_apps(tmp_path: Path) -> None:
    write_desk(tmp_path)
    write_project(tmp_path, {"apps/web/index.html": "<p>", "apps/readme.md": "Not one"})
    assert lock_of(tmp_path).apps == {}


def test_a_name_that_no_app_can_have(tmp_path: Path) -> None:
    write_app(write_desk(tmp_path) / "apps" / "My.App")
    with pytest.raises(SetupError, match=r"`apps/My\.App` is not the name of an app"):
        Project.open(tmp_path)


def test_an_app_that_is_a_link(tmp_path: Path) -> None:
    write_app(tmp_path / "elsewhere")
    root = write_desk(tmp_path / "desk")
    (root / "apps").mkdir()
    (root / "apps" / "refunds").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SetupError, match="the app `refunds` is a link"):
        Project.open(root)


def test_topics_that_are_declared_differently(tmp_path: Path) -> None:
    one = {
        **REFUNDS,
        "wistro.yml": "topics: { paid: { external: true, schema: { type: object } } }",
        "steps/paid.step.py": event("Note it", "paid", flows=["notes"]),
    }
    other = {**one, "wistro.yml": "topics: { paid: { external: true, schema: { type: string } } }"}
    write_desk(tmp_path, "topics: { paid: { external: true } }", one=one, other=other)
    (found,) = findings(tmp_path)
    assert (found.code, found.file, found.field) == (
        "topic_disagreement",
        "apps/other/wistro.yml",
        "topics.paid.schema",
    )
    assert "`apps/one/wistro.yml`" in found.message


def test_the_projects_steps_stay_out_of_an_apps_flows(tmp_path: Path) -> None:
    write_desk(tmp_path, refunds=REFUNDS)
    write_project(tmp_path, {"steps/intruder.step.py": answering("me", "refunds.mine")})
    found = next(each for each in findings(tmp_path) if each.code == "flow_of_an_app")
    assert found.file == "steps/intruder.step.py"
    assert "`apps/refunds`" in found.message
    # Without such an app, a dot in the id of a flow means nothing.
    write_project(tmp_path, {"steps/intruder.step.py": answering("me", "returns.mine")})
    assert findings(tmp_path) == []


def test_a_flow_that_is_called_like_an_app(tmp_path: Path) -> None:
    (found,) = findings(write_desk(tmp_path, questions=REFUNDS))
    assert (found.code, found.file) == ("app_and_flow", "steps/decide.step.py")


def test_calling_an_app_by_its_name(tmp_path: Path) -> None:
    several = {
        "steps/decide.step.py": answering("a", "decide"),
        "steps/undo.step.py": answering("b", "undo"),
    }
    named = {**several, "wistro.yml": "call: undo"}
    silent = {
        "wistro.yml": "topics: { heard: { external: true } }",
        "steps/hear.step.py": event("Hear it", "heard"),
    }
    lock = lock_of(
        write_desk(tmp_path, refunds=REFUNDS, several=several, named=named, silent=silent)
    )
    assert callable_flow(lock, "refunds") == "refunds.decide"
    assert callable_flow(lock, "refunds.decide") == "refunds.decide"
    assert callable_flow(lock, "named") == "named.undo"
    assert callable_flow(lock, "decide", app="several") == "several.decide"
    assert callable_flow(lock, "questions", app="several") == "questions"
    with pytest.raises(RunError, match=r"`several\.decide`, `several\.undo`") as raised:
        callable_flow(lock, "several")
    assert raised.value.code == "ambiguous_call"
    for name in ("silent", "silent.default", "refund", "decide"):
        with pytest.raises(RunError) as raised:
            callable_flow(lock, name)
        assert raised.value.code == "not_callable"
    with pytest.raises(RunError) as raised:
        callable_flow(lock, "refund")
    assert raised.value.hint == "did you mean `refunds`?"


def test_a_main_flow_that_cannot_be_called(tmp_path: Path) -> None:
    app = {**REFUNDS, "wistro.yml": "call: decisions"}
    (found,) = findings(write_desk(tmp_path, refunds=app))
    assert (found.code, found.field, found.hint) == ("no_main_flow", "call", "name one of `decide`")


def test_steps_that_call_flows_of_apps(tmp_path: Path) -> None:
    calling = """
        from wistro import NoopStep
        config = NoopStep(name="Ask for it", flows=["{flow}"], subscribes=["wanted"], calls="{calls}")
    """
    settings = "topics: { wanted: { external: true } }"
    app = {**REFUNDS, "steps/ask.step.py": calling.format(flow="ask", calls="decide")}
    app["wistro.yml"] = settings
    root = write_desk(tmp_path, settings, refunds=app)
    write_project(root, {"steps/ask.step.py": calling.format(flow="ask", calls="refunds")})
    lock = lock_of(root)
    for flow, step in (("refunds.ask", "refunds.ask"), ("ask", "ask")):
        calls = compile_plan(lock, flow).steps[step].calls
        assert calls
        assert calls.flow == "refunds.decide"
    write_project(root, {"steps/ask.step.py": calling.format(flow="ask", calls="nobody")})
    (found,) = findings(root)
    assert (found.code, found.file, found.field) == ("not_callable", "steps/ask.step.py", "calls")


def test_the_manifest_of_another_language(tmp_path: Path) -> None:
    lock = lock_of(write_desk(tmp_path, refunds=REFUNDS))
    step = lock.steps["refunds.decide"].model_copy(update={"language": "node"})
    lock = lock.model_copy(update={"steps": {step.id: step}})
    manifest = worker_manifest(lock, "node", root=tmp_path)
    assert manifest.steps["refunds.decide"].path == "apps/refunds/steps/decide.step.py"
