"""No input schema, and a step of two flows."""

config = {
    "type": "event",
    "name": "NoteLarge",
    "subscribes": ["order.large"],
    "emits": [],
    "flows": ["orders", "warehouse"],
    "input": None,
}


async def handler(input_data, context):
    await context.state.set("large", input_data["id"], {"trace": context.trace_id})
