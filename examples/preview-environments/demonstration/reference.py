"""The rules once more, in the plainest form: what a sequence of events must lead to.

A pure function of the events, written without a look at the steps, so that the demo compares two
things that can only agree by being right. It knows nothing of crashes, retries or concurrency.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

APPS = {"Codertocat/Hello-World": ["web", "docs"]}


@dataclass
class Expected:
    """An environment as it must be."""

    app: str
    repository: str
    branch: str
    type: str
    commit: str
    pull_request: int | None = None
    old: bool = False
    """Past its limit whenever somebody looks."""
    revision: int = 1
    stopped: bool = False

    @property
    def title(self) -> str:
        return f"{self.app} ({self.branch}, {self.type})"

    @property
    def facts(self) -> tuple[object, ...]:
        """What the real one is compared by."""
        return (
            self.repository,
            self.app,
            self.branch,
            self.type,
            self.commit,
            self.pull_request,
            self.revision,
            self.stopped,
        )


@dataclass
class Reference:
    """The world after the events so far."""

    environments: list[Expected] = field(default_factory=list)
    comments: Counter[tuple[int, str, str]] = field(default_factory=Counter)
    """How often a pull request was told that an app was started, restarted or stopped."""

    def order(self, wanted: Mapping[str, Any]) -> list[str]:
        """Somebody orders an environment by hand."""
        branch = wanted["branch"]
        return [
            self._create(
                Expected(
                    app=wanted["app"],
                    repository=branch["repository"],
                    branch=branch["name"],
                    type=wanted["type"],
                    commit=branch["commit"],
                    old=wanted.get("limit") == "PT0S",
                )
            )
        ]

    def webhook(self, name: str, payload: Mapping[str, Any]) -> list[str]:
        """GitHub tells of an event. Returns what must be done, for example `created web (…)`."""
        repository = payload.get("repository", {}).get("full_name")
        if name == "push":
            kind, _, branch = payload["ref"].removeprefix("refs/").partition("/")
            if kind != "heads" or payload["deleted"]:
                return []
            affected = [
                environment
                for environment in self._matching(repository, branch)
                if environment.type != "production"
            ]
            return [self._restart(environment, payload["after"]) for environment in affected]
        if name != "pull_request":
            return []
        head = payload["pull_request"]["head"]
        branch, commit, number = head["ref"], head["sha"], payload["number"]
        match payload["action"]:
            case "opened" | "reopened":
                return [
                    self._create(Expected(app, repository, branch, "preview", commit, number))
                    for app in APPS.get(repository, [])
                ]
            case "closed":
                return [self._stop(found) for found in list(self._matching(repository, branch))]
            case "synchronize":
                return [self._restart(it, commit) for it in self._matching(repository, branch)]
            case _:
                return []

    def nightly(self) -> list[str]:
        """The night comes."""
        return [self._stop(it) for it in self.environments if it.old and not it.stopped]

    def _matching(self, repository: str, branch: str) -> Iterator[Expected]:
        for environment in self.environments:
            same = environment.repository == repository and environment.branch == branch
            if same and not environment.stopped:
                yield environment

    def _create(self, wanted: Expected) -> str:
        for environment in self._matching(wanted.repository, wanted.branch):
            if (environment.app, environment.type) == (wanted.app, wanted.type):
                return f"kept {environment.title}"
        self.environments.append(wanted)
        return self._did("created", wanted)

    def _restart(self, environment: Expected, commit: str) -> str:
        environment.revision += 1
        environment.commit = commit
        return self._did("restarted", environment)

    def _stop(self, environment: Expected) -> str:
        environment.stopped = True
        return self._did("stopped", environment)

    def _did(self, what: str, environment: Expected) -> str:
        if environment.pull_request is not None:
            self.comments[environment.pull_request, what, environment.app] += 1
        return f"{what} {environment.title}"
