"""Holds what happened against the reference, and says what differs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from steps.environments.local_target import LocalTarget

from .reference import Reference
from .stand_in import Comment

VERBS = {"runs this branch": "created", "was restarted": "restarted", "was stopped": "stopped"}


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    title: str
    problems: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        return not self.problems


def compare(title: str, expected: Iterable[object], found: Iterable[object]) -> Check:
    """The same things, each as often, in any order."""
    wanted, seen = Counter(map(str, expected)), Counter(map(str, found))
    missing = [f"expected {what} ({times} times)" for what, times in (wanted - seen).items()]
    surplus = [f"found {what} ({times} times)" for what, times in (seen - wanted).items()]
    return Check(title, (*missing, *surplus))


def environments(reference: Reference, found: list[dict[str, Any]]) -> Check:
    """Every environment that there must be, as it must be."""
    facts = [
        (
            it["repository"],
            it["app"],
            it["branch"],
            it["type"],
            it["commit"],
            it["pull_request"],
            it["revision"],
            it["status"] == "stopped",
        )
        for it in found
    ]
    title = f"{len(found)} environments are as the rules say"
    return compare(title, (it.facts for it in reference.environments), facts)


async def addresses(found: list[dict[str, Any]], target: LocalTarget) -> Check:
    """Each environment that is not stopped answers with its commit; no other process is left."""
    problems: list[str] = []
    running = [it for it in found if it["status"] != "stopped"]
    async with httpx.AsyncClient(timeout=5, trust_env=False) as http:
        for it in running:
            try:
                facts = (await http.get(f"{it['url']}/environment.json")).json()
            except (httpx.HTTPError, ValueError) as error:
                problems.append(f"`{it['id']}` does not answer: {error!r}")
                continue
            shown = {name: facts.get(name) for name in ("environment", "commit", "revision")}
            wanted = {"environment": it["id"], "commit": it["commit"], "revision": it["revision"]}
            if shown != wanted:
                problems.append(f"`{it['id']}` answers {shown}, expected {wanted}")
    processes = compare(
        "", (it["id"] for it in running), (process.environment for process in target.all())
    )
    title = f"{len(running)} previews answer with their commit, the others are gone"
    return Check(title, (*problems, *processes.problems))


def comments(reference: Reference, found: Iterable[Comment]) -> Check:
    """The pull request was told of everything once."""
    told: list[tuple[int, str, str]] = []
    for comment in found:
        verb = next((done for words, done in VERBS.items() if words in comment.body), "?")
        app = re.match(r"\*\*(.+?)\*\*", comment.body)
        told.append((comment.number, verb, app[1] if app else "?"))
    title = f"{len(told)} comments tell the pull request, each once"
    return compare(title, reference.comments.elements(), told)


def usage(
    report: Mapping[str, Any], found: list[dict[str, Any]], seconds: float, slack: float
) -> Check:
    """The account was charged for what its environments lived: `seconds`, give or take `slack`."""
    problems: list[str] = []
    running = sum(it["status"] != "stopped" for it in found)
    if (report["environments"], report["running"]) != (len(found), running):
        problems.append(f"expected {len(found)} meters, {running} of them running; found {report}")
    if abs(report["seconds"] - seconds) > slack:
        problems.append(f"expected {seconds:.1f} s, found {report['seconds']:.1f} s")
    return Check(f"{report['seconds']:.0f} s of usage are metered", tuple(problems))


def confidential(folder: Path, words: Iterable[str]) -> Check:
    """Nothing that GitHub sent can be read in Temporal's database."""
    files = sorted((folder / ".wistro").glob("temporal*"))
    found = [
        f"`{word}` stands in {file.name}"
        for file in files
        if file.is_file()
        for word in words
        if word.encode() in file.read_bytes()
    ]
    size = sum(file.stat().st_size for file in files if file.is_file()) / 2**20
    missing = [] if files else ["there is no database file to look into"]
    return Check(
        f"nothing of it can be read in Temporal's database ({size:.1f} MiB)", (*found, *missing)
    )
