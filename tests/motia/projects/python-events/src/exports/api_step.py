"""Its stem is that of another file too; a page of text, and bytes."""

config = {
    "type": "api",
    "name": "Export",
    "path": "/exports/:kind",
    "method": "GET",
    "emits": [],
    "flows": ["exports"],
}


async def handler(req, context):
    kind = req["pathParams"]["kind"]
    if kind == "page":
        return {"status": 200, "body": "<h1>Rows</h1>"}
    if kind == "json":
        return {"status": 200, "headers": {"Content-Type": "application/json"}, "body": '{"rows": 1}'}
    if kind == "bytes":
        return {"status": 200, "headers": {"Content-Type": "image/png"}, "body": b"\x89PNG"}
    rows = await context.state.get_group("rows")
    return {"status": 200, "body": {"rows": sorted(rows, key=lambda row: row["id"])}}
