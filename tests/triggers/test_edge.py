"""The outermost layer: correlation ids, bounds, headers, errors."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI, Request
from prometheus_client import REGISTRY

from wistro.errors import EngineUnavailable, InvalidMessage, Issue, RunError, SetupError, StoreError
from wistro_triggers.edge import Edge
from wistro_triggers.faults import install_faults
from wistro_triggers.problems import correlation_id

LIMIT = 1000


def application() -> FastAPI:
    app, inner = FastAPI(), FastAPI()
    for each in (app, inner):
        install_faults(each)

    @inner.post("/echo")
    async def echo(request: Request) -> dict[str, object]:
        return {"size": len(await request.body()), "id": correlation_id.get()}

    @inner.post("/typed")
    async def typed(wanted: dict[str, int]) -> int:
        return len(wanted)

    @inner.get("/fails/{how}")
    async def fails(how: str) -> None:
        raise {
            "away": EngineUnavailable("Temporal is not available", hint="try again"),
            "refused": RunError("the run has ended", code="run_ended"),
            "invalid": InvalidMessage(
                "wrong", issues=[Issue(field="total", message="is negative")]
            ),
            "store": StoreError("the disk is full"),
            "setup": SetupError("secret path /etc/passwd"),
            "bug": ZeroDivisionError("secret"),
        }[how]

    app.mount("/inner", inner)
    app.add_middleware(Edge, max_body_bytes=LIMIT)
    return app


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(application(), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


async def test_the_correlation_id_of_the_caller_is_kept(http: httpx.AsyncClient) -> None:
    answer = await http.post("/inner/echo", headers={"x-request-id": "caller-7"})
    assert answer.json()["id"] == answer.headers["x-request-id"] == "caller-7"


async def test_an_id_that_is_not_fit_for_logs_is_replaced(http: httpx.AsyncClient) -> None:
    for bad in ("a b", "x" * 200, ""):
        answer = await http.post("/inner/echo", headers={"x-request-id": bad})
        assert len(answer.headers["x-request-id"]) == 32


async def test_answers_carry_safe_headers(http: httpx.AsyncClient) -> None:
    answer = await http.get("/nowhere")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize("path", ["/nowhere", "/inner/nowhere"])
async def test_not_found(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(path)
    assert answer.status_code == 404
    assert answer.json() == {
        "error": {
            "code": "not_found",
            "message": "There is nothing at this path. hint: `/docs` lists what is.",
            "details": [],
            "correlation_id": answer.headers["x-request-id"],
        }
    }


async def test_another_method(http: httpx.AsyncClient) -> None:
    answer = await http.put("/inner/echo")
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "POST"


@pytest.mark.parametrize(
    ("how", "status", "code"),
    [
        ("away", 503, "engine_unavailable"),
        ("refused", 409, "run_ended"),
        ("invalid", 422, "validation_failed"),
        ("store", 503, "store_error"),
        ("setup", 500, "internal_error"),
        ("bug", 500, "internal_error"),
    ],
)
async def test_errors_have_one_shape(
    http: httpx.AsyncClient, how: str, status: int, code: str
) -> None:
    answer = await http.get(f"/inner/fails/{how}")
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (status, code)
    assert error["correlation_id"] == answer.headers["x-request-id"]
    assert "secret" not in answer.text
    assert ("retry-after" in answer.headers) == (status == 503)


async def test_wrong_fields_are_named(http: httpx.AsyncClient) -> None:
    answer = await http.get("/inner/fails/invalid")
    assert answer.json()["error"]["details"] == [{"field": "total", "message": "is negative"}]
    answer = await http.post("/inner/typed", json={"a": "x"})
    assert answer.status_code == 422
    assert [detail["field"] for detail in answer.json()["error"]["details"]] == ["body.a"]


@pytest.mark.parametrize("path", ["/inner/echo", "/inner/typed"])
@pytest.mark.parametrize("streamed", [False, True])
async def test_a_large_body_is_refused(http: httpx.AsyncClient, path: str, streamed: bool) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"x" * 400

    answer = await http.post(path, content=chunks() if streamed else b"x" * 1200)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (413, "body_too_large")
    assert "the limit is 1,000" in error["message"]
    assert ("1,200 bytes" in error["message"]) != streamed


async def test_a_body_of_the_limit_passes(http: httpx.AsyncClient) -> None:
    assert (await http.post("/inner/echo", content=b"x" * LIMIT)).json()["size"] == LIMIT


async def test_requests_are_counted_by_template(http: httpx.AsyncClient) -> None:
    def count() -> float:
        labels = {"method": "GET", "route": "/inner/fails/{how}", "status": "409"}
        return REGISTRY.get_sample_value("wistro_http_requests_total", labels) or 0

    before = count()
    await http.get("/inner/fails/refused")
    assert count() == before + 1


async def test_some_paths_have_bounds_of_their_own() -> None:
    app = Edge(application().router, max_body_bytes=LIMIT, bounded=("/inner/echo",))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://test"
    ) as http:
        assert (await http.post("/inner/echo", content=b"x" * 1200)).json()["size"] == 1200
