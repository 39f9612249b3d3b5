"""Api steps: requests, responses and middleware."""

from __future__ import annotations

import base64

import pytest

from tests.worker.conftest import Try

HEAD = """
from pydantic import BaseModel
from wistro.request import ApiRequest, Response
from wistro.steps import ApiStep
class Order(BaseModel):
    id: int
"""
CONFIG = "config = ApiStep(name='It', path='/orders/:id', method='post', emits=['placed'])\n"
REQUEST = {
    "path_params": {"id": "7"},
    "query_params": {"tag": ["a", "b"]},
    "headers": {"x-signature": "abc"},
    "body": {"id": 7},
    "raw_body": base64.b64encode(b'{"id": 7}').decode(),
}


async def test_a_request_has_attributes_and_is_a_dict(steps: Try) -> None:
    code = """
async def handler(req, ctx):
    assert req.body == req["body"] == req.get("body") == {"id": 7}
    assert req.path_params["id"] == req["pathParams"]["id"] == req["path_params"]["id"] == "7"
    assert req.query_params == req.get("queryParams") == {"tag": ["a", "b"]}
    assert req.headers["X-Signature"] == req["headers"].get("x-signature") == "abc"
    assert req.raw_body == req["raw_body"] == b'{"id": 7}' and req["rawBody"] == '{"id": 7}'
    assert "raw_body" in req and isinstance(req, dict) and req.get("nothing", 1) == 1
    return "fine"
"""
    assert (await steps(HEAD + CONFIG + code).run(REQUEST, topic=None)).output == {
        "status": 200,
        "headers": {},
        "body": "fine",
    }


@pytest.mark.parametrize(
    ("returned", "status", "body"),
    [
        ("{'status': 201, 'body': {'a': 1}}", 201, {"a": 1}),
        ("{'status': 'open', 'body': 1}", 200, {"status": "open", "body": 1}),
        ("{'status': 1, 'other': 1}", 200, {"status": 1, "other": 1}),
        ("None", 204, None),
        ("[1]", 200, [1]),
        ("Order(id=1)", 200, {"id": 1}),
        ("Response(Order(id=1), status=202)", 202, {"id": 1}),
    ],
)
async def test_what_is_returned_is_the_response(
    steps: Try, returned: str, status: int, body: object
) -> None:
    code = HEAD + CONFIG + f"async def handler(req, ctx): return {returned}"
    output = (await steps(code).run(REQUEST)).output
    assert output == {"status": status, "headers": {}, "body": body}


async def test_bytes_and_headers_travel(steps: Try) -> None:
    code = "def handler(req): return Response(b'\\xff', headers={'content-type': 'image/png', 'x-n': 1})"
    assert (await steps(HEAD + CONFIG + code).run(REQUEST)).output == {
        "status": 200,
        "headers": {"content-type": "image/png", "x-n": "1"},
        "body": "/w==",
        "body_encoding": "base64",
    }


async def test_the_body_can_be_typed(steps: Try) -> None:
    code = HEAD + CONFIG + "async def handler(req: ApiRequest[Order], ctx): return req.body.id + 1"
    found = steps(code)
    assert (await found.run(REQUEST)).output["body"] == 8  # type: ignore[index]
    error = await found.fail({**REQUEST, "body": {"id": "x"}})
    assert error.code == "validation_failed"
    assert "The body of the request to `it`" in error.message


async def test_middleware_wraps_the_handler(steps: Try) -> None:
    code = """
async def outer(req, ctx, next):
    req.user = "ada"
    response = await next()
    return Response({**response, "outer": True})
def guard(req, ctx, next):
    if req.headers.get("X-Signature") != "abc":
        return {"status": 401, "body": {"error": "no"}}
    ctx.emit("placed", req.user)
    return next()
async def handler(req, ctx):
    return {"user": req.user}
config = ApiStep(name="It", path="/", method="POST", emits=["placed"], middleware=[outer, guard])
"""
    found = steps(HEAD + code)
    result = await found.run(REQUEST)
    assert result.output["body"] == {"user": "ada", "outer": True}  # type: ignore[index]
    assert result.emissions[0].data == "ada"
    refused = await found.run({**REQUEST, "headers": {}})
    assert refused.output["body"]["status"] == 401  # type: ignore[index]
    assert refused.emissions == ()


async def test_a_response_that_breaks_its_schema_is_complained_about(steps: Try) -> None:
    config = "config = ApiStep(name='It', path='/', method='GET', response_schema={200: Order})\n"
    found = steps(HEAD + config + "async def handler(req): return {'id': 'x'}")
    assert (await found.run(REQUEST)).output["body"] == {"id": "x"}  # type: ignore[index]
    assert found.entries[0].level == "warn"
    assert "The 200 response of `it` does not fit" in found.entries[0].message


async def test_a_motia_step_runs_as_it_is(steps: Try) -> None:
    found = steps("""
config = {"type": "api", "name": "CreateOrder", "description": "Takes an order", "flows": ["orders"],
          "method": "POST", "path": "/orders", "emits": ["placed"], "bodySchema": {"type": "object"}}
async def handler(req, context):
    body = req.get("body", {})
    await context.state.set("orders", context.trace_id, body)
    await context.emit({"topic": "placed", "data": {"all": await context.state.get_group("orders")}})
    context.logger.info("Order placed", {"flows": context.flows})
    return {"status": 200, "body": {"traceId": context.trace_id}}
""")
    result = await found.run(REQUEST)
    assert result.emissions[0].data == {"all": [{"id": 7}]}
    assert result.output["body"] == {"traceId": "0af7651916cd43dd8448eb211c80319c"}  # type: ignore[index]
