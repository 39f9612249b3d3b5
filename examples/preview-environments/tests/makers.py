"""Branches and environments, as the tests need them."""

from __future__ import annotations

from previews.model import Branch, EnvironmentType, EnvironmentWanted

REPOSITORY = "Codertocat/Hello-World"


def branch(name: str = "changes", commit: str = "c" * 40, pull_request: int | None = 2) -> Branch:
    return Branch(repository=REPOSITORY, name=name, commit=commit, pull_request=pull_request)


def wanted(
    app: str = "web",
    on: Branch | None = None,
    type: EnvironmentType = EnvironmentType.PREVIEW,
) -> EnvironmentWanted:
    return EnvironmentWanted(app=app, account="Codertocat", branch=on or branch(), type=type)
