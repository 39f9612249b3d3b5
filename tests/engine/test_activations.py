"""Workflow code runs on the loop of the worker, and leaves that loop as it was."""

from __future__ import annotations

import asyncio
import threading
from contextvars import ContextVar

import pytest

from wistro.temporal.host.activations import OnTheLoop

_word = ContextVar("_word", default="before")


async def test_runs_here_and_at_once() -> None:
    future = OnTheLoop().submit(threading.get_ident)
    assert future.done()
    assert future.result() == threading.get_ident()


async def test_a_loop_that_ran_inside_is_gone_afterwards() -> None:
    loop = asyncio.get_running_loop()

    def other_loop() -> None:
        asyncio.events._set_running_loop(None)

    await loop.run_in_executor(OnTheLoop(), other_loop)
    assert asyncio.get_running_loop() is loop


async def test_an_error_travels_in_the_future() -> None:
    def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await asyncio.get_running_loop().run_in_executor(OnTheLoop(), fail)


async def test_context_variables_do_not_leak() -> None:
    OnTheLoop().submit(_word.set, "inside")
    assert _word.get() == "before"
