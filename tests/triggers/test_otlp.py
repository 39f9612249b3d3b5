"""The receiver of spans and the traces it fills, as exporters and people have them."""

from __future__ import annotations

import asyncio
import gzip
import json
from typing import Any

import httpx
import pytest
from google.rpc.status_pb2 import Status
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.trace import SpanKind, use_span

from tests.triggers.conftest import Shop
from wistro.temporal.host.tracing import RECEIVER, export_to_receiver
from wistro_triggers.otlp import MAX_BODY, MAX_SENT

pytestmark = [pytest.mark.server, pytest.mark.asyncio(loop_scope="session")]

TRACE, SPAN = "5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b174"
PROTOBUF = {"content-type": "application/x-protobuf"}


def headers_of(shop: Shop) -> dict[str, str]:
    """What a process of the project sends."""
    variables = export_to_receiver(shop.url, shop.runtime.keys, [], {})
    name, _, value = variables["OTEL_EXPORTER_OTLP_TRACES_HEADERS"].partition("=")
    return {name: value.replace("%20", " ")}


def sent(**more: object) -> dict[str, Any]:
    """The example of the specification, more or less."""
    span = {
        "traceId": TRACE,
        "spanId": SPAN,
        "name": "I'm a server span",
        "startTimeUnixNano": "1544712660000000000",
        "endTimeUnixNano": "1544712661500000000",
        "kind": 2,
        "attributes": [{"key": "my.span.attr", "value": {"stringValue": "some value"}}],
    }
    attributes = [{"key": "service.name", "value": {"stringValue": "my.service"}}]
    scope = {"scope": {"name": "my.library"}, "spans": [{**span, **more}]}
    return {"resourceSpans": [{"resource": {"attributes": attributes}, "scopeSpans": [scope]}]}


def _fail() -> None:
    raise ValueError("oh")


async def post(shop: Shop, **request: Any) -> httpx.Response:
    headers = {**headers_of(shop), **request.pop("headers", {})}
    return await shop.http.post(RECEIVER, headers=headers, **request)


async def shown(shop: Shop, trace: str) -> dict[str, Any]:
    answer = await shop.admin.get(f"/_wistro/api/traces/{trace}")
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("compression", list(Compression))
async def test_takes_what_the_exporter_of_python_sends(
    shop: Shop, compression: Compression
) -> None:
    url = f"{shop.url}{RECEIVER}"
    exporter = OTLPSpanExporter(url, headers=headers_of(shop), compression=compression)
    provider = TracerProvider(resource=Resource.create({"service.name": "till"}))
    tracer = provider.get_tracer("test")
    with tracer.start_as_current_span("outer", kind=SpanKind.CLIENT) as outer:
        inner = tracer.start_span("inner")
        inner.set_attributes({"n": 1, "list": ["a", "b"], "yes": True, "share": 0.5})
        with pytest.raises(ValueError, match="oh"), use_span(inner, end_on_exit=True):
            _fail()
    spans: Any = [inner, outer]
    assert await asyncio.to_thread(exporter.export, spans) == SpanExportResult.SUCCESS
    assert await asyncio.to_thread(exporter.export, spans) == SpanExportResult.SUCCESS
    found = await shown(shop, f"{outer.get_span_context().trace_id:032x}")
    (source,) = found["sources"]
    assert source["service"] == {"name": "till", "language": "python"}
    first, second = found["spans"]
    assert (first["name"], first["kind"], second["parent_id"]) == (
        "outer",
        "client",
        first["span_id"],
    )
    assert second["attributes"] == {"n": 1, "list": ["a", "b"], "yes": True, "share": 0.5}
    assert (second["status"], second["message"]) == ("error", "ValueError: oh")
    (event,) = second["events"]
    assert event["attributes"]["exception.message"] == "oh"
    assert "test_otlp.py" in event["attributes"]["exception.stacktrace"]


async def test_takes_json_with_hexadecimal_ids(shop: Shop) -> None:
    answer = await post(shop, json=sent(parentSpanId="eee19b7ec3c1b173", unknown={"a": 1}))
    assert (answer.status_code, answer.json()) == (200, {})
    found = await shown(shop, TRACE)
    assert found["sources"][0]["service"] == {"name": "my.service", "language": ""}
    (span,) = found["spans"]
    assert (span["span_id"], span["parent_id"]) == (SPAN, "eee19b7ec3c1b173")
    assert (span["kind"], span["scope"]) == ("server", "my.library")
    assert span["end"] - span["start"] == 1500
    listed = (await shop.admin.get("/_wistro/api/traces", params={"service": "my.service"})).json()
    assert listed["items"][0]["trace_id"] == TRACE
    assert listed["items"][0]["seconds"] == 1.5
    assert listed["tracing"]["goes"] == "nowhere"  # this process exports nothing


@pytest.mark.parametrize(
    "wrong",
    [
        {"traceId": "short"},
        {"traceId": "0" * 32},
        {"spanId": "zz" * 8},
        {"spanId": ""},
        {"name": ""},
        {"startTimeUnixNano": "0"},
        {"startTimeUnixNano": "18446744073709551615"},
    ],
)
async def test_a_span_that_makes_no_sense_is_refused_alone(
    shop: Shop, wrong: dict[str, str]
) -> None:
    body = sent(**wrong)
    trace = f"{hash(str(wrong)) & (2**64 - 1):032x}"
    body["resourceSpans"].append(sent(traceId=trace)["resourceSpans"][0])
    answer = (await post(shop, json=body)).json()
    assert answer["partialSuccess"]["rejectedSpans"] == "1"
    assert "valid" in answer["partialSuccess"]["errorMessage"]
    assert len((await shown(shop, trace))["spans"]) == 1


@pytest.mark.parametrize("token", [None, "", "Bearer x", "Basic abc", "Bearer wr1.e30.x"])
async def test_strangers_hand_in_nothing(shop: Shop, token: str | None) -> None:
    headers = PROTOBUF if token is None else {**PROTOBUF, "authorization": token}
    answer = await shop.http.post(RECEIVER, content=b"", headers=headers)
    assert answer.status_code == 401
    assert "trace token" in Status.FromString(answer.content).message


async def test_a_trace_token_opens_nothing_else(shop: Shop) -> None:
    answer = await shop.http.get("/_wistro/api/traces", headers=headers_of(shop))
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"\xff\xff\xff", PROTOBUF, 400),
        (b"{", {"content-type": "application/json"}, 400),
        (b"[1]", {"content-type": "application/json"}, 400),
        (b'{"resourceSpans": 7}', {"content-type": "application/json; charset=utf-8"}, 400),
        (b'{"resourceSpans": [{"scopeSpans": [7]}]}', {"content-type": "application/json"}, 400),
        (b"[" * 100_000, {"content-type": "application/json"}, 400),
        (b"no gzip", {**PROTOBUF, "content-encoding": "gzip"}, 400),
        (gzip.compress(b"x" * 1000, mtime=0)[:-20], {**PROTOBUF, "content-encoding": "gzip"}, 400),
        (b"x", {**PROTOBUF, "content-encoding": "br"}, 415),
        (b"x" * (MAX_SENT + 1), PROTOBUF, 413),
        (
            gzip.compress(b"\0" * (MAX_BODY + 1), mtime=0),
            {**PROTOBUF, "content-encoding": "gzip"},
            413,
        ),
    ],
)
async def test_bodies_that_are_none(
    shop: Shop, content: bytes, headers: dict[str, str], status: int
) -> None:
    answer = await post(shop, content=content, headers=headers)
    assert answer.status_code == status, answer.content[:200]
    if "json" in headers["content-type"]:
        assert json.loads(answer.content)["message"]
    else:
        assert Status.FromString(answer.content).message


async def test_an_empty_request_is_fine(shop: Shop) -> None:
    answer = await post(shop, content=b"", headers=PROTOBUF)
    assert answer.headers["content-type"] == "application/x-protobuf"
    assert ExportTraceServiceResponse.FromString(answer.content) == ExportTraceServiceResponse()


async def test_what_a_span_says_is_bounded(shop: Shop) -> None:
    trace = "c" * 32
    request = ExportTraceServiceRequest()
    span = request.resource_spans.add().scope_spans.add().spans.add()
    span.trace_id, span.span_id, span.name = bytes.fromhex(trace), b"12345678", "n" * 5000
    span.start_time_unix_nano = 10
    for number in range(300):
        span.attributes.add(key=f"a{number}").value.string_value = "x" * 100_000
    nested = span.attributes.add(key="deep").value
    for _ in range(30):
        nested = nested.array_value.values.add()
    span.events.add(name="exception").attributes.add(key="m").value.double_value = float("nan")
    for _ in range(1000):
        span.events.add(name="e")
        span.links.add(trace_id=span.trace_id, span_id=span.span_id)
    del span.attributes[20:-1]
    content = gzip.compress(request.SerializeToString())
    answer = await post(shop, content=content, headers={**PROTOBUF, "content-encoding": "gzip"})
    assert answer.status_code == 200
    (kept,) = (await shown(shop, trace))["spans"]
    assert len(json.dumps(kept)) < 120_000
    assert kept["dropped"] > 1000
    assert kept["attributes"]["a0"].endswith("(100,000 characters)")
    assert kept["end"] == kept["start"]


async def test_the_spans_of_a_run(shop: Shop) -> None:
    trace, run = "d" * 32, "r7"
    of_run = [
        {"key": "wistro.flow", "value": {"stringValue": "orders"}},
        {"key": "wistro.run_id", "value": {"stringValue": run}},
        {"key": "wistro.step", "value": {"stringValue": "pack"}},
        {"key": "wistro.attempt", "value": {"intValue": "2"}},
    ]
    request = sent(traceId=trace, spanId="1" * 16)
    request["resourceSpans"] += [
        *sent(traceId=trace, spanId="2" * 16, parentSpanId="1" * 16, attributes=of_run)[
            "resourceSpans"
        ],
        *sent(traceId=trace, spanId="3" * 16, parentSpanId="2" * 16)["resourceSpans"],
    ]
    assert (await post(shop, json=request)).status_code == 200
    found = (await shop.admin.get(f"/_wistro/api/runs/orders/{run}/spans")).json()
    (only,) = found["traces"]
    assert [span["span_id"][0] for span in only["spans"]] == ["2", "3"]
    assert (only["spans"][0]["step"], only["spans"][0]["attempt"]) == ("pack", 2)
    nothing = (await shop.admin.get("/_wistro/api/runs/returns/r7/spans")).json()
    assert nothing["traces"] == []
    (listed,) = (await shop.admin.get("/_wistro/api/traces", params={"run_id": run})).json()[
        "items"
    ]
    assert listed["runs"] == [{"flow": "orders", "run_id": run}]


async def test_a_trace_that_is_not_there(shop: Shop) -> None:
    answer = await shop.admin.get(f"/_wistro/api/traces/{'e' * 32}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "trace_not_found")
    assert (await shop.admin.get("/_wistro/api/traces/x")).status_code == 422
    assert (await shop.admin.get("/_wistro/api/traces?before=x")).status_code == 422
