"""What is read of GitHub's payloads, and how comments are made."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from wistro import Retryable, Terminal

from demonstration.payloads import EXAMPLES, examples
from demonstration.stand_in import Comment, StandIn
from steps.github.payloads import PullRequestPayload, PushPayload
from steps.notifications.github import GitHub

from .makers import REPOSITORY

PROJECT = Path(__file__).parents[1]
HEAD = "ec26c3e57ca3a959ca5aad62de7213c562f8c821"

published = pytest.mark.skipif(not (PROJECT / EXAMPLES).exists(), reason="needs `npm ci`")


@published
def test_every_published_pull_request_is_read() -> None:
    events = examples(PROJECT, "pull_request")
    changes = [PullRequestPayload.model_validate(event.payload).change() for event in events]
    assert len(changes) == 29
    assert {change.branch.name for change in changes} == {"changes"}
    assert {change.branch.commit for change in changes} == {HEAD}


@published
def test_of_the_published_pushes_two_are_to_a_branch() -> None:
    events = examples(PROJECT, "push")
    pushes = [PushPayload.model_validate(event.payload).push() for event in events]
    assert [push.branch.name for push in pushes if push.branch] == ["master", "master"]
    assert {push.ref for push in pushes if not push.branch} == {"refs/tags/simple-tag"}


def test_a_branch_of_a_fork_is_not_the_repositorys_branch() -> None:
    for repo in ({"full_name": "someone/Hello-World"}, None):  # none: the fork was deleted
        head = {"ref": "main", "sha": HEAD, "label": "someone:main", "repo": repo}
        payload = {
            "action": "closed",
            "pull_request": {"number": 7, "head": head},
            "repository": {"full_name": REPOSITORY},
        }
        change = PullRequestPayload.model_validate(payload).change()
        assert change.branch.name == "someone:main"


def test_a_deleted_branch_has_nothing_to_run() -> None:
    payload = {
        "ref": "refs/heads/old",
        "after": "0" * 40,
        "deleted": True,
        "repository": {"full_name": REPOSITORY},
    }
    assert PushPayload.model_validate(payload).push().branch is None


# ------------------------------------------------------------------------------------ comments


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    with StandIn("token", [REPOSITORY]) as stand_in:
        yield stand_in


async def comment(stand_in: StandIn, key: str = "k", *, repeated: bool = False) -> str:
    async with GitHub(stand_in.url, "token") as api:
        return await api.comment(REPOSITORY, 2, "Hello", key=key, repeated=repeated)


async def test_a_comment_is_made(stand_in: StandIn) -> None:
    url = await comment(stand_in)
    assert url.endswith("/pull/2#issuecomment-1")
    assert stand_in.comments[0].body.startswith("Hello\n")


async def test_an_attempt_that_repeats_another_finds_its_comment(stand_in: StandIn) -> None:
    others = (Comment(number, REPOSITORY, 2, "Hello") for number in range(1, 251))
    stand_in.comments.extend(others)
    first = await comment(stand_in)
    assert await comment(stand_in, repeated=True) == first
    assert await comment(stand_in, "a new one", repeated=True) != first
    assert len(stand_in.comments) == 252


async def test_an_outage_is_tried_again(stand_in: StandIn) -> None:
    stand_in.outages = 1
    with pytest.raises(Retryable, match="503"):
        await comment(stand_in)
    assert await comment(stand_in)


async def test_a_refusal_is_final(stand_in: StandIn) -> None:
    stand_in.token = "another"
    with pytest.raises(Terminal, match="Bad credentials"):
        await comment(stand_in)


async def test_no_github_at_all() -> None:
    with pytest.raises(Retryable, match="could not be reached"):
        async with GitHub("http://127.0.0.1:1", "token") as api:
            await api.comment(REPOSITORY, 2, "Hello", key="k", repeated=False)


def test_the_stand_in_knows_its_bounds(stand_in: StandIn) -> None:
    bearer = {"Authorization": "Bearer token"}
    with httpx.Client(base_url=stand_in.url, headers=bearer, trust_env=False) as http:
        path = f"/repos/{REPOSITORY}/issues/2/comments"
        assert (
            http.post("/repos/some/other/issues/2/comments", json={"body": "x"}).status_code == 404
        )
        assert http.post(path, json={"body": ""}).status_code == 422
        assert http.post(path, content=b"{").status_code == 400
        assert http.get(path, params={"per_page": 100, "page": 1}).json() == []
