"""Takes what it gets, whatever its annotation says."""

import json
from pathlib import Path

from pydantic import BaseModel


class Row(BaseModel):
    id: str
    tries: int


LIMITS = json.loads(Path(__file__).with_name("limits.json").read_text())

config = {
    "type": "event",
    "name": "RowKept",
    "subscribes": ["row.kept"],
    "emits": [],
    "flows": ["imports"],
    "input": Row.model_json_schema(),
}


async def handler(input: Row, context):
    await context.state.set("rows", str(input["id"]), {**input, "limit": LIMITS["rows"]})
    context.logger.info("Row kept", "plain text for fields")
