"""Secrets for handlers, and the mask that keeps them out of logs and errors."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import cast

from wistro.contract import ErrorInfo
from wistro.errors import Terminal
from wistro.values import jsonable

_SHORTEST = 4
"""Shorter values are not masked: they would blot out half of a log and protect nothing."""
_MASKED = "•••"


class Mask:
    """Hides the values it was told of."""

    def __init__(self) -> None:
        self._values: frozenset[str] = frozenset()
        self._pattern: re.Pattern[str] | None = None

    def add(self, value: str) -> None:
        """Hide `value`, and each line of one that has several, from now on."""
        lines = (value, *value.splitlines())
        new = {text for text in map(str.strip, lines) if len(text) >= _SHORTEST} - self._values
        if new:
            self._values |= new
            # The longest first: a secret may contain another.
            longest = sorted(self._values, key=len, reverse=True)
            self._pattern = re.compile("|".join(map(re.escape, longest)))

    def text(self, text: str) -> str:
        """`text` without the values."""
        return text if self._pattern is None else self._pattern.sub(_MASKED, text)

    def value(self, value: object) -> object:
        """A JSON value without the values, in its names too."""
        if self._pattern is None:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            fields = cast("Mapping[object, object]", value)
            return {self.text(str(name)): self.value(item) for name, item in fields.items()}
        if isinstance(value, list | tuple):
            return [self.value(item) for item in cast("list[object]", value)]
        return value

    def error(self, error: ErrorInfo) -> ErrorInfo:
        """An error without the values."""
        if self._pattern is None:
            return error
        return replace(
            error,
            message=self.text(error.message),
            stack=None if error.stack is None else self.text(error.stack),
            details=self.value(error.details),
        )

    def fields(self, fields: Mapping[str, object]) -> dict[str, object]:
        """The fields of a log line as JSON without the values; what is not JSON becomes its `repr`."""
        return {self.text(name): self._field(value) for name, value in fields.items()}

    def _field(self, value: object) -> object:
        try:
            return self.value(jsonable(value))
        except ValueError:
            return self.text(repr(value))


class EnvironmentSecrets:
    """Secrets from environment variables."""

    def __init__(self, mask: Mask, environment: Mapping[str, str] = os.environ) -> None:
        self._mask = mask
        self._environment = environment

    def get(self, name: str) -> str:
        """The value of the variable `name`.

        Raises:
            Terminal: when it is not set.
        """
        value = self._environment.get(name)
        if value is None:
            raise Terminal(
                f"There is no secret `{name}`",
                code="unknown_secret",
                hint=f"set the environment variable `{name}` of the worker, and restart it",
            )
        self._mask.add(value)
        return value
