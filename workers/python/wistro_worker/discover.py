"""Describes the step files of a project: `python -m wistro_worker.discover ROOT`.

One JSON document (`wistro.project.descriptor.Discovered`) goes to stdout; what the step files print
goes to stderr. A file that does not load is reported, and the rest go on.

Options: `--progress FILE` writes there which file is being loaded, so that the parent can name the
file that took this process down; `--skip PATH` leaves a file out; `--limit SECONDS` bounds the
loading of one file.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import FrameType

from wistro.errors import SetupError
from wistro.policies import Emit
from wistro.project.descriptor import (
    ApiDescriptor,
    CronDescriptor,
    Descriptor,
    Discovered,
    LoadError,
)
from wistro.project.files import find_step_files
from wistro.schemas import json_schema
from wistro.steps import ApiStep, CallStep, CronStep, EventStep
from wistro_worker.loader import LoadedStep, load_step
from wistro_worker.sources import content_hash

FILE_LIMIT = 20.0
"""Seconds that loading one file may take."""


def discover(
    root: Path,
    *,
    skip: Sequence[str] = (),
    progress: Path | None = None,
    limit: float | None = None,
) -> Discovered:
    """Load and describe every Python step file of the project at `root`.

    Args:
        root: The project's folder.
        skip: Paths of files to leave out.
        progress: Where to write which file is being loaded.
        limit: Seconds that loading one file may take; needs the main thread and its alarm.
    """
    root = root.resolve()
    steps: list[Descriptor] = []
    errors: list[LoadError] = []
    for path in find_step_files(root):
        name = path.relative_to(root).as_posix()
        if name in skip:
            continue
        if progress is not None:
            progress.write_text(name)
        try:
            with _time_limit(limit) if limit else nullcontext():
                steps.append(describe(load_step(path, root=root), root))
        except SetupError as error:
            errors.extend(_load_errors(error, name))
    return Discovered(steps=tuple(steps), errors=tuple(errors))


def describe(step: LoadedStep, root: Path) -> Descriptor:
    """The descriptor of a loaded step."""
    config = step.config
    name = step.path.relative_to(root).as_posix()
    return Descriptor(
        id=step.id,
        path=name,
        kind=config.type,
        name=config.name,
        description=config.description,
        flows=tuple(dict.fromkeys(config.flows)),
        subscribes=config.subscriptions,
        join=config.join if isinstance(config, EventStep) else None,
        emits=tuple(_with_schema(emit) for emit in config.emissions),
        virtual_subscribes=config.virtual_subscriptions,
        virtual_emits=config.virtual_emissions,
        input=None if isinstance(config, ApiStep) else step.input_schema,
        output=_schema(config.output) if isinstance(config, CallStep) else None,
        api=_api(config, step.input_schema) if isinstance(config, ApiStep) else None,
        cron=_cron(config) if isinstance(config, CronStep) else None,
        policy=config.policy,
        fifo=isinstance(config, EventStep) and config.fifo,
        hash=content_hash(step.path, root, getattr(config, "include_files", ())),
    )


def _api(config: ApiStep, body: dict[str, object] | None) -> ApiDescriptor:
    responses = {status: _schema(source) or {} for status, source in config.response_schema.items()}
    return ApiDescriptor(
        method=config.method,
        path=config.route,
        mode=config.mode,
        body=body,
        query_params=tuple(config.query_params),
        responses=responses,
        signature=config.signature,
    )


def _cron(config: CronStep) -> CronDescriptor:
    return CronDescriptor(expression=config.cron, schedule=config.schedule)


def _with_schema(emit: Emit) -> Emit:
    return emit.model_copy(update={"message": _schema(emit.message)})


def _schema(source: object) -> dict[str, object] | None:
    return None if source is None else json_schema(source)


def _load_errors(error: SetupError, path: str) -> list[LoadError]:
    """One for each field of a config that is wrong, else one for the file."""
    if not error.issues:
        return [LoadError(path=path, error=error.message, hint=error.hint, line=error.line)]
    return [
        LoadError(
            path=path,
            error=issue.message,
            hint=issue.hint,
            line=issue.line or error.line,
            field=issue.field,
        )
        for issue in error.issues
    ]


class LoadTimeout(BaseException):
    """A file takes too long to load. Not an `Exception`, so that a step file's own `except Exception` does not swallow it."""


@contextmanager
def _time_limit(seconds: float) -> Generator[None]:
    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise LoadTimeout(f"still loading after {seconds:g} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the document. Ends the process at once: threads of step files do not hold it."""
    parser = argparse.ArgumentParser(prog="wistro_worker.discover", description=__doc__)
    parser.add_argument("root", type=Path)
    parser.add_argument("--progress", type=Path)
    parser.add_argument("--skip", action="append", default=[])
    parser.add_argument("--limit", type=float, default=FILE_LIMIT)
    given = parser.parse_args(arguments)
    document_out = os.dup(1)
    os.dup2(2, 1)
    sys.dont_write_bytecode = True
    found = discover(given.root, skip=given.skip, progress=given.progress, limit=given.limit)
    with os.fdopen(document_out, "w", encoding="utf-8") as out:
        out.write(found.model_dump_json())
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
