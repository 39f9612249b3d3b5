"""One-time links: people without an account answer on a page."""

from __future__ import annotations

import re
import time
from typing import Any

import httpx
import pytest

from tests.inbox.conftest import SECRET, Desk, OpenDesk, refunds
from wistro_codec import mint_task_token

pytestmark = pytest.mark.asyncio(loop_scope="session")

ASKED = 'notify="refund.asked", assignees=["anna@shop.example"],'
FILES = refunds(more=ASKED, topics=("refund.asked",))


async def link_of(desk: Desk, run: Any) -> str:
    """The link in the notice of a run's task."""
    (notice,) = await desk.kept("told", run)
    (link,) = notice["links"]
    assert link["to"] == "anna@shop.example"
    return link["url"]


async def test_a_link_answers_once(open_desk: OpenDesk) -> None:
    async with open_desk(FILES) as desk:
        run, _ = await desk.wanted(html="<script>alert(1)</script>")
        url = await link_of(desk, run)
        page = await desk.http.get(url)
        assert page.status_code == 200
        assert SECRET in page.text
        assert "<script" not in page.text
        assert "&lt;script&gt;" in page.text
        policy = page.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert page.headers["referrer-policy"] == "no-referrer"
        assert page.headers["cache-control"] == "no-store"
        assert "set-cookie" not in page.headers

        wrong = await desk.http.post(url, data={"/amount": "much", "comment": "So."})
        assert wrong.status_code == 422
        assert "expected a number, found `much`" in wrong.text
        assert 'value="much"' in wrong.text
        assert ">So.</textarea>" in wrong.text
        wrong = await desk.http.post(url, data={"/amount": "-3"})
        assert re.search(r'id="/amount-wrong">[^<]+', wrong.text)
        assert 'id="/approved-wrong">This is needed.<' in wrong.text
        assert wrong.text.count('aria-invalid="true"') == 3  # two buttons of one field, and another

        sent = await desk.http.post(
            url, data={"/approved": "true", "/amount": "3", "comment": "Ok"}
        )
        assert sent.status_code == 200
        assert "Thank you" in sent.text
        decided = await desk.kept("decided", run)
        assert decided["answer"] == {"approved": True, "amount": 3}
        assert decided["by"] == "anna@shop.example"
        for again in (await desk.http.get(url), await desk.http.post(url, data={})):
            assert again.status_code == 410
            assert "This is done" in again.text


async def test_a_used_link_says_so_while_others_answer(open_desk: OpenDesk) -> None:
    more = 'assignees=["anna", "bob"], approval={"needed": 2},'
    async with open_desk(refunds(more=more)) as desk:
        _, task = await desk.wanted()
        made = await desk.admin.post(f"/tasks/{task['id']}/links", json={"to": "anna"})
        url = made.json()["url"]
        assert (await desk.http.post(url, data={"/approved": "true"})).status_code == 200
        again = await desk.http.post(url, data={"/approved": "false"})
        assert (again.status_code, "You have answered already" in again.text) == (410, True)
        shown = (await desk.admin.get(f"/tasks/{task['id']}")).json()
        assert [vote["answer"] for vote in shown["answers"]] == [{"approved": True}]
        # Made by hand for somebody else, it counts; one of an assignee ends with the assignment.
        vouched = await desk.admin.post(f"/tasks/{task['id']}/links", json={"to": "carl"})
        bobs = await desk.admin.post(f"/tasks/{task['id']}/links", json={"to": "bob"})
        body = {"assignees": ["anna"], "by": "anna"}
        await desk.admin.post(f"/tasks/{task['id']}/reassign", json=body)
        late = await desk.http.get(bobs.json()["url"])
        assert (late.status_code, "Somebody else answers this now" in late.text) == (403, True)
        counts = await desk.http.post(vouched.json()["url"], data={"/approved": "true"})
        assert counts.status_code == 200
        as_user = {"wistro-as": "anna"}
        theirs = await desk.admin.post(
            f"/tasks/{task['id']}/links", json={"to": "anna"}, headers=as_user
        )
        assert theirs.status_code == 403


async def test_links_that_are_not_good(open_desk: OpenDesk) -> None:
    async with open_desk(FILES) as desk:
        run, task = await desk.wanted()
        url = await link_of(desk, run)
        head, _, signature = url.rpartition(".")
        forged = f"{head}.{signature[::-1]}"
        for bad in (forged, url[:-20], "/task/wt1.nonsense"):
            for page in (await desk.http.get(bad), await desk.http.post(bad, data={})):
                assert page.status_code == 404
                assert "This link is not valid" in page.text
        expired = mint_task_token(
            desk.runtime.keys,
            id="1",
            flow=run.flow,
            run_id=run.run_id,
            delivery_id=task["delivery_id"],
            to="eve",
            vouched=True,
            expires_at=time.time() - 1,
        )
        page = await desk.http.get(f"/task/{expired}")
        assert (page.status_code, "This link has expired" in page.text) == (410, True)
        nobody = await desk.http.get("/task/7")  # a path of the project's, if it has one
        assert nobody.json()["error"]["code"] == "not_found"


async def test_a_link_ends_with_the_deadline(open_desk: OpenDesk) -> None:
    more = ASKED + 'deadline={"after": "6s"},'
    async with open_desk(refunds(more=more, topics=("refund.asked",))) as desk:
        run, task = await desk.wanted()
        url = httpx.URL(await link_of(desk, run))
        assert (await desk.http.get(url)).status_code == 200
        await desk.wait_until(task["due_at"])
        page = await desk.http.get(url)
        assert (page.status_code, "This link has expired" in page.text) == (410, True)
        made = await desk.admin.post(f"/tasks/{task['id']}/links", json={"to": "anna@shop.example"})
        assert (await desk.http.get(made.json()["url"])).status_code == 200
