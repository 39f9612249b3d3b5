"""The surroundings of the demo: a fresh copy of the project under `wistro dev`, and a GitHub."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from pathlib import Path

from demokit.project import Running, copy_project, running
from steps.environments.local_target import LocalTarget

from .script import REPOSITORY
from .stand_in import StandIn

PROJECT = Path(__file__).parents[1]
PARTS = ("wistro.yml", "wistro.yml.lock", "apps.yml", "steps", "previews")


@dataclass
class Stack:
    """Everything that runs, and how to reach it."""

    project: Running
    github: StandIn
    webhook_secret: str = field(default_factory=secrets.token_hex)
    operator_token: str = field(default_factory=secrets.token_urlsafe)

    @property
    def target(self) -> LocalTarget:
        """The processes of the environments."""
        return LocalTarget(self.project.folder / ".wistro" / "previews")

    def environment(self) -> dict[str, str]:
        """The variables that the project's processes get."""
        return {
            "GITHUB_API_URL": self.github.url,
            "GITHUB_TOKEN": self.github.token,
            "GITHUB_WEBHOOK_SECRET": self.webhook_secret,
            "OPERATOR_TOKEN": self.operator_token,
        }


@contextlib.asynccontextmanager
async def started(folder: Path) -> AsyncGenerator[Stack, None]:
    """Start everything in `folder`; stop everything that was started, whatever happens."""
    copy_project(PROJECT, PARTS, folder)
    with StandIn(secrets.token_hex(), [REPOSITORY], outages=1) as github:
        stack = Stack(Running(folder), github)
        try:
            async with running(stack.project, stack.environment()):
                yield stack
        finally:
            for server in stack.target.all():
                await stack.target.stop(server.environment)
