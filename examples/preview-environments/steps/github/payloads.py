"""GitHub's webhook payloads: what is read of them, and what is passed on."""

from __future__ import annotations

from pydantic import BaseModel

from previews.model import Branch, Message

BRANCHES = "refs/heads/"


class PullRequestChange(Message):
    """Something happened to a pull request."""

    action: str
    branch: Branch


class Push(Message):
    """Something was pushed: to a branch, or a tag."""

    ref: str
    branch: Branch | None = None
    """The branch; none when it was a tag, or the branch was deleted."""


class Repository(BaseModel):
    full_name: str


class Head(BaseModel):
    ref: str
    sha: str
    label: str
    """The branch with its owner, `owner:branch`."""
    repo: Repository | None
    """None when the fork was deleted."""


class PullRequest(BaseModel):
    number: int
    head: Head


class PullRequestPayload(BaseModel):
    """The parts that count of a `pull_request` event."""

    action: str
    pull_request: PullRequest
    repository: Repository

    def change(self) -> PullRequestChange:
        """The event, with the branch named so that a fork's `main` is not the repository's."""
        head = self.pull_request.head
        branch = Branch(
            repository=self.repository.full_name,
            name=head.ref if head.repo == self.repository else head.label,
            commit=head.sha,
            pull_request=self.pull_request.number,
        )
        return PullRequestChange(action=self.action, branch=branch)


class PushPayload(BaseModel):
    """The parts that count of a `push` event."""

    ref: str
    after: str
    deleted: bool
    repository: Repository

    def push(self) -> Push:
        """The event; a deleted branch has no commit left that could run."""
        if self.deleted or not self.ref.startswith(BRANCHES):
            return Push(ref=self.ref)
        branch = Branch(
            repository=self.repository.full_name,
            name=self.ref.removeprefix(BRANCHES),
            commit=self.after,
        )
        return Push(ref=self.ref, branch=branch)
