"""Hears the clock."""

config = {
    "type": "event",
    "name": "NoteTime",
    "subscribes": ["time.passed", "never.emitted"],
    "emits": ["nobody.listens"],
    "flows": ["jobs"],
}


async def handler(input_data, context):
    context.logger.info("Time passed", input_data)
