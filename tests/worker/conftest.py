"""Fixtures of the worker's tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.worker.steps import Bench, bench

Try = Callable[..., Bench]


@pytest.fixture(name="steps")
def steps_of(tmp_path: Path) -> Iterator[Try]:
    """Makes an executor: `steps(code)` for a step called `it`, or `steps(it=code, other=code)`."""
    with ExitStack() as stack:

        def make(code: str | None = None, /, **given: object) -> Bench:
            options = {k: given.pop(k) for k in ("topics", "environment") if k in given}
            files = {"it": code, **given} if code is not None else given
            return stack.enter_context(bench(tmp_path, files, **options))  # type: ignore[arg-type]

        yield make
