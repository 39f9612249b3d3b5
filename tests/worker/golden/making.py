"""How golden messages are written down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Valid:
    """A message that is read."""

    of: str
    message: object
    means: object = ...
    """What is written again, where that is not the message itself."""
    note: str | None = None

    def file(self) -> Json:
        """The file's content."""
        means = {} if self.means is ... else {"means": self.means}
        note = {} if self.note is None else {"note": self.note}
        return {"of": self.of, **note, "message": self.message, **means}


@dataclass(frozen=True, kw_only=True)
class Invalid:
    """A message that is refused."""

    of: str
    why: str
    code: str | None
    """None: its reader does without it."""
    field: str
    message: object

    def file(self) -> Json:
        """The file's content."""
        return {
            "of": self.of,
            "why": self.why,
            "code": self.code,
            "field": self.field,
            "message": self.message,
        }


class Answer(BaseModel):
    """What the worker API answers, or a part of it."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


def name_of(path: str) -> str:
    """The name of the request to `path`: `state/compare_and_set` is `StateCompareAndSet`."""
    return "".join(word.capitalize() for word in path.replace("/", "_").split("_"))


def asked(path: str, **body: object) -> Valid:
    """A request to the worker API."""
    return Valid(of=f"worker_api/{name_of(path)}", message=body)


def answered(answer: Answer) -> Valid:
    """An answer of the worker API."""
    return Valid(of=f"worker_api/{type(answer).__name__}", message=answer.model_dump(mode="json"))


def bad_request(path: str, field: str, why: str, **body: object) -> Invalid:
    """A request that the worker API refuses."""
    return Invalid(
        of=f"worker_api/{name_of(path)}", code="invalid_body", field=field, why=why, message=body
    )


def plain(message: object) -> Json:
    """The wire form."""
    if isinstance(message, BaseModel):
        return message.model_dump(mode="json", by_alias=True)
    return TypeAdapter[object](type(message)).dump_python(message, mode="json")


def broken(message: object, *path: str | int, value: object = ...) -> Json:
    """The wire form with a member replaced, or without it."""
    whole = _copy(message if isinstance(message, dict) else plain(message))
    at: Any = whole
    for part in path[:-1]:
        at = at[part]
    if value is ...:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return whole


def nested(levels: int) -> object:
    """Lists in each other around a number."""
    value: object = 1
    for _ in range(levels):
        value = [value]
    return value


def merged(*parts: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """The entries of several tables; none may have the name of another."""
    seen: set[str] = set()
    for part in parts:
        for name, entry in part.items():
            assert name not in seen, name
            seen.add(name)
            yield name, entry


def _copy(value: object) -> Any:
    if isinstance(value, dict):
        return {name: _copy(part) for name, part in value.items()}
    return [_copy(part) for part in value] if isinstance(value, list | tuple) else value
