"""Motia's rules: which projects are run by them, and what they make of steps.

`docs/motia.md` lists them for people who come from there, decision 0006 says why these.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from wistro.policies import Policy, Retry
from wistro.project.descriptor import Descriptor
from wistro.project.files import ALL_STEPS, find_step_files, step_id

_IMPORTS_MOTIA = re.compile(r"""(?:\bfrom|\bimport|\brequire\()\s*["']motia["'/]""")
_NAMES_WISTRO = re.compile(r"\bwistro\b")


def looks_like_motia(root: Path) -> bool:
    """Whether the steps at `root` are Motia's: one imports `motia`, or none names `wistro`."""
    files = find_step_files(root, ALL_STEPS)
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in files]
    if any(_IMPORTS_MOTIA.search(text) for text in texts):
        return True
    return bool(texts) and not any(_NAMES_WISTRO.search(text) for text in texts)


def by_motias_rules(steps: Sequence[Descriptor], defaults: Policy) -> tuple[Descriptor, ...]:
    """The steps with the ids and the policies that they have by Motia's rules.

    Args:
        steps: As their files describe them.
        defaults: The policy that `wistro.yml` gives to steps that do not say: it wins.
    """
    ids = _distinct_ids(steps)
    return tuple(
        step.model_copy(update={"id": id, "policy": step.policy.over(_policy(step, defaults))})
        for step, id in zip(steps, ids, strict=True)
    )


def _policy(step: Descriptor, defaults: Policy) -> Policy:
    """Requests and ticks are attempted once; what a queue delivers has its failures kept.

    A failed event step has never stopped the others there: `hold` lets them go on, and an operator
    retries or skips what failed.
    """
    if step.kind == "event":
        return Policy(on_failure=defaults.on_failure or "hold")
    if step.kind in {"api", "cron"}:
        return Policy(retry=defaults.retry or Retry(attempts=1))
    return Policy()


def _distinct_ids(steps: Sequence[Descriptor]) -> list[str]:
    """Ids that differ: where files of several folders share a stem, the folder is put before it."""
    names = [_names(step) for step in steps]
    used = [0] * len(steps)
    for _ in range(max(map(len, names), default=1) - 1):
        ids = [own[index] for own, index in zip(names, used, strict=True)]
        count = Counter(ids)
        used = [
            min(index + (count[id] > 1), len(own) - 1)
            for own, index, id in zip(names, used, ids, strict=True)
        ]
    return [own[index] for own, index in zip(names, used, strict=True)]


def _names(step: Descriptor) -> tuple[str, ...]:
    """What a step may be called, the shortest first: `api`, `orders.api`, `orders.api.ts`."""
    path = PurePosixPath(step.path)
    if step.id != step_id(step.path):
        return (step.id,)  # its config says so
    folders = ".".join(_words(path.parts[1:-1]))
    qualified = f"{folders}.{step.id}" if folders else step.id
    return (step.id, qualified, f"{qualified}{path.suffix}")


def _words(folders: Iterable[str]) -> Iterable[str]:
    return (re.sub(r"[^A-Za-z0-9_-]+", "_", folder) for folder in folders)
