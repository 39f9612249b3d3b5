"""Several people decide: n of m, veto, and no use waiting; whose a task is; deadlines."""

from __future__ import annotations

import pytest

from tests.inbox.conftest import OpenDesk, refunds

pytestmark = pytest.mark.asyncio(loop_scope="session")

THREE = 'assignees=["anna", "bob", "carl"],'


async def test_two_of_three_approve(open_desk: OpenDesk) -> None:
    async with open_desk(refunds(more=f'{THREE} approval={{"needed": 2}},')) as desk:
        run, task = await desk.wanted()
        assert (await desk.answer(task, {"approved": False}, "anna")).status_code == 200
        again = await desk.answer(task, {"approved": True}, "anna")
        assert (again.status_code, again.json()["error"]["code"]) == (409, "task_answered")
        assert (await desk.answer(task, {"approved": True}, "bob")).status_code == 200
        shown = (await desk.admin.get(f"/tasks/{task['id']}")).json()
        assert [(vote["by"], vote["answer"]["approved"]) for vote in shown["answers"]] == [
            ("anna", False),
            ("bob", True),
        ]
        assert shown["approval"] == {"needed": 2, "of": None, "veto": False}
        assert (await desk.answer(task, {"approved": True}, "carl")).status_code == 200
        decided = await desk.kept("decided", run)
        assert decided["outcome"] == "approved"
        assert [vote["by"] for vote in decided["votes"]] == ["anna", "bob", "carl"]


@pytest.mark.parametrize(
    ("approval", "answers"),
    [('{"needed": 2, "veto": True}', 1), ('{"needed": 2}', 2)],
    ids=["veto", "hopeless"],
)
async def test_refusals_decide(open_desk: OpenDesk, approval: str, answers: int) -> None:
    async with open_desk(refunds(more=f"{THREE} approval={approval},")) as desk:
        run, task = await desk.wanted()
        for name in ("anna", "bob")[:answers]:
            assert (await desk.answer(task, {"approved": False}, name)).status_code == 200
        assert (await desk.kept("decided", run))["outcome"] == "refused"
        late = await desk.answer(task, {"approved": True}, "carl")
        assert (late.status_code, late.json()["error"]["code"]) == (409, "task_closed")


async def test_a_task_is_those_peoples_whom_it_is_assigned_to(open_desk: OpenDesk) -> None:
    more = 'assignees=["anna"], roles=["finance"],'
    async with open_desk(refunds(more=more)) as desk:
        run, task = await desk.wanted()
        path, body = f"/tasks/{task['id']}", {"data": {"approved": True}}
        theirs = {"wistro-as": "eve"}
        assert (await desk.admin.get("/tasks", headers=theirs)).json()["tasks"] == []
        assert (await desk.admin.get(path, headers=theirs)).status_code == 403
        refused = await desk.act_as("eve", f"{path}/answer", body)
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "task_not_yours")
        await desk.audited("user:eve", "inbox", "task_not_yours")
        given = {"assignees": ["eve"], "roles": []}
        assert (await desk.act_as("fred", f"{path}/reassign", given)).status_code == 403
        assert (await desk.act_as("fred", f"{path}/reassign", given, "finance")).status_code == 200
        late = await desk.act_as("anna", f"{path}/answer", body)
        assert (late.status_code, late.json()["error"]["code"]) == (403, "task_not_yours")
        assert (await desk.act_as("eve", f"{path}/answer", body)).status_code == 200
        assert (await desk.kept("decided", run))["by"] == "eve"
        assert (await desk.http.get("/_wistro/api/tasks")).status_code == 401


async def test_keys_need_the_scope(open_desk: OpenDesk) -> None:
    settings = """auth:
  keys:
    desk: { secret: DESK_KEY, scopes: [inbox] }
    other: { secret: OTHER_KEY, scopes: ["call:*"] }
"""
    async with open_desk(refunds(settings=settings)) as desk:
        run, task = await desk.wanted()
        body = {"data": {"approved": True}}
        path = f"/_wistro/api/tasks/{task['id']}/answer"
        other = await desk.http.post(path, json=body, headers={"x-api-key": "o" * 40})
        assert other.status_code == 403
        named = {**body, "by": "anna"}
        anna = await desk.http.post(path, json=named, headers={"x-api-key": "k" * 40})
        assert anna.status_code == 403
        own = await desk.http.post(path, json=body, headers={"x-api-key": "k" * 40})
        assert own.json()["by"] == "key:desk"
        assert (await desk.kept("decided", run))["by"] == "key:desk"


async def test_comments_and_files(open_desk: OpenDesk) -> None:
    async with open_desk(refunds()) as desk:
        run, task = await desk.wanted()
        path = f"/tasks/{task['id']}"
        said = await desk.admin.post(f"{path}/comments", json={"text": "Hm.", "by": "anna"})
        assert said.status_code == 200
        content, query = b"%PDF secret-invoice", {"name": "invoice \N{EURO SIGN}.pdf", "by": "bob"}
        headers = {"content-type": "application/pdf"}
        attached = await desk.admin.post(
            f"{path}/attachments", content=content, params=query, headers=headers
        )
        assert attached.status_code == 201, attached.text
        remarks = (await desk.admin.get(path)).json()["remarks"]
        assert [(remark["by"], remark["text"]) for remark in remarks] == [
            ("anna", "Hm."),
            ("bob", ""),
        ]
        assert remarks[1]["attachment"] == attached.json()
        found = await desk.admin.get(f"{path}/attachments/{attached.json()['id']}")
        assert found.content == content
        assert found.headers["content-type"] == "application/pdf"
        assert found.headers["content-disposition"].startswith("attachment;")
        assert b"secret-invoice" not in b"".join(
            file.read_bytes() for file in desk.runtime.folder.glob("wistro.db*")
        )
        large = await desk.admin.post(
            f"{path}/attachments", content=b"x" * (1024 * 1024 + 1), params=query
        )
        assert (large.status_code, large.json()["error"]["code"]) == (413, "attachment_too_large")
        bad = await desk.admin.post(
            f"{path}/attachments", content=b"x", params={"name": "../x", "by": "bob"}
        )
        assert bad.status_code == 422
        await desk.answer(task, {"approved": True})
        await desk.ended(run)
        late = await desk.admin.post(f"{path}/attachments", content=b"x", params=query)
        assert (late.status_code, late.json()["error"]["code"]) == (409, "task_closed")
        found = await desk.admin.get(f"{path}/attachments/{attached.json()['id']}")
        assert (found.status_code, found.content) == (200, content)


async def test_deadlines_remind_and_escalate(open_desk: OpenDesk) -> None:
    more = """deadline={"after": "2s", "remind": ["0.5s"], "reminder": "refund.due",
        "escalation": "refund.late"}, notify="refund.asked", assignees=["anna"],"""
    files = refunds(more=more, topics=("refund.asked", "refund.due", "refund.late"))
    async with open_desk(files) as desk:
        run, task = await desk.wanted()
        told = await desk.kept("told", run, lambda value: len(value) == 3)
        asked, due, late = told
        assert [link["to"] for link in asked["links"]] == ["anna"]
        assert (due["reminder"], due["due_at"], "links" in late) == (1, asked["due_at"], False)
        overdue = (await desk.admin.get("/tasks", params={"overdue": True})).json()["tasks"]
        assert [each["id"] for each in overdue] == [task["id"]]
        assert (await desk.answer(task, {"approved": False})).status_code == 200
        assert (await desk.ended(run)).status == "completed"
        await desk.noted(run, "run.completed")
        for topic, told in (("refund.asked", asked), ("refund.due", due), ("refund.late", late)):
            message = await desk.passed(run, topic)
            assert message["data"] == told
            assert [(each["step"], each["status"]) for each in message["receipts"]] == [
                ("listen", "completed")
            ]


async def test_what_nobody_heard_is_listed_but_not_kept(open_desk: OpenDesk) -> None:
    async with open_desk(refunds(more='notify="refund.asked",')) as desk:
        run, task = await desk.wanted()
        await desk.noted(run, "delivery.told")
        message = await desk.passed(run, "refund.asked")
        assert message == {"data": None, "receipts": [], "known": False}
        await desk.answer(task, {"approved": True})
        await desk.ended(run)
        await desk.noted(run, "run.completed")
        assert (await desk.passed(run, "refund.approved"))["known"]


async def test_deadlines_close(open_desk: OpenDesk) -> None:
    more = 'deadline={"after": "1s", "escalation": "refund.late", "close": True},'
    async with open_desk(refunds(more=more, topics=("refund.late",))) as desk:
        (run,) = await desk.engine.publish("refund.wanted", {"order": "7", "note": "late"})
        assert (await desk.ended(run)).status == "completed"
        assert len(await desk.kept("told", run)) == 1
        task = await desk.task_of(run, "closed")
        late = await desk.answer(task, {"approved": True})
        assert (late.status_code, late.json()["error"]["code"]) == (409, "task_closed")


async def test_a_cancelled_run_closes_its_tasks(open_desk: OpenDesk) -> None:
    async with open_desk(refunds()) as desk:
        run, task = await desk.wanted()
        await desk.engine.cancel(run.flow, run.run_id)
        assert (await desk.ended(run)).status == "cancelled"
        assert (await desk.task_of(run, "closed"))["id"] == task["id"]
        late = await desk.answer(task, {"approved": True})
        assert (late.status_code, late.json()["error"]["code"]) == (409, "task_closed")


async def test_a_run_that_was_ended_by_force_has_no_tasks(open_desk: OpenDesk) -> None:
    async with open_desk(refunds()) as desk:
        run, task = await desk.wanted()
        await desk.engine.handle(run.flow, run.run_id).terminate()
        late = await desk.answer(task, {"approved": True})
        assert (late.status_code, late.json()["error"]["code"]) == (409, "task_closed")
        assert (await desk.task_of(run, "closed"))["id"] == task["id"]
