"""A day by its name."""

config = {
    "type": "cron",
    "name": "OnTuesdays",
    "cron": "30 5 * * TUE",
    "emits": [],
    "flows": ["jobs"],
}


async def handler(context):
    pass
