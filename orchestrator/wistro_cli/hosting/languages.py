"""The workers of other languages: which a project needs, and what each is started with."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

from wistro.project.declared import ForeignLanguage
from wistro.project.lock import Lock
from wistro.project.manifest import MANIFESTS, Manifest, worker_manifest
from wistro.project.toolchains import TOOLCHAINS
from wistro.temporal.host.runtime import BLOBS_VARIABLE
from wistro.usercache import Progress, silent
from wistro_cli.supervision.process import Command


def languages_of(lock: Lock) -> tuple[ForeignLanguage, ...]:
    """The languages, besides Python, that the project needs a worker of."""
    needed = {step.language for step in lock.steps.values() if step.kind != "noop"}
    needed |= {stream.language for stream in lock.streams.values() if stream.has_access}
    return tuple(language for language in TOOLCHAINS if language in needed)


def manifest_of(
    root: Path, lock: Lock, language: ForeignLanguage, drain: timedelta | None = None
) -> Manifest:
    """What the worker of `language` is told to serve.

    Args:
        root: The project's folder.
        lock: The compiled project.
        language: The worker's language.
        drain: How long deliveries get to finish; as the lock says, without it.
    """
    manifest = worker_manifest(lock, language, root=root)
    changes: dict[str, object] = {}
    if drain is not None:
        changes["drain"] = drain.total_seconds()
    if blobs := os.environ.get(BLOBS_VARIABLE):
        changes["storage"] = manifest.storage.model_copy(update={"path": blobs})
    return manifest.model_copy(update=changes)


def worker_command(root: Path, manifest: Manifest, say: Progress = silent) -> Command:
    """Write the manifest and make the worker ready to be started; this may take a while.

    Raises:
        SetupError: its toolchain is missing, or it cannot be built.
    """
    language = manifest.language
    command = TOOLCHAINS[language].serve(root, say)
    path = write_manifest(root, manifest)
    return Command(arguments=(*command, "--manifest", str(path)), folder=root)


def write_manifest(root: Path, manifest: Manifest) -> Path:
    """Write the manifest where its worker reads it."""
    path = root / MANIFESTS / f"{manifest.language}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    draft.write_text(manifest.text(), encoding="utf-8")
    draft.replace(path)
    return path
