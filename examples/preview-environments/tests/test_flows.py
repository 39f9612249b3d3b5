"""The services together, in memory: what an event of GitHub's leads to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from wistro.testing import FlowHarness, HarnessRun

from demonstration.stand_in import StandIn
from steps.environments.local_target import LocalTarget

from .makers import REPOSITORY

OPERATOR = {"Authorization": "Bearer operator"}


@pytest.fixture(autouse=True)
async def target(tmp_path: Path) -> AsyncIterator[LocalTarget]:
    target = LocalTarget(tmp_path)
    yield target
    for process in target.all():
        await target.stop(process.environment)


def answer(run: HarnessRun) -> dict[str, Any]:
    """The HTTP response of an api step."""
    assert run.answer is not None
    return cast("dict[str, Any]", run.answer.output)


class Driver:
    """Sends events and orders, and reads what is left of them."""

    def __init__(self, project: FlowHarness) -> None:
        self.project = project

    async def pull_request(self, action: str, branch: str = "changes", commit: str = "1") -> Any:
        head = {
            "ref": branch,
            "sha": commit,
            "label": f"Codertocat:{branch}",
            "repo": {"full_name": REPOSITORY},
        }
        body = {
            "action": action,
            "number": 2,
            "pull_request": {"number": 2, "head": head},
            "repository": {"full_name": REPOSITORY},
        }
        return await self._webhook("pull_request", body)

    async def push(self, ref: str, commit: str = "2") -> Any:
        body = {
            "ref": ref,
            "after": commit,
            "deleted": False,
            "repository": {"full_name": REPOSITORY},
        }
        return await self._webhook("push", body)

    async def order(
        self, type: str, branch: str = "master", limit: str | None = None
    ) -> HarnessRun:
        wanted = {
            "app": "web",
            "account": "Codertocat",
            "type": type,
            "branch": {"repository": REPOSITORY, "name": branch, "commit": "0"},
            "limit": limit,
        }
        return await self.project.request("order_environment", wanted, headers=OPERATOR)

    async def environments(self) -> list[dict[str, Any]]:
        run = await self.project.request("list_environments", headers=OPERATOR)
        return answer(run)["body"]

    async def rows(self) -> list[tuple[object, ...]]:
        """App, type, status and revision of every environment."""
        return [
            (it["app"], it["type"], it["status"], it["revision"])
            for it in await self.environments()
        ]

    async def usage(self) -> dict[str, Any]:
        run = await self.project.request(
            "report_usage", path_params={"account": "Codertocat"}, headers=OPERATOR
        )
        return answer(run)["body"]

    async def _webhook(self, event: str, body: Mapping[str, object]) -> Any:
        run = await self.project.request("receive_webhook", body, headers={"X-GitHub-Event": event})
        return answer(run)


@pytest.fixture
def github(project: FlowHarness) -> Driver:
    return Driver(project)


async def test_a_pull_request_from_its_opening_to_its_end(
    github: Driver, stand_in: StandIn
) -> None:
    await github.pull_request("opened")
    assert await github.rows() == [
        ("docs", "preview", "running", 1),
        ("web", "preview", "running", 1),
    ]
    await github.pull_request("synchronize", commit="3")
    assert await github.rows() == [
        ("docs", "preview", "running", 2),
        ("web", "preview", "running", 2),
    ]
    async with httpx.AsyncClient(trust_env=False) as http:
        for environment in await github.environments():
            facts = (await http.get(f"{environment['url']}/environment.json")).json()
            assert (facts["commit"], facts["revision"]) == ("3", 2)
    await github.pull_request("closed")
    assert await github.rows() == [
        ("docs", "preview", "stopped", 2),
        ("web", "preview", "stopped", 2),
    ]
    told = [comment.body.split("\n")[0] for comment in stand_in.comments]
    assert sorted(line.split(" ")[0] for line in told) == ["**docs**"] * 3 + ["**web**"] * 3
    assert told[-1].endswith("pull request 2 was closed.")
    await github.pull_request("reopened")
    assert sorted(str(row[2]) for row in await github.rows()) == ["running"] * 2 + ["stopped"] * 2


async def test_actions_that_no_rule_is_about(github: Driver) -> None:
    answer = await github.pull_request("labeled")
    assert answer["body"] == {"accepted": "pull_request labeled"}
    assert [run.flow for run in github.project.runs()] == ["github-events"]
    assert await github.rows() == []


async def test_other_events_and_unreadable_ones(project: FlowHarness) -> None:
    run = await project.request("receive_webhook", {}, headers={"X-GitHub-Event": "ping"})
    assert answer(run)["status"] == 200
    run = await project.request("receive_webhook", {}, headers={"X-GitHub-Event": "push"})
    assert answer(run)["status"] == 422


async def test_a_push_restarts_all_but_production(github: Driver) -> None:
    for type in ("production", "staging"):
        await github.order(type)
    await github.order("staging", branch="other")
    await github.push("refs/heads/master")
    await github.push("refs/tags/master")
    found = {(it["branch"], it["type"]): it["revision"] for it in await github.environments()}
    assert found == {("master", "production"): 1, ("master", "staging"): 2, ("other", "staging"): 1}


async def test_closing_ends_all_that_runs_the_branch(github: Driver) -> None:
    await github.order("production", branch="changes")
    await github.pull_request("opened")
    await github.pull_request("closed")
    assert {row[2] for row in await github.rows()} == {"stopped"}


async def test_a_repository_without_apps(github: Driver, project: FlowHarness) -> None:
    branch = {"repository": "some/other", "name": "changes", "commit": "1", "pull_request": 1}
    await project.emit("environments", "branch.opened", branch)
    assert await github.rows() == []


async def test_an_order_needs_the_token(project: FlowHarness) -> None:
    run = await project.request("order_environment", {}, headers={"Authorization": "Bearer x"})
    assert answer(run)["status"] == 401


async def test_what_is_too_old_stops_in_the_night(github: Driver, project: FlowHarness) -> None:
    await github.order("production")
    await github.order("staging", limit="PT0S")
    await asyncio.sleep(0.01)
    await project.trigger("stop_old_environments")
    found = {it["type"]: (it["status"], it["reason"]) for it in await github.environments()}
    assert found["production"] == ("running", None)
    assert found["staging"] == ("stopped", "it is older than its limit of 0:00:00")


async def test_usage_counts_each_life_once(github: Driver, project: FlowHarness) -> None:
    await github.pull_request("opened")
    await github.pull_request("closed")
    before = await github.usage()
    assert (before["environments"], before["running"]) == (2, 0)
    for message in project.runs("usage"):
        if message.trigger.topic:
            await project.emit("usage", message.trigger.topic, message.deliveries()[0].input)
    assert await github.usage() == before


async def test_a_meter_closed_before_it_was_opened(github: Driver, project: FlowHarness) -> None:
    await github.pull_request("opened")
    await github.pull_request("closed")
    before = await github.usage()
    started = [run for run in project.runs("usage") if run.trigger.topic == "environment.started"]
    await project.state.clear("usage Codertocat")
    stopped = [run for run in project.runs("usage") if run.trigger.topic == "environment.stopped"]
    for run in (*stopped, *started):
        assert run.trigger.topic
        await project.emit("usage", run.trigger.topic, run.deliveries()[0].input)
    assert await github.usage() == before


async def test_an_outage_of_github_delays_a_comment(
    github: Driver, project: FlowHarness, stand_in: StandIn
) -> None:
    stand_in.outages = 3
    await github.pull_request("opened")
    assert len(stand_in.comments) < 2
    await project.advance(minutes=1)
    assert len(stand_in.comments) == 2


async def test_a_target_that_fails_for_long_holds_the_delivery(
    github: Driver, project: FlowHarness
) -> None:
    project.fake("create_environment", error="the cloud is away")
    await github.pull_request("opened")
    await project.advance(hours=1)
    run = project.runs("environments")[0]
    assert len(run.held) == 2
    project.unfake("create_environment")
    for delivery in run.held:
        await run.retry(delivery)
    assert {row[2] for row in await github.rows()} == {"running"}
