"""CEL expressions over a message: the filters of subscriptions and the keys of joins.

CEL (the Common Expression Language, https://cel.dev) is typed, side-effect free and bounded, and
its result depends on the message only: deterministic code may evaluate it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import cast

from cel_expr_python import cel

_ENVIRONMENT = cel.NewEnv(variables={"message": cel.Type.DYN, "request": cel.Type.DYN})


class ExpressionError(ValueError):
    """An expression does not compile, or a message is not what it expects."""


@lru_cache(maxsize=4096)
def compile_expression(text: str) -> cel.Expression:
    """The compiled form of `text`.

    Raises:
        ExpressionError: when it is not CEL.
    """
    try:
        return _ENVIRONMENT.compile(text)
    except Exception as error:
        raise ExpressionError(f"`{text}` is not a CEL expression: {error}") from error


class CelExpressions:
    """Evaluates CEL for the machine (its `Expressions`)."""

    def check(self, text: str) -> None:
        """Raises `ExpressionError` when `text` does not compile."""
        compile_expression(text)

    def evaluate(self, text: str, message: object, request: object = None) -> object:
        """The plain value of `text` with the variables `message` and `request` bound.

        `request` is what opened a wait for a message; elsewhere it is null.

        Raises:
            ExpressionError: when a field is missing or has another type than expected.
        """
        result = compile_expression(text).eval(data={"message": message, "request": request})
        if result.type() == cel.Type.ERROR:
            raise ExpressionError(f"`{text}`: {result.value()}")
        return _plain(result.plain_value())


def _plain(value: object) -> object:
    if isinstance(value, dict):
        table = cast("dict[object, object]", value)
        return {str(key): _plain(item) for key, item in table.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in cast("Sequence[object]", value)]
    return value
