"""Messages nested so deeply that a decoder would refuse them are refused where they enter."""

from __future__ import annotations

import pytest

from tests.engine.conftest import Host
from wistro.errors import RunError
from wistro.values import MAX_DEPTH, NotJson, jsonable


def nested(levels: int) -> object:
    """A list in a list in a list …"""
    value: object = 1
    for _ in range(levels):
        value = [value]
    return value


def test_the_bound_is_exact() -> None:
    assert jsonable(nested(MAX_DEPTH)) == nested(MAX_DEPTH)
    for levels in (MAX_DEPTH + 1, 230, 100_000):
        with pytest.raises(NotJson, match="deep"):
            jsonable(nested(levels))


@pytest.mark.server
async def test_deep_messages_are_refused_at_both_doors(host: Host) -> None:
    files = {
        "nest.step.py": """
            from wistro import EventStep
            config = EventStep(name="Nest", flows=["f"], subscribes=["begin"], emits=["nested"])
            async def handler(value, ctx):
                for _ in range(90):
                    value = [value]
                await ctx.emit("nested", value)
            """,
        "count.step.py": """
            from wistro import EventStep
            config = EventStep(name="Count", flows=["f"], subscribes=["nested"], emits=[])
            async def handler(value, ctx):
                return "got it"
            """,
        "wistro.yml": "topics: { begin: { external: true } }\n",
    }
    async with host(files) as hosted:
        run = await hosted.ended(await hosted.emit("begin", nested(MAX_DEPTH - 90)))
        assert run.status == "completed"
        run = await hosted.ended(await hosted.emit("begin", nested(MAX_DEPTH - 80)))
        assert run.status == "failed"
        assert run.outcome_error is not None
        assert "nested deeper than 100 levels" in run.outcome_error.message
        with pytest.raises(RunError, match="nested deeper") as refused:
            await hosted.emit("begin", nested(MAX_DEPTH + 1))
        assert refused.value.code == "message_not_json"
