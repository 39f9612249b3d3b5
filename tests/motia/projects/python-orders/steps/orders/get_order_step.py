"""Answers from state."""

config = {
    "type": "api",
    "name": "GetOrder",
    "path": "/orders/:id",
    "method": "GET",
    "emits": [],
    "flows": ["orders"],
}


async def handler(req, context):
    order = await context.state.get("finished", req["pathParams"]["id"])
    if order is None:
        return {"status": 404, "body": {"error": "Not found"}}
    return {"status": 200, "body": {"order": order, "body": req.get("body")}}
