"""Answers who may follow a stream, with the function that its file has for it."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Executor as Pool
from pathlib import Path
from typing import cast

import structlog
from temporalio import activity

from wistro.errors import SetupError
from wistro.project.lock import Lock
from wistro.temporal import wire
from wistro_worker.streams import load_stream
from wistro_worker.threads import call_in_thread

LIMIT = 5.0
"""Seconds that a function may take."""

StreamAccess = Callable[[wire.StreamQuestion], Awaitable[bool]]
_Rule = Callable[..., object]

_log = structlog.stdlib.get_logger("wistro.worker")


def stream_access(root: Path, lock: Lock, threads: Pool) -> StreamAccess:
    """Make the activity; a function that raises, or takes too long, lets nobody in."""
    rules = _rules(root, lock)

    @activity.defn(name=wire.STREAM_ACCESS)
    async def ask(question: wire.StreamQuestion) -> bool:
        rule = rules.get(question.stream)
        if rule is None:
            return False
        subscription = {"groupId": question.group}
        if question.id is not None:
            subscription["id"] = question.id
        try:
            async with asyncio.timeout(LIMIT):
                answer = await _called(rule, threads, subscription, question.context)
        except Exception as error:  # noqa: BLE001 - whatever the user's function raises
            _log.warning(
                "a stream's access function failed", stream=question.stream, error=repr(error)
            )
            return False
        return bool(answer)

    return ask


def _rules(root: Path, lock: Lock) -> Mapping[str, _Rule]:
    rules: dict[str, _Rule] = {}
    for name, stream in lock.streams.items():
        if stream.language != "python" or not stream.has_access:
            continue
        try:
            rule = load_stream(root / stream.path, root=root).config.can_access
        except SetupError as error:
            _log.error(
                "nobody may follow a stream that does not load", stream=name, error=str(error)
            )
            continue
        if rule is not None:
            rules[name] = rule
    return rules


async def _called(rule: _Rule, threads: Pool, *arguments: object) -> object:
    if inspect.iscoroutinefunction(rule):
        return await cast("Awaitable[object]", rule(*arguments))
    return await call_in_thread(threads, rule, *arguments)
