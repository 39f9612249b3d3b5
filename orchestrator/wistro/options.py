"""The base of every option model: frozen, strict, spelled in snake_case and readable as camelCase."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, ClassVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    PlainSerializer,
    WithJsonSchema,
)
from pydantic.alias_generators import to_camel

_DURATION = re.compile(r"(?:(\d+)d)?\s*(?:(\d+)h)?\s*(?:(\d+)m)?\s*(?:(\d+(?:\.\d+)?)s)?")


class Options(BaseModel):
    """Options that authors write: immutable, unknown fields refused, every field documented."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        alias_generator=to_camel,
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        validate_by_alias=True,
        validate_by_name=True,
    )


def parse_duration(value: object) -> object:
    """Reads `"1h 30m"`, `"2d"` or `"0.5s"`; leaves what is not text, and ISO 8601, to pydantic."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    match = _DURATION.fullmatch(text)
    if match is None or not any(match.groups()):
        if text.lstrip("-")[:1] == "P":  # ISO 8601, which pydantic reads
            return text
        raise ValueError(
            f"expected seconds, or a duration such as `30s` or `1h 30m`, found `{value}`"
        )
    days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def seconds(value: timedelta) -> int | float:
    """The seconds of `value`, without a fraction when it has none."""
    total = value.total_seconds()
    return int(total) if total.is_integer() else total


def _check_duration(value: object) -> object:
    parsed = parse_duration(value)
    negative = parsed.total_seconds() < 0 if isinstance(parsed, timedelta) else False
    if negative or (isinstance(parsed, int | float) and parsed < 0):
        raise ValueError("a duration cannot be negative")
    return parsed


Duration = Annotated[
    timedelta,
    BeforeValidator(_check_duration),
    PlainSerializer(seconds, return_type=int | float, when_used="json"),
    WithJsonSchema(
        {"type": ["number", "string"], "description": "Seconds, or text such as `30s`, `1h 30m`."}
    ),
]
"""A `timedelta`; files may also say seconds, or text such as `1h 30m`."""


def matching(pattern: str, what: str) -> tuple[AfterValidator, WithJsonSchema]:
    """For text of a form that has a name: errors say the name, schemas have the pattern."""
    compiled = re.compile(pattern)

    def check(text: str) -> str:
        if compiled.fullmatch(text) is None:
            raise ValueError(f"expected {what}, found `{text}`")
        return text

    return AfterValidator(check), WithJsonSchema({"type": "string", "pattern": f"^(?:{pattern})$"})


def plain_or_table(value: object) -> str:
    """Tells the short spelling of an option (`<plain>`) from its full one (`<table>`)."""
    return "<table>" if isinstance(value, Mapping | BaseModel) else "<plain>"


PLAIN_OR_TABLE = Discriminator(plain_or_table)
"""For unions such as `str | Subscribe`: errors speak of the spelling that the author used."""
