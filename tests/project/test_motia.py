"""Motia's rules: when they apply, and what they make of a project."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.project.writing import compile_here, write_project
from wistro.project import Project
from wistro.project.plan import compile_plan
from wistro.temporal.host.catalogue import Catalogue

CONFIG = (
    "config = {{'type': 'event', 'name': 'It', 'subscribes': ['{}'], 'emits': {}, 'flows': {}}}\n"
)
HANDLER = "async def handler(input_data, context): ...\n"


def event(subscribes: str, flows: list[str], emits: list[str] | None = None) -> str:
    return CONFIG.format(subscribes, emits or [], flows) + HANDLER


def api(path: str, flows: list[str], emits: list[str]) -> str:
    fields = {"type": "api", "name": "Api", "path": path, "method": "GET", "emits": emits}
    return f"config = {fields | {'flows': flows}}\n{HANDLER}"


@pytest.mark.parametrize(
    ("files", "motia"),
    [
        ({"steps/a_step.py": event("t", [])}, True),
        ({"steps/a.step.ts": "import type { EventConfig } from 'motia'\n"}, True),
        ({"steps/a.step.js": "const { config } = require('motia')\n"}, True),
        ({"steps/a.step.js": "export const config = { type: 'noop', name: 'wistro' }\n"}, False),
        ({"steps/a.step.py": "from wistro import EventStep\n"}, False),
        (
            {
                "steps/a.step.ts": 'import { Handlers } from "motia"\n',
                "steps/b.step.py": "from wistro import EventStep\n",
            },
            True,
        ),
        ({"steps/a_step.py": event("t", []), "wistro.yml": "project: shop\n"}, False),
        (
            {"steps/a.step.py": "from wistro import *\n", "wistro.yml": "compatibility: motia\n"},
            True,
        ),
        ({}, False),
    ],
)
def test_when_they_apply(tmp_path: Path, files: dict[str, str], motia: bool) -> None:
    assert Project.open(write_project(tmp_path, files)).settings.motia is motia


def test_every_run_reaches_every_step(tmp_path: Path) -> None:
    files = {
        "steps/start_step.py": api("/a", ["one"], ["t"]),
        "steps/x_step.py": event("t", ["two", "three"]),
        "steps/y_step.py": event("t", []),
    }
    compiled = compile_here(write_project(tmp_path, files))
    assert compiled.ok
    lock = compiled.lock
    assert set(lock.flows) == {"default", "one", "three", "two"}
    assert lock.flows["two"].steps == ("x",)
    for flow in lock.flows:
        plan = compile_plan(lock, flow)
        assert set(plan.steps) == {"start", "x", "y"}
        assert plan.shared == {}
    # A message from outside starts one run, not one in every flow.
    assert Catalogue.of(lock).receivers == {"t": ("default",)}


def test_requests_are_attempted_once_and_failures_are_kept(tmp_path: Path) -> None:
    files = {
        "steps/a_step.py": api("/a", ["one"], ["t"]),
        "steps/b_step.py": event("t", ["one"]),
        "wistro.yml": "compatibility: motia\n",
    }
    lock = compile_here(write_project(tmp_path, files)).lock
    request, message = lock.policy("a"), lock.policy("b")
    assert request.retry is not None
    assert message.retry is not None
    assert (request.retry.attempts, request.on_failure) == (1, "fail")
    assert (message.retry.attempts, message.on_failure) == (3, "hold")
    (tmp_path / "wistro.yml").write_text(
        "compatibility: motia\ndefaults: { retry: { attempts: 7 }, on_failure: ignore }\n"
    )
    lock = compile_here(tmp_path).lock
    assert lock.steps["a"].policy.retry == lock.defaults.retry
    assert lock.policy("b").on_failure == "ignore"


def test_files_with_one_stem_are_told_apart(tmp_path: Path) -> None:
    files = {
        "src/api_step.py": api("/1", [], []),
        "src/pets/api_step.py": api("/2", [], []),
        "src/pets/api.step.py": api("/3", [], []),
        "src/pet shop/api_step.py": api("/4", [], []),
        "src/pets/other_step.py": api("/5", [], []),
    }
    lock = compile_here(write_project(tmp_path, files)).lock
    assert {id: step.path for id, step in lock.steps.items()} == {
        "api": "src/api_step.py",
        "pet_shop.api": "src/pet shop/api_step.py",
        "pets.api.py": "src/pets/api.step.py",
        "other": "src/pets/other_step.py",
    }


def test_what_is_wrong_is_a_warning(tmp_path: Path) -> None:
    files = {
        "steps/a_step.py": api("/a", ["one"], ["t"]),
        "steps/b_step.py": api("/a", ["one"], []),
        "steps/c_step.py": event("nothing", ["lonely"]),
        "steps/d_step.py": "config = {'type': 'cron', 'name': 'D', 'cron': 'x', 'emits': []}\n"
        + HANDLER,
    }
    compiled = compile_here(write_project(tmp_path, files))
    assert compiled.ok
    assert next(finding.code for finding in compiled.findings) == "motia_rules"
    codes = {finding.code for finding in compiled.findings}
    assert codes >= {"duplicate_route", "bad_cron", "nobody_emits", "flow_without_trigger"}
    assert set(compiled.lock.steps) == {"a", "c"}


def test_a_cron_may_say_seconds(tmp_path: Path) -> None:
    cron = "config = {'type': 'cron', 'name': 'C', 'cron': '*/10 * * * * *', 'emits': []}\n"
    lock = compile_here(write_project(tmp_path, {"steps/c_step.py": cron + HANDLER})).lock
    assert lock.schedules == {"c": "*/10 * * * * * UTC"}


def test_any_page_may_call(tmp_path: Path) -> None:
    files = {"steps/a_step.py": api("/a", [], [])}
    assert compile_here(write_project(tmp_path, files)).lock.runtime.endpoints.cors_origins == (
        "*",
    )
    (tmp_path / "wistro.yml").write_text("compatibility: motia\nendpoints: { cors_origins: [] }\n")
    assert compile_here(tmp_path).lock.runtime.endpoints.cors_origins == ()
