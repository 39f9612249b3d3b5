"""Fails at its first attempt; emits what it did not declare, and a message that does not fit."""

config = {
    "type": "event",
    "name": "KeepRow",
    "subscribes": ["row.found", "row.again"],
    "emits": [{"topic": "row.kept", "label": "kept", "conditional": True}],
    "flows": ["imports"],
    "input": {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]},
    "includeFiles": ["./limits.json"],
    "infrastructure": {"queue": {"type": "fifo", "maxRetries": 2, "visibilityTimeout": 30, "delaySeconds": 0}},
}


async def handler(input_data, context):
    tries = await context.state.get("tries", str(input_data["id"])) or 0
    await context.state.set("tries", str(input_data["id"]), tries + 1)
    if input_data.get("odd") and tries == 0:
        raise RuntimeError("not this time")
    if input_data.get("broken"):
        raise RuntimeError("never")
    await context.emit({"topic": "row.lost", "data": {}})
    await context.emit({"topic": "row.kept", "data": {**input_data, "tries": tries + 1}, "messageGroupId": "g"})
