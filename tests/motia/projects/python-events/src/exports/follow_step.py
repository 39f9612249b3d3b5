"""Works on a stream: set, get, get_group, send, delete."""

config = {
    "type": "api",
    "name": "Follow",
    "path": "/progress/:job",
    "method": "POST",
    "emits": [],
    "flows": ["exports"],
}


async def handler(req, context):
    job = req["pathParams"]["job"]
    stream = context.streams.progress
    written = await stream.set("jobs", job, {"done": 1, "of": 3})
    await context.streams["progress"].set("jobs", "other", {"done": 0, "of": 1, "more": "than the schema"})
    read = await stream.get("jobs", job)
    ids = [item["id"] for item in await stream.get_group("jobs")]
    await stream.send({"groupId": "jobs"}, {"type": "halfway", "data": {"job": job}})
    await stream.delete("jobs", "other")
    gone = await stream.get("jobs", "other")
    return {"status": 200, "body": {"written": written, "read": read, "ids": ids, "gone": gone}}
