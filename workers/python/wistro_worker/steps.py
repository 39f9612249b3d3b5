"""The steps of a lock, loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from wistro.errors import SetupError
from wistro.project.callables import answer_schemas
from wistro.project.lock import Lock
from wistro_worker.executor import Executor, Services
from wistro_worker.loader import LoadedStep, load_step


def make_executor(
    root: Path,
    lock: Lock,
    services: Services,
    *,
    elsewhere: Mapping[str, SetupError] | None = None,
) -> Executor:
    """An executor of the lock's Python steps; one that does not load fails when it is run.

    Args:
        root: The project's folder.
        lock: The compiled project.
        services: What handlers reach.
        elsewhere: What to say of steps that this executor will never have, by id.
    """
    steps, broken = load_steps(root, lock)
    return Executor(
        steps,
        services,
        topics={id: topic.message for id, topic in lock.topics.items() if topic.message},
        policies={id: lock.policy(id) for id in lock.steps},
        root=root,
        broken={**(elsewhere or {}), **broken},
        answers=answer_schemas(lock),
        lenient=lock.motia,
    )


def load_steps(root: Path, lock: Lock) -> tuple[list[LoadedStep], dict[str, SetupError]]:
    """The lock's Python steps, without noops, and the errors of those that do not load, by id."""
    steps: list[LoadedStep] = []
    broken: dict[str, SetupError] = {}
    for id, step in lock.steps.items():
        if step.language != "python" or step.kind == "noop":
            continue
        try:
            loaded = load_step(root / step.path, root=root)
        except SetupError as error:
            broken[id] = error
            continue
        # By Motia's rules files may share a stem: the lock tells them apart.
        if loaded.id == id or (lock.motia and loaded.config.id is None):
            steps.append(replace(loaded, id=id))
            continue
        broken[id] = SetupError(
            f"`{step.path}` is the step `{loaded.id}` now, the lock says `{id}`",
            code="stale_lock",
            hint="run `wistro lock`",
            file=step.path,
        )
    return steps, broken
