"""State: delete, get_group, clear."""

config = {
    "type": "api",
    "name": "Forget",
    "path": "/orders",
    "method": "DELETE",
    "emits": [],
    "flows": ["orders"],
}


async def handler(req, context):
    if id := req["queryParams"].get("id"):
        await context.state.delete("finished", id)
    else:
        await context.state.clear("finished")
    left = await context.state.get_group("finished")
    return {"status": 200, "body": {"left": [order["id"] for order in left]}}
