"""Comments: what people who follow a pull request read about its environments."""

from __future__ import annotations

from datetime import datetime, timedelta

from previews.model import Environment, Message, Status


class Comment(Message):
    """What shall stand under a pull request."""

    repository: str
    pull_request: int
    text: str


def text(environment: Environment, now: datetime) -> str:
    """What happened to the environment, in Markdown."""
    app, commit = f"**{environment.app}**", f"`{environment.commit[:8]}`"
    if environment.status is Status.STOPPED:
        lived = timedelta(seconds=round(environment.lived(now).total_seconds()))
        return f"{app} was stopped after {lived}: {environment.reason}."
    if environment.revision > 1:
        return f"{app} was restarted with {commit}: {environment.url}"
    return f"{app} runs this branch at {commit}: {environment.url}"
