"""The order in which the demo lets things happen.

Every published `pull_request` and `push` example is sent once. All are about one pull request, whose
branch `changes` thus lives three times here: opened, updated and closed; reopened and closed; opened
twice at the very same moment. What is not a published example is marked as such.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast
from uuid import uuid4

from .payloads import Event, examples

CONCERN = ("opened", "reopened", "synchronize", "closed")
REPOSITORY = "Codertocat/Hello-World"


@dataclass(frozen=True)
class Order:
    """An operator orders an environment by hand."""

    wanted: Mapping[str, object]
    label: str
    note: str = "POST /environments"


@dataclass(frozen=True)
class Night:
    """The nightly cron ticks now."""

    label: str = "cron stop_old_environments"
    note: str = "ticked by hand"


Happening = Event | Order | Night
Batch = tuple[Happening, ...]
"""What happens at the same time; the next batch waits until all of it is done."""

REST = 1_000
STORY: tuple[tuple[str, int], ...] = (
    ("opened", 1),
    ("no concern", 4),
    ("opened", 1),
    ("synchronize", 1),
    ("tag", REST),
    ("branch", 1),
    ("no concern", 4),
    ("closed", 1),
    ("reopened", 1),
    ("branch", REST),
    ("reopened", REST),
    ("no concern", 4),
    ("closed", REST),
    ("opened", REST),
    ("no concern", REST),
)
"""How many examples of which kind happen at the same time, in the order of the package."""


def script(project: Path) -> Iterator[Batch]:
    """What happens, in its order."""
    yield (
        _order("web", "production"),
        _order("web", "staging"),
        _order("docs", "staging", limit="PT0S"),
    )
    examples_by_kind = _by_kind(project)
    opened, pushed = examples_by_kind["opened"][-1], examples_by_kind["branch"][0]
    for kind, count in STORY:
        waiting = examples_by_kind[kind]
        yield tuple(waiting[:count])
        del waiting[:count]
    forgotten = [event.label for waiting in examples_by_kind.values() for event in waiting]
    assert not forgotten, f"the story leaves out {forgotten}"
    ping = examples(project, "ping")[0]
    yield (ping,)
    yield (replace(opened, note=f"{opened.note} again"),)
    yield (replace(opened, guid=str(uuid4()), note="forged signature", forged=True),)
    # GitHub sends a push along with each `synchronize`; the published ones are of another branch.
    head = cast("dict[str, dict[str, str]]", opened.payload["pull_request"])["head"]
    derived = {**pushed.payload, "ref": f"refs/heads/{head['ref']}", "after": head["sha"]}
    yield (
        Event(
            "push", derived, f"push {head['ref']}", note=f"derived from {pushed.note.split()[-1]}"
        ),
    )
    yield (Night(),)


def _by_kind(project: Path) -> dict[str, list[Event]]:
    kinds: dict[str, list[Event]] = {}
    for event in examples(project, "pull_request") + examples(project, "push"):
        what = str(event.payload.get("action", event.payload.get("ref")))
        if event.name == "push":
            kind = "branch" if what.startswith("refs/heads/") else "tag"
        else:
            kind = what if what in CONCERN else "no concern"
        kinds.setdefault(kind, []).append(event)
    return kinds


def _order(app: str, type: str, limit: str | None = None) -> Order:
    branch = {"repository": REPOSITORY, "name": "master", "commit": "0" * 40}
    wanted: dict[str, object] = {
        "app": app,
        "account": REPOSITORY.partition("/")[0],
        "type": type,
        "branch": branch,
    }
    if limit is not None:
        wanted["limit"] = limit
    return Order(wanted, f"order {app} for {type}")
