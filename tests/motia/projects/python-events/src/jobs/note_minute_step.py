"""Hears the clock."""

config = {
    "type": "event",
    "name": "NoteMinute",
    "subscribes": ["minute.passed", "never.emitted"],
    "emits": ["nobody.listens"],
    "flows": ["jobs"],
}


async def handler(input_data, context):
    context.logger.info("A minute passed", input_data)
