"""Middleware: endpoints that are for operators only."""

from __future__ import annotations

import hmac

from wistro import ApiRequest, Context, Next, Response


async def operators_only(request: ApiRequest, ctx: Context, proceed: Next) -> object:
    """Lets requests pass that carry the secret `OPERATOR_TOKEN` as their bearer token."""
    expected = f"Bearer {ctx.secrets.get('OPERATOR_TOKEN')}"
    if hmac.compare_digest(request.headers.get("authorization", "").encode(), expected.encode()):
        return await proceed()
    return Response(
        {"error": {"code": "unauthorized", "message": "This needs the token of an operator."}},
        status=401,
        headers={"WWW-Authenticate": "Bearer"},
    )
