"""What the headers of a request say about its run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from wistro_triggers.problems import Problem
from wistro_triggers.starting import StartOptions, read_options


def test_nothing_is_asked_for_by_default() -> None:
    assert read_options({}) == StartOptions()
    assert not StartOptions().delayed


@pytest.mark.parametrize(
    ("prefer", "options"),
    [
        ("respond-async", StartOptions(respond_async=True)),
        ("respond-async, wait=10", StartOptions(respond_async=True, wait=timedelta(seconds=10))),
        ('wait="5"; foo=bar', StartOptions(wait=timedelta(seconds=5))),
        ("wait=0", StartOptions(respond_async=True, wait=timedelta())),
        ("wait=soon, return=minimal, ,", StartOptions()),
    ],
)
def test_preferences(prefer: str, options: StartOptions) -> None:
    assert read_options({"prefer": prefer}) == options


def test_delays() -> None:
    assert read_options({"wistro-delay": "600"}).after == timedelta(minutes=10)
    assert read_options({"wistro-delay": "PT10M"}).after == timedelta(minutes=10)
    assert read_options({"wistro-delay": "1h 30m"}).after == timedelta(minutes=90)
    at = read_options({"wistro-at": "2020-01-31T10:00:00+01:00"}).at
    assert at == datetime(2020, 1, 31, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "value", "finding"),
    [
        ("Wistro-Delay", "soon", "is not a duration"),
        ("Wistro-Delay", "-1", "is not between"),
        ("Wistro-Delay", "P400D", "is not between"),
        ("Wistro-At", "tomorrow", "is not a moment"),
        ("Wistro-At", "2030-01-31T09:00:00", "no offset"),
        ("Wistro-At", "9000-01-31T09:00:00Z", "days away"),
        ("Idempotency-Key", "", "1 to 255"),
        ("Idempotency-Key", "x" * 256, "1 to 255"),
        ("Idempotency-Key", "naïve", "1 to 255"),
    ],
)
def test_a_wrong_header_is_named(header: str, value: str, finding: str) -> None:
    with pytest.raises(Problem, match=finding) as refused:
        read_options({header.lower(): value})
    assert refused.value.status_code == 400
    assert refused.value.details[0].field == f"headers.{header.lower()}"


def test_two_delays_are_refused() -> None:
    with pytest.raises(Problem, match="cannot be combined"):
        read_options({"wistro-delay": "1", "wistro-at": "2020-01-31T09:00:00Z"})
