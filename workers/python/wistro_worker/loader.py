"""Loads step files: their config, their handler, and what the handler takes."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

from pydantic import ValidationError

from wistro.context import Context, SyncContext
from wistro.errors import SetupError, WistroError
from wistro.project.appnames import qualified
from wistro.project.files import is_own, step_id
from wistro.request import ApiRequest
from wistro.schemas import json_schema
from wistro.steps import (
    STEP_KINDS,
    ApiStep,
    CallStep,
    EventStep,
    NoopStep,
    StepConfig,
    config_error,
    parse_config,
)
from wistro.stream_config import StreamConfig, stream_error
from wistro_worker.modules import load_module

LoadedT = TypeVar("LoadedT")


@dataclass(frozen=True, kw_only=True)
class LoadedStep:
    """A step file that was loaded."""

    id: str
    config: StepConfig
    handler: Callable[..., object] | None
    """None for a noop."""
    module: ModuleType
    path: Path
    input_type: object | None
    """What the handler's first argument is to be: its annotation, or the type that the config gives.
    For an api step the type of the body, from `ApiRequest[…]`. None when nothing says."""
    input_schema: dict[str, object] | None
    """The JSON Schema that messages (for an api step: bodies) must fit."""
    is_async: bool
    """Whether the handler is an `async def`; others run in a thread."""


def load_step(path: Path, *, root: Path) -> LoadedStep:
    """Load the step file at `path` of the project at `root`; a loaded file is not loaded again.

    Raises:
        SetupError: the file does not load, or its config is wrong; it names the file and the line.
    """
    return load_file(path, root, _step)


def load_file(path: Path, root: Path, read: Callable[[ModuleType, Path, Path], LoadedT]) -> LoadedT:
    """Load a file and give its module, its path and the root to `read`.

    Raises:
        SetupError: the file does not load, or what `read` says of it; it names the file and the line.
    """
    path, root = path.resolve(), root.resolve()
    try:
        return read(load_module(path, root), path, root)
    except SetupError:
        raise
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise _explain(error, path, root) from error


# ------------------------------------------------------------------------------------ steps


def _step(module: ModuleType, path: Path, root: Path) -> LoadedStep:
    file = path.relative_to(root).as_posix()
    if not hasattr(module, "config"):
        raise SetupError(
            f"`{file}` has no `config`, expected a step config beside the handler",
            code="no_config",
            hint="write `config = EventStep(name=…, subscribes=[…])`",
            file=file,
        )
    config = parse_config(module.config, file=file)
    handler = cast("object", getattr(module, "handler", None))
    if isinstance(config, NoopStep):
        handler = None
    elif not callable(handler):
        found = "none" if handler is None else f"a `{type(handler).__name__}`"
        raise SetupError(
            f"`{file}` has no handler: expected a function called `handler`, found {found}",
            code="no_handler",
            hint="write `async def handler(…)`, or use a `NoopStep` for a step without one",
            file=file,
        )
    annotation = _input_annotation(handler, config, file) if callable(handler) else None
    declared = _declared_input(config)
    source = annotation if declared is None else declared
    try:
        schema = None if source is None else json_schema(source)
    except ValueError as error:
        raise SetupError(
            f"the handler of `{file}` takes something that no message can be: {error}",
            code="bad_input_type",
            hint="use a pydantic model, a dataclass, a TypedDict or a plain type",
            file=file,
        ) from error
    declared_type = None if isinstance(declared, dict) else declared
    return LoadedStep(
        id=qualified(config.id or step_id(path), file),
        config=config,
        handler=handler,
        module=module,
        path=path,
        input_type=annotation if annotation is not None else declared_type,
        input_schema=schema,
        is_async=inspect.iscoroutinefunction(handler)
        or inspect.iscoroutinefunction(getattr(handler, "__call__", None)),  # noqa: B004 - an object with an async __call__
    )


def _declared_input(config: StepConfig) -> object | None:
    if isinstance(config, ApiStep):
        return config.body_schema
    return config.input if isinstance(config, EventStep | CallStep | NoopStep) else None


def _input_annotation(
    handler: Callable[..., object], config: StepConfig, file: str
) -> object | None:
    """What the handler's first argument is annotated with, when that says anything."""
    if not isinstance(config, ApiStep | EventStep | CallStep):
        return None
    function = inspect.unwrap(handler)
    try:
        parameter = next(iter(inspect.signature(function).parameters.values()), None)
    except (TypeError, ValueError):
        return None
    annotation = None if parameter is None else cast("object", parameter.annotation)
    if isinstance(annotation, str):
        annotation = _evaluate(annotation, function, file)
    origin = get_origin(annotation) or annotation
    if isinstance(config, ApiStep):
        arguments = get_args(annotation) if origin is ApiRequest else ()
        annotation = arguments[0] if arguments else None
    unsaid = annotation in {None, Any, object, inspect.Parameter.empty}
    is_context = annotation is SyncContext or (
        isinstance(origin, type) and issubclass(origin, Context)
    )
    return None if unsaid or is_context else annotation


def _evaluate(annotation: str, function: Callable[..., object], file: str) -> object:
    """What a quoted annotation names. Only this one: the context's may exist for checkers alone."""
    holder = type("Holder", (), {"__annotations__": {"value": annotation}})
    names = cast("dict[str, object]", getattr(function, "__globals__", {}))
    try:
        return get_type_hints(holder, globalns=names, include_extras=True)["value"]
    except NameError as error:
        raise SetupError(
            f"the handler of `{file}` takes `{annotation}`, which is not known at run time: {error}",
            code="bad_input_type",
            hint="import the type outside of `if TYPE_CHECKING:`",
            file=file,
        ) from error


# ------------------------------------------------------------------------------------ errors


def _explain(error: BaseException, path: Path, root: Path) -> SetupError:
    file, line = path.relative_to(root).as_posix(), _line(error, path)
    if isinstance(error, ValidationError):
        if error.title == StreamConfig.__name__:
            return stream_error(error, file=file, line=line)
        model = next((m for m in STEP_KINDS.values() if m.__name__ == error.title), None)
        if model is not None:
            return config_error(error, model, file=file, line=line)
    where = _elsewhere(error, path, root)
    text = str(error).strip() or "no message"
    if isinstance(error, SystemExit):
        text = f"it ends the process ({text})"
    if isinstance(error, SyntaxError):
        text = str(error.msg)
    hint = error.hint if isinstance(error, WistroError) else _hint(error)
    return SetupError(
        f"`{file}` does not load: {type(error).__name__}: {text}{where}",
        code="load_failed",
        hint=hint,
        file=file,
        line=line,
    )


def _line(error: BaseException, path: Path) -> int | None:
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return error.lineno
    frames = traceback.extract_tb(error.__traceback__)
    return next((f.lineno for f in reversed(frames) if f.filename == str(path)), None)


def _elsewhere(error: BaseException, path: Path, root: Path) -> str:
    """The project's own line that raised, when it is not in the step file itself."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [(Path(frame.filename), frame.lineno) for frame in frames]
    if isinstance(error, SyntaxError) and error.filename:
        own.append((Path(error.filename), error.lineno))
    own = [(file, line) for file, line in own if is_own(file, root)]
    if not own or own[-1][0] == path:
        return ""
    return f" (in `{own[-1][0].relative_to(root).as_posix()}`, line {own[-1][1]})"


def _hint(error: BaseException) -> str | None:
    if isinstance(error, ModuleNotFoundError) and error.name:
        return f"install the package that has `{error.name}`, or correct the import"
    if isinstance(error, SystemExit):
        return "a step file is imported; keep what ends the process inside a function"
    if isinstance(error, RecursionError):
        return "something in it calls itself without end"
    return None
