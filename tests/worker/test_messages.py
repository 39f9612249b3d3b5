"""What handlers receive, emit and return: checked, converted, and copied."""

from __future__ import annotations

import pytest

from tests.worker.conftest import Try

HEAD = """
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pydantic import BaseModel, ConfigDict
from wistro.context import Context
from wistro.request import ApiRequest, Response
from wistro.steps import ApiStep, CallStep, EventStep

class Order(BaseModel):
    model_config = ConfigDict(strict=True)
    id: str
    total: Decimal
    due: date | None = None

"""
EVENT = (
    HEAD
    + "config = EventStep(name='It', subscribes=['order.placed'], emits={'paid': Order, 'open': None})\n"
)
SCHEMA = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "lines": {"type": "array", "items": {"type": "integer"}},
    },
    "required": ["id"],
}


def details(error: object) -> list[object]:
    return error.details["issues"]  # type: ignore[attr-defined]


async def test_an_annotated_handler_gets_an_instance(steps: Try) -> None:
    code = (
        EVENT
        + "async def handler(order: Order, ctx): return [type(order).__name__, order.total * 2]"
    )
    result = await steps(code).run({"id": "7", "total": "12.50", "due": "2026-01-31"})
    assert result.output == ["Order", "25.00"]


async def test_a_message_that_does_not_fit_names_its_fields(steps: Try) -> None:
    error = await steps(EVENT + "async def handler(order: Order, ctx): ...").fail({"total": "x"})
    assert error.code == "validation_failed"
    assert not error.retryable
    assert error.message.startswith(
        "The message on `order.placed` for `it` does not fit `Order`: `id`:"
    )
    assert [issue["field"] for issue in details(error)] == ["id", "total"]


async def test_a_json_schema_checks_plain_data(steps: Try) -> None:
    config = f"config = EventStep(name='It', subscribes=['order.placed'], input={SCHEMA!r})\n"
    found = steps(HEAD + config + "async def handler(data: dict, ctx): return data")
    assert (await found.run({"id": "7", "more": 1})).output == {"id": "7", "more": 1}
    error = await found.fail({"id": "7", "lines": [1, "two"]})
    assert details(error)[0]["field"] == "lines[1]"
    assert "does not fit its schema" in error.message
    (missing,) = details(await found.fail({"more": 1}))
    assert missing["field"] == "id"


async def test_emissions_are_checked_and_copied(steps: Try) -> None:
    code = (
        EVENT
        + """
async def handler(data, ctx: Context):
    order = Order(id="7", total=Decimal("1.50"), due=date(2026, 1, 31))
    items = [1]
    await ctx.emit("paid", order)
    ctx.emit({"topic": "paid", "data": {"id": "8", "total": "2"}})
    await ctx.emit("open", {"items": items, "order": order})
    items.append(2)
    return Order(id="9", total=Decimal(3))
"""
    )
    result = await steps(code).run()
    assert [(e.topic, e.data) for e in result.emissions] == [
        ("paid", {"id": "7", "total": "1.50", "due": "2026-01-31"}),
        ("paid", {"id": "8", "total": "2", "due": None}),
        ("open", {"items": [1], "order": {"id": "7", "total": "1.50", "due": "2026-01-31"}}),
    ]
    assert result.output == {"id": "9", "total": "3", "due": None}


@pytest.mark.parametrize(
    ("line", "code", "text"),
    [
        (
            "ctx.emit('paid', {'id': 7, 'total': '1'})",
            "validation_failed",
            "emits on `paid` does not fit `Order`",
        ),
        ("ctx.emit('payd', {})", "undeclared_topic", "it declares `open`, `paid`"),
        ("ctx.emit({'data': 1})", "invalid_emission", "expected a topic"),
        (
            "ctx.emit('open', {'a': [1, print]})",
            "validation_failed",
            "`a[1]` is a `builtin_function_or_method`",
        ),
        ("ctx.emit('open', object())", "validation_failed", "it is a `object`"),
        ("ctx.respond(1); ctx.respond(2)", "already_responded", "responds a second time"),
        ("ctx.heartbeat('x' * 70_000)", "progress_too_large", "70,002 bytes"),
        ("ctx.secrets.get('NOPE')", "unknown_secret", "no secret `NOPE`"),
        (
            "return {'when': lambda: 1}",
            "validation_failed",
            "What `it` returned cannot be sent: `when` is a `function`",
        ),
    ],
)
async def test_a_mistake_is_terminal_and_named(steps: Try, line: str, code: str, text: str) -> None:
    error = await steps(EVENT + f"async def handler(data, ctx):\n    {line}").fail()
    assert (error.code, error.retryable) == (code, False)
    assert text in error.message


async def test_a_misspelled_topic_gets_a_suggestion(steps: Try) -> None:
    error = await steps(EVENT + "async def handler(data, ctx): ctx.emit('payd', {})").fail()
    assert error.details == {
        "topic": "payd",
        "declared": ["open", "paid"],
        "hint": "did you mean `paid`?",
    }


async def test_the_schema_of_a_topic_comes_from_the_lock(steps: Try) -> None:
    found = steps(
        HEAD
        + "config = EventStep(name='It', subscribes=['order.placed'], emits=['paid'])\n"
        + "async def handler(data, ctx): ctx.emit('paid', data)",
        topics={"paid": SCHEMA},
    )
    assert (await found.run({"id": "7"})).emissions[0].data == {"id": "7"}
    assert (await found.fail({"id": 7})).code == "validation_failed"


async def test_a_call_step_answers_what_it_declares(steps: Try) -> None:
    found = steps(
        HEAD
        + "config = CallStep(name='It', input=Order, output=Order)\n"
        + "async def handler(order, ctx):\n    ctx.respond(order)\n    return order if order.total else {}"
    )
    result = await found.run({"id": "7", "total": "1"})
    assert result.responded
    assert result.response == result.output == {"id": "7", "total": "1", "due": None}
    assert "`id`" in (await found.fail({"id": "7", "total": "0"})).message


async def test_nan_is_null_as_in_javascript(steps: Try) -> None:
    result = await steps(EVENT + "async def handler(): return [float('nan'), {1}, b'x']").run()
    assert result.output == [None, [1], "x"]
