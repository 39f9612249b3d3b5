"""Forms made from schemas, without a server."""

from __future__ import annotations

import datetime
from enum import StrEnum
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field

from wistro.errors import Issue
from wistro.schemas import json_schema
from wistro.tasks import TaskDetail
from wistro_triggers.task_forms import Field as FormField
from wistro_triggers.task_forms import form_of, read_form
from wistro_triggers.task_html import task_page


class Speed(StrEnum):
    """How fast."""

    SLOW = "slow"
    FAST = "fast"


class Address(BaseModel):
    """Where to."""

    street: str
    zip_code: int | None = None


class Decision(BaseModel):
    """What people decide."""

    approved: bool
    speed: Speed = Speed.FAST
    amount: float | None = Field(default=None, description="In euros.")
    when: datetime.date | None = None
    note: Annotated[str, Field(max_length=2000)] = ""
    to: Address | None = None
    lines: list[int] = []


DECISION = json_schema(Decision)
FORM = form_of(DECISION)


def by_name(form: FormField) -> dict[str, FormField]:
    """Its fields, by the names of their inputs."""
    return {leaf.name: leaf for leaf in form.leaves()}


def test_every_type_has_its_field() -> None:
    kinds = {name: field.kind for name, field in by_name(FORM).items()}
    assert kinds == {
        "/approved": "yes_no",
        "/speed": "choice",
        "/amount": "number",
        "/when": "date",
        "/note": "lines",
        "/to/street": "text",
        "/to/zip_code": "integer",
        "/lines": "json",
    }
    fields = by_name(FORM)
    assert (fields["/approved"].required, fields["/amount"].required) == (True, False)
    assert (fields["/amount"].help, fields["/to/zip_code"].label) == ("In euros.", "Zip Code")
    assert fields["/speed"].shown(fields["/speed"].given) == "1"


def test_what_is_filled_in_is_read() -> None:
    filled = {
        "/approved": "false",
        "/speed": "0",
        "/amount": "12.5",
        "/when": "2030-01-31",
        "/note": "two\r\nlines",
        "/to/street": "Elm",
        "/to/zip_code": "",
        "/lines": "[1, 2]",
    }
    assert read_form(FORM, filled) == (
        {
            "approved": False,
            "speed": "slow",
            "amount": 12.5,
            "when": "2030-01-31",
            "note": "two\nlines",
            "to": {"street": "Elm"},
            "lines": [1, 2],
        },
        [],
    )
    assert read_form(FORM, {}) == ({}, [])


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("/amount", "much", "expected a number, found `much`"),
        ("/amount", "nan", "expected a number, found `nan`"),
        ("/to/zip_code", "1.5", "expected a whole number, found `1.5`"),
        ("/lines", "[1", "this is not JSON: EOF while parsing a list at line 1 column 2"),
        ("/speed", "9", "expected one of the choices"),
        ("/lines", "[NaN]", "this is not JSON: expected value at line 1 column 2"),
        ("/lines", "[" * 9999, "this is not JSON: recursion limit exceeded at line 1 column 202"),
        (
            "/lines",
            '["\\ud800"]',
            "this is not JSON: unexpected end of hex escape at line 1 column 9",
        ),
    ],
)
def test_what_cannot_be_read_names_its_field(name: str, text: str, message: str) -> None:
    _, issues = read_form(FORM, {name: text})
    assert issues == [Issue(field=f"data{name.replace('/', '.')}", message=message)]


@pytest.mark.parametrize(
    ("schema", "text", "value"),
    [
        ({"type": "string"}, "hello", "hello"),
        ({"type": ["integer", "null"]}, "7", 7),
        ({"const": "yes"}, "0", "yes"),
        ({"anyOf": [{"type": "string"}, {"type": "number"}]}, "7", 7),
        ({"$ref": "#/nowhere"}, '{"a": 1}', {"a": 1}),
        ({"$ref": "#"}, "[]", []),
        (None, "null", None),
    ],
)
def test_an_answer_need_not_be_an_object(schema: Any, text: str, value: object) -> None:
    form = form_of(schema)
    assert form.name == "/"
    assert read_form(form, {"/": text}) == (value, [])


def test_a_schema_of_itself_ends() -> None:
    schema = {"properties": {"next": {"$ref": "#"}, "name": {"type": "string"}}}
    names = list(by_name(form_of(schema)))
    assert "/next/next/name" in names
    assert len(names) < 20


def test_names_of_any_kind_are_told_apart() -> None:
    schema = {"properties": {"a b/c": {"type": "string"}, "a b": {"type": "boolean"}}}
    form = form_of({"type": "object", **schema})
    assert list(by_name(form)) == ["/a%20b%2Fc", "/a%20b"]
    assert read_form(form, {"/a%20b%2Fc": "x"}) == ({"a b/c": "x"}, [])


def test_the_page_says_where_it_is_wrong_and_runs_nothing() -> None:
    evil = '"><script>alert(1)</script>'
    now = datetime.datetime.now(datetime.UTC)
    request: dict[str, object] = {evil: [evil, {"a": None, "b": True, "c": ""}], "n": 7}
    task = TaskDetail(
        id="1",
        flow="f",
        run_id="r",
        delivery_id="d",
        step="s",
        name=evil,
        status="open",
        assignees=[],
        roles=[],
        opened_at=now,
        due_at=now,
        description=evil,
        request=request,
    )
    schema = {
        "type": "object",
        "properties": {evil: {"type": "string", "title": evil, "enum": [evil, 1]}},
    }
    issues = [Issue(field=f"data.{evil}", message=evil), Issue(field="data", message=evil)]
    page = task_page(task, form_of(schema), to=evil, filled={"comment": evil}, issues=issues)
    assert "<script" not in page
    assert page.count('role="alert"') == 1
    assert "<dd>yes</dd>" in page
