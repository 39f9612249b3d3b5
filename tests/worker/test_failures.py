"""How what a handler raises becomes the portable form of an error."""

from __future__ import annotations

import asyncio

import pytest

from tests.worker.conftest import Try
from tests.worker.steps import INVOCATION, RUN
from wistro_worker.executor import Attempt
from wistro_worker.failures import StepFailed

HEAD = """
import asyncio, json, sys
from datetime import timedelta
from wistro.errors import Retryable, Terminal
from wistro.policies import Retry
from wistro.steps import EventStep
config = EventStep(name="It", subscribes=["order.placed"], emits=["done"], retry=Retry(terminal=[LookupError]))
class Declined(Exception): ...
"""


async def test_an_unknown_error_is_retried_and_shows_the_users_frames(steps: Try) -> None:
    found = steps(
        HEAD
        + """
def charge(text):
    return json.loads(text)
async def handler(data, ctx):
    try:
        charge("{")
    except ValueError as error:
        raise Declined("the card was declined") from error
"""
    )
    error = await found.fail()
    assert (error.code, error.type, error.retryable) == ("handler_error", "Declined", True)
    assert error.message == "the card was declined"
    assert error.stack
    assert 'it.step.py", line' in error.stack
    assert "in charge" in error.stack
    assert "wistro_worker" not in error.stack
    # Of the library only the place where it was raised.
    assert "json/decoder.py" in error.stack
    assert "json/__init__.py" not in error.stack
    assert error.stack.rstrip().endswith("Declined: the card was declined")


@pytest.mark.parametrize(
    ("line", "code", "retryable", "after"),
    [
        ("raise Terminal('no such card')", "terminal", False, None),
        ("raise Terminal('no such card', code='no_card')", "no_card", False, None),
        ("raise Retryable('busy', retry_after=timedelta(seconds=90))", "retryable", True, 90),
        ("raise KeyError('sku')", "handler_error", False, None),
        ("raise TimeoutError", "timeout", True, None),
        ("sys.exit(3)", "handler_exited", False, None),
        (
            "t = asyncio.create_task(asyncio.sleep(9)); t.cancel(); await t",
            "handler_error",
            True,
            None,
        ),
    ],
)
async def test_each_error_says_whether_to_try_again(
    steps: Try, line: str, code: str, retryable: bool, after: float | None
) -> None:
    error = await steps(HEAD + f"async def handler(data, ctx):\n    {line}").fail()
    assert (error.code, error.retryable, error.retry_after) == (code, retryable, after)


async def test_a_def_handler_fails_the_same_way(steps: Try) -> None:
    error = await steps(HEAD + "def handler(data, ctx): raise Declined('no')").fail()
    assert (error.type, error.message) == ("Declined", "no")
    assert error.stack
    assert "concurrent/futures" not in error.stack


async def test_secrets_are_masked_everywhere(steps: Try) -> None:
    found = steps(
        HEAD
        + """
async def handler(data, ctx):
    key = ctx.secrets.get("API_KEY")
    ctx.logger.info(f"Calling with {key}", {"header": ["Bearer " + key]}, other={key: print})
    raise Terminal(f"{key} was refused", details={"key": key, "odd": print})
""",
        environment={"API_KEY": "s3cret-value"},
    )
    error = found.mask.error(await found.fail())
    (entry,) = found.entries
    assert entry.message == "Calling with •••"
    assert entry.fields["header"] == ["Bearer •••"]
    assert "s3cret-value" not in repr(entry)
    assert error.message == "••• was refused"
    assert "s3cret-value" not in repr(error)


async def test_errors_have_a_bounded_size(steps: Try) -> None:
    found = steps(
        HEAD
        + "async def handler(data, ctx): raise Terminal('x' * 100_000, details={'y': 'z' * 100_000})"
    )
    error = await found.fail()
    assert len(error.message) < 17_000
    assert len(repr(error)) < 40_000
    assert error.details == {"omitted": "100,008 bytes of details; the limit is 64,000"}


async def test_an_unknown_step_and_a_newer_contract_may_work_elsewhere(steps: Try) -> None:
    found = steps(HEAD + "async def handler(data, ctx): ...")
    error = await found.fail(step="itt")
    assert (error.code, error.retryable) == ("unknown_step", True)
    assert error.details == {"hint": "did you mean `it`?"}
    assert (await found.fail(version=99)).code == "contract_version"


async def test_a_cancelled_attempt_has_no_effect_any_more(steps: Try) -> None:
    found = steps(
        HEAD
        + """
import time
def handler(data, ctx):
    ctx.emit("done", 1)
    while not ctx.cancelled.wait(0.01): pass
    time.sleep(0.1)
    try:
        ctx.state.set("late", "key", 1)
    except Terminal as error:
        ctx.logger.error(error.message)
"""
    )
    attempt = Attempt()
    task = asyncio.create_task(found.executor.run(INVOCATION, attempt))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    attempt.cancelled.set("cancelled")
    async with asyncio.timeout(5):
        while not found.entries:
            await asyncio.sleep(0.01)
    assert "after its attempt is over" in found.entries[0].message
    assert await found.state.get("late", "key") is None


async def test_step_failed_reads_like_its_error(steps: Try) -> None:
    found = steps(HEAD + "async def handler(data, ctx): raise Declined('no')")
    with pytest.raises(StepFailed, match="no") as failed:
        await found.executor.run(INVOCATION, Attempt())
    assert failed.value.info.type == "Declined"
    assert RUN in INVOCATION.idempotency_key
