"""Request bodies by content type."""

from __future__ import annotations

import base64

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wistro_triggers.bodies import parse_body
from wistro_triggers.problems import Problem


@pytest.mark.parametrize(
    ("raw", "content_type", "value"),
    [
        (b'{"a": [1, null]}', "application/json", {"a": [1, None]}),
        (b'{"a": 1}', "application/vnd.api+json; charset=utf-8", {"a": 1}),
        (
            b"a=1&b=2&b=3&c=",
            "application/x-www-form-urlencoded",
            {"a": "1", "b": ["2", "3"], "c": ""},
        ),
        ("grüezi".encode(), "text/plain", "grüezi"),
        ("grüezi".encode("latin-1"), "text/plain; charset=iso-8859-1", "grüezi"),
        (b"\x00\xff", "application/octet-stream", None),
        (b"", "application/json", None),
        (b'{"a": 1}', None, {"a": 1}),
        (b"hello", None, "hello"),
    ],
)
def test_the_content_type_says_how_to_read(
    raw: bytes, content_type: str | None, value: object
) -> None:
    assert parse_body(raw, content_type) == value


@pytest.mark.parametrize(
    ("raw", "where"),
    [
        (b'{"a": ', "line 1 column 6"),
        (b'{"a": NaN}', "column 7"),
        (b'{"a": "\\ud800"}', "hex escape"),
        (b"[" * 5000, "recursion limit"),
        (b"\xff", "column 1"),
        (b"{} {}", "trailing characters"),
    ],
)
def test_what_is_not_json_is_named(raw: bytes, where: str) -> None:
    with pytest.raises(Problem, match=where) as refused:
        parse_body(raw, "application/json")
    assert (refused.value.status_code, refused.value.code) == (400, "invalid_json")


@pytest.mark.parametrize("content_type", ["text/plain", "text/plain; charset=klingon"])
def test_what_is_not_text_is_named(content_type: str) -> None:
    with pytest.raises(Problem, match="not text"):
        parse_body(b"\xff", content_type)


@given(
    content=st.binary(), field=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1)
)
def test_files_of_a_form_arrive_unchanged(content: bytes, field: str) -> None:
    request = httpx.Request(
        "POST",
        "http://localhost",
        data={"field": field},
        files={"file": ("a.bin", content, "application/octet-stream")},
    )
    body = parse_body(request.read(), request.headers["content-type"])
    assert body == {
        "field": field,
        "file": {
            "filename": "a.bin",
            "content_type": "application/octet-stream",
            "base64": base64.b64encode(content).decode(),
        },
    }


def test_a_form_without_its_boundary_is_refused() -> None:
    with pytest.raises(Problem, match="boundary"):
        parse_body(b"--other\r\n\r\n", "multipart/form-data; boundary=this")
