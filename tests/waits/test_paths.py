"""What waits are looked up by."""

from __future__ import annotations

import pytest

from wistro.correlation import Correlation, value_at


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("message.order == request.id", ("order", "id")),
        ("request.id==message.order", ("order", "id")),
        ("message.a.b == request.c.d && message.x > 1", ("a.b", "c.d")),
        ("message.a == request.b\n  && request.b != ''", ("a", "b")),
        (None, None),
        ("true", None),
        ("message.a == message.b", None),
        ("message.a == request.b || message.c", None),
        ("message.a == request.b && message.c || message.d", None),
        ("message.a == request.b && (message.c ? true : false)", None),
        ("message.a == request.b + 1", None),
        ("message.a == request.b.size()", None),
        ("message.a == request.b[0]", None),
        ("message.a != request.b", None),
        ("!(message.a == request.b)", None),
        ("message.x > 1 && message.a == request.b", None),
    ],
)
def test_the_equality_that_must_hold(where: str | None, found: tuple[str, str] | None) -> None:
    correlation = Correlation.of(where)
    assert found == (correlation and (correlation.message, correlation.request))


def test_equal_values_are_written_the_same() -> None:
    data = {"a": {"b": 7.0, "list": [1.0, {"y": 1, "x": None}]}, "none": None}
    assert value_at(data, "a.b") == "7" == value_at({"n": 7}, "n")
    assert value_at(data, "a.list") == '[1,{"x":null,"y":1}]'
    assert value_at(data, "none") == "null"
    assert value_at({"flag": True}, "flag") == "true"
    assert value_at(data, "a.b.c") is None
    assert value_at(data, "missing") is None
    assert value_at("text", "a") is None
