"""CloudEvents in their three modes."""

from __future__ import annotations

import base64
import json

import pytest

from wistro_triggers.cloudevents import Event, read_events
from wistro_triggers.problems import Problem

EVENT = {"specversion": "1.0", "id": "7", "source": "/shop", "type": "placed", "data": {"total": 3}}
READ = Event(id="7", source="/shop", type="placed", data={"total": 3})
STRUCTURED = {"content-type": "application/cloudevents+json; charset=utf-8"}


def test_structured() -> None:
    assert read_events(STRUCTURED, json.dumps(EVENT).encode()) == [READ]


def test_batch() -> None:
    headers = {"content-type": "application/cloudevents-batch+json"}
    other = {**EVENT, "id": "8"}
    events = read_events(headers, json.dumps([EVENT, other]).encode())
    assert events is not None
    assert [event.idempotency_key for event in events] == ["/shop 7", "/shop 8"]
    assert read_events(headers, b"[]") == []


def test_binary() -> None:
    headers = {
        "content-type": "application/json",
        "ce-specversion": "1.0",
        "ce-id": "7",
        "ce-source": "%2Fshop",
        "ce-type": "placed",
        "ce-time": "2030-01-31T09:00:00Z",
        "ce-partitionkey": "a",
    }
    assert read_events(headers, b'{"total": 3}') == [READ]
    with pytest.raises(Problem, match="not JSON"):
        read_events(headers, b"{")


def test_a_plain_message_is_no_event() -> None:
    assert read_events({"content-type": "application/json"}, b"{}") is None


def test_binary_data() -> None:
    encoded = base64.b64encode(b'{"total": 3}').decode()
    event = {name: value for name, value in EVENT.items() if name != "data"} | {
        "data_base64": encoded
    }
    assert _data({**event, "datacontenttype": "application/json"}) == {"total": 3}
    assert _data({**event, "datacontenttype": "image/png"}) == encoded
    assert _data(event) == encoded


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"id": None}, "event.id"),
        ({"id": ""}, "event.id"),
        ({"source": None}, "event.source"),
        ({"type": 5}, "event.type"),
        ({"specversion": "0.3"}, "event.specversion"),
        ({"specversion": None}, "event.specversion"),
        ({"time": "yesterday"}, "event.time"),
        ({"time": 5}, "event.time"),
        ({"Total": 5}, "event.Total"),
        ({"data_base64": "!", "data": None}, "event.data_base64"),
        ({"data_base64": "AA=="}, "event.data_base64"),
    ],
)
def test_a_wrong_attribute_is_named(change: dict[str, object], field: str) -> None:
    event = {name: value for name, value in {**EVENT, **change}.items() if value is not None}
    with pytest.raises(Problem, match="not a CloudEvent") as refused:
        read_events(STRUCTURED, json.dumps(event).encode())
    assert field in [detail.field for detail in refused.value.details]


@pytest.mark.parametrize("body", [b"[]", b"3", b"null"])
def test_an_event_is_an_object(body: bytes) -> None:
    with pytest.raises(Problem, match="not a CloudEvent"):
        read_events(STRUCTURED, body)


def test_a_batch_is_an_array_of_objects() -> None:
    headers = {"content-type": "application/cloudevents-batch+json"}
    for body in (b"{}", b"[3]"):
        with pytest.raises(Problem, match="not a CloudEvent"):
            read_events(headers, body)


def test_other_formats_are_refused() -> None:
    with pytest.raises(Problem, match="read in JSON") as refused:
        read_events({"content-type": "application/cloudevents+avro"}, b"")
    assert refused.value.status_code == 415


def _data(event: dict[str, object]) -> object:
    events = read_events(STRUCTURED, json.dumps(event).encode())
    assert events is not None
    return events[0].data
