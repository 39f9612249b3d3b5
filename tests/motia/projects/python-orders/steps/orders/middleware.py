"""Middleware in a module of its own, beside the steps."""

import time


async def timing(req, context, next_fn):
    started = time.time()
    response = await next_fn()
    headers = {**response.get("headers", {}), "X-Took": f"{time.time() - started:.3f}"}
    return {**response, "headers": headers}


async def authenticate(req, context, next_fn):
    token = req.get("headers", {}).get("authorization")
    if not token:
        return {"status": 401, "body": {"error": "Unauthorized"}}
    req["user"] = token.split(" ")[-1]
    return await next_fn()
