"""An api step with a pydantic body, middleware, path and query parameters."""

from datetime import datetime, timezone

from pydantic import BaseModel

from .middleware import authenticate, timing
from ..shared.pricing import total_of


class Order(BaseModel):
    id: str
    items: list[dict]


config = {
    "type": "api",
    "name": "PlaceOrder",
    "description": "Takes an order",
    "path": "/shops/:shop/orders",
    "method": "POST",
    "emits": [
        "order.placed",
        {"topic": "order.large", "label": "over 100", "conditional": True},
    ],
    "virtualEmits": ["customer.informed"],
    "virtualSubscribes": ["A customer decides"],
    "flows": ["orders"],
    "middleware": [timing, authenticate],
    "bodySchema": Order.model_json_schema(),
    "responseSchema": {201: {"type": "object", "properties": {"total": {"type": "number"}}}},
    "queryParams": [{"name": "coupon", "description": "A voucher"}],
}


async def handler(req, context):
    body = req.get("body")
    total = total_of(body["items"])
    shop = req["pathParams"]["shop"]
    coupon = req.get("queryParams", {}).get("coupon")
    context.logger.info("Order received", {"shop": shop, "coupon": coupon, "user": req["user"]})
    await context.state.set(context.trace_id, "order", {"id": body["id"], "total": total, "shop": shop})
    await context.emit({"topic": "order.placed", "data": {"id": body["id"], "total": total}})
    if total > 100:
        await context.emit({"topic": "order.large", "data": {"id": body["id"]}})
    return {
        "status": 201,
        "headers": {"X-Coupon": coupon or "none"},
        "body": {
            "total": total,
            "traceId": context.trace_id,
            "flows": list(context.flows),
            "raw": req["rawBody"],
            "at": datetime.now(timezone.utc).isoformat(),
        },
    }
