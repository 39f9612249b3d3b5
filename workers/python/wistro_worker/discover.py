"""Describes the step and stream files of a project: `python -m wistro_worker.discover ROOT`.

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
from fnmatch import fnmatch
from pathlib import Path
from types import FrameType

from wistro.errors import SetupError
from wistro.project.describing import describe_config, describe_stream, load_errors
from wistro.project.descriptor import Descriptor, Discovered, LoadError, StreamDescriptor
from wistro.project.files import PYTHON_STEPS, PYTHON_STREAMS, find_step_files
from wistro_worker.loader import LoadedStep, load_step
from wistro_worker.sources import content_hash
from wistro_worker.streams import LoadedStream, load_stream

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
    streams: list[StreamDescriptor] = []
    errors: list[LoadError] = []
    for path in find_step_files(root, (*PYTHON_STEPS, *PYTHON_STREAMS)):
        name = path.relative_to(root).as_posix()
        if name in skip:
            continue
        if progress is not None:
            progress.write_text(name)
        try:
            with _time_limit(limit) if limit else nullcontext():
                if any(fnmatch(path.name, pattern) for pattern in PYTHON_STREAMS):
                    streams.append(_describe_stream(load_stream(path, root=root), root))
                else:
                    steps.append(describe(load_step(path, root=root), root))
        except SetupError as error:
            errors.extend(load_errors(error, name))
    return Discovered(steps=tuple(steps), streams=tuple(streams), errors=tuple(errors))


def describe(step: LoadedStep, root: Path) -> Descriptor:
    """The descriptor of a loaded step."""
    return describe_config(
        step.config,
        path=step.path.relative_to(root).as_posix(),
        language="python",
        input=step.input_schema,
        hash=content_hash(step.path, root, getattr(step.config, "include_files", ())),
    )


def _describe_stream(stream: LoadedStream, root: Path) -> StreamDescriptor:
    return describe_stream(
        stream.config,
        path=stream.path.relative_to(root).as_posix(),
        language="python",
        has_access=stream.config.can_access is not None,
        hash=content_hash(stream.path, root),
    )


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
