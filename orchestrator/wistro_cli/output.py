"""Data on stdout, everything else on stderr; colours only where somebody looks."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Final, cast

from wistro.errors import SetupError, WistroError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

_UNBOUNDED: Final = 10_000
"""The width of what no terminal shows: a program that reads it wants whole lines."""

DEBUG_VARIABLE: Final = "WISTRO_DEBUG"


@cache
def console(*, stderr: bool = False) -> Console:
    """The console of a stream. It respects `NO_COLOR`, and colours nothing in a pipe."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    return Console(
        stderr=stderr,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=True,
        width=None if stream.isatty() else _UNBOUNDED,
    )


def say(text: str | Text, *, style: str | None = None) -> None:
    """A line for people, on stderr."""
    console(stderr=True).print(text, style=style)


def show(text: str | Text, *, style: str | None = None) -> None:
    """A line of data, on stdout."""
    console().print(text, style=style)


def show_json(value: object) -> None:
    """A document, on stdout."""
    print(json.dumps(value, indent=2, ensure_ascii=False, default=_plain))


def show_json_line(value: object) -> None:
    """One document of many, on a line of its own, at once."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_plain)
    print(text, flush=True)


def show_table(columns: Sequence[str], rows: Iterable[Sequence[str | Text]]) -> None:
    """Rows under their headings, on stdout."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim", show_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*row)
    console().print(table, soft_wrap=False)


def say_error(message: str, *, hint: str | None = None, word: str = "error") -> None:
    """`error: …` and `hint: …` on stderr."""
    from rich.text import Text

    say(Text.assemble((f"{word}: ", "bold red" if word == "error" else "yellow"), message))
    if hint:
        say(Text.assemble(("hint: ", "cyan"), hint))


def fail(error: BaseException) -> int:
    """Tell an error; the exit code of a command that it ended."""
    if os.environ.get(DEBUG_VARIABLE):
        traceback.print_exception(error)
    said = describe(error)
    if said is None:
        say_error(
            f"{type(error).__name__}: {error}",
            hint=f"this is a defect of Wistro; `{DEBUG_VARIABLE}=1` shows where it happened",
        )
        return 1
    message, hint = said
    say_error(message, hint=hint)
    return 1


def describe(error: BaseException) -> tuple[str, str | None] | None:
    """Message and hint of an error that was raised on purpose; `None` for any other."""
    if isinstance(error, WistroError):
        return _with_issues(error), error.hint
    if isinstance(error, BaseExceptionGroup):
        # One part that fails takes the others down: what failed first says why.
        return describe(cast("BaseException", error.exceptions[0]))
    # `CodecError`, which knows nothing of our tree, has the same fields.
    message, code = getattr(error, "message", None), getattr(error, "code", None)
    if isinstance(message, str) and isinstance(code, str) and isinstance(error, Exception):
        hint = getattr(error, "hint", None)
        return message, hint if isinstance(hint, str) else None
    if isinstance(error, PermissionError | FileNotFoundError | IsADirectoryError):
        return f"`{error.filename}`: {error.strerror}", None
    return None


def moment(value: str | datetime | None) -> str:
    """A moment as people here read it: local time, the date only when it is another day's."""
    if value is None:
        return ""
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    local = at.astimezone()
    today = local.date() == datetime.now(local.tzinfo).date()
    return local.strftime("%H:%M:%S" if today else "%Y-%m-%d %H:%M:%S")


def seconds(value: float | None) -> str:
    """A length of time: `12 ms`, `1.24 s`, `3 min 5 s`, `2 h 10 min`."""
    if value is None:
        return ""
    if value < 1:
        return f"{value * 1000:.0f} ms"
    if value < 60:
        return f"{value:.2f} s"
    if value < 3600:
        return f"{value // 60:.0f} min {value % 60:.0f} s"
    return f"{value // 3600:.0f} h {value % 3600 // 60:.0f} min"


def compact(value: object, limit: int = 100) -> str:
    """A value on part of a line."""
    text = (
        value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=_plain)
    )
    text = " ".join(text.split())
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _with_issues(error: WistroError) -> str:
    if not isinstance(error, SetupError) or len(error.issues) < 2:
        return error.message
    lines = [f"  {issue.message}{_where(issue.line)}" for issue in error.issues]
    return "\n".join([error.message, *lines])


def _where(line: int | None) -> str:
    return f" (line {line})" if line else ""


def _plain(value: object) -> object:
    """What `json` does not know: models, dataclasses, moments."""
    from dataclasses import asdict, is_dataclass

    dump = getattr(value, "model_dump", None)
    if callable(dump):
        return dump(mode="json")
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(cast("Mapping[object, object]", value))
    return str(value)
