"""`wistro check` on the steps of people."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.inbox.conftest import refunds, write
from wistro.project import Project

TWO = 'assignees=["anna", "bob"],'


@pytest.mark.parametrize(
    ("more", "code", "field"),
    [
        (f'{TWO} approval={{"needed": 3}},', "too_few_approvers", "approval.needed"),
        (f'{TWO} approval={{"needed": 1, "of": 3}},', "too_few_approvers", "approval.of"),
        (f'{TWO} approval={{"where": "message.("}},', "bad_expression", "approval.where"),
        (
            'deadline={"after": "1h", "escalation": "refund.late"},',
            "nobody_receives",
            "emits[2]",
        ),
    ],
)
def test_names_the_field(tmp_path: Path, more: str, code: str, field: str) -> None:
    write(tmp_path, refunds(more=more))
    found = Project.open(tmp_path).compile().findings
    assert (code, field) in [(each.code, each.field) for each in found]


@pytest.mark.parametrize(
    "more", [f'{TWO} approval={{"needed": 2}},', f'{TWO} roles=["all"], approval={{"needed": 5}},']
)
def test_what_can_be_decided_is_fine(tmp_path: Path, more: str) -> None:
    write(tmp_path, refunds(more=more))
    compiled = Project.open(tmp_path).compile()
    assert compiled.ok, compiled.findings
