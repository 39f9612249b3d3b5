"""Its stem is that of another file too; it declares nothing, so it may emit anything."""

config = {
    "type": "api",
    "name": "Import",
    "path": "/imports",
    "method": "POST",
    "emits": [],
    "flows": ["imports"],
}


async def handler(req, context):
    for row in req["body"]["rows"]:
        await context.emit({"topic": "row.found", "data": row})
    return {"status": 202, "body": {"trace": context.trace_id}}
