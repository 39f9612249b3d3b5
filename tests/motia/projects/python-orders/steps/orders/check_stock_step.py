"""An event step with a JSON Schema, of another flow than the one that emits."""

from services.stock import in_stock

config = {
    "type": "event",
    "name": "CheckStock",
    "subscribes": ["order.placed"],
    "emits": ["stock.checked"],
    "flows": ["warehouse"],
    "input": {
        "type": "object",
        "properties": {"id": {"type": "string"}, "total": {"type": "number"}},
        "required": ["id", "total"],
    },
    "infrastructure": {
        "handler": {"ram": 2048, "timeout": 30},
        "queue": {"type": "standard", "maxRetries": 2, "visibilityTimeout": 60, "concurrency": 4},
    },
}


async def handler(input_data, context):
    order = await context.state.get(context.trace_id, "order")
    found = in_stock(input_data["id"])
    await context.emit({"topic": "stock.checked", "data": {**order, "in_stock": found}})
