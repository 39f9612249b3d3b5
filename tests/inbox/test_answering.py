"""People answer the tasks of runs, on a real server."""

from __future__ import annotations

import asyncio

import pytest

from tests.inbox.conftest import SECRET, OpenDesk, refunds

pytestmark = pytest.mark.asyncio(loop_scope="session")

PAY = """
    from wistro import Emit, EventStep, Retry

    config = EventStep(
        name="Pay back", flows=["refunds"], subscribes=["refund.approved"], emits=[],
        retry=Retry(attempts=1), on_failure=Emit(topic="pay.failed"),
    )

    async def handler(message, ctx):
        raise RuntimeError("no money")
    """
MOURN = """
    from wistro import EventStep

    config = EventStep(name="Mourn", flows=["refunds"], subscribes=["pay.failed"], emits=[])

    async def handler(message, ctx):
        pass
    """


async def test_an_answer_goes_on_as_a_message(open_desk: OpenDesk) -> None:
    async with open_desk(refunds()) as desk:
        run, task = await desk.wanted()
        assert (task["name"], task["status"], task["votes"]) == ("Approve the refund", "open", 0)
        shown = (await desk.admin.get(f"/tasks/{task['id']}")).json()
        assert shown["request"] == {"order": "7", "note": SECRET}
        assert shown["input"]["required"] == ["approved"]
        answered = await desk.answer(task, {"approved": True, "amount": 5})
        assert answered.json() == {"id": task["id"], "action": "answer", "by": "anna"}
        ended = await desk.ended(run)
        assert ended.status == "completed"
        message = await desk.kept("decided", run)
        assert message["answer"] == {"approved": True, "amount": 5}
        assert (message["by"], message["outcome"]) == ("anna", "answered")
        assert message["request"] == {"order": "7", "note": SECRET}
        closed = await desk.task_of(run, "closed")
        assert closed["status"] == "closed"
        shown = (await desk.admin.get(f"/tasks/{task['id']}")).json()
        assert (shown["outcome"], shown["emitted"]) == ("answered", ["refund.approved"])
        assert shown["answers"][0]["by"] == "anna"


async def test_a_wrong_answer_names_the_field(open_desk: OpenDesk) -> None:
    async with open_desk(refunds()) as desk:
        _, task = await desk.wanted()
        wrong = await desk.answer(task, {"amount": -1, "color": "red"})
        assert wrong.status_code == 422
        fields = {detail["field"] for detail in wrong.json()["error"]["details"]}
        assert {"data.approved", "data.amount"} <= fields
        nameless = await desk.admin.post(f"/tasks/{task['id']}/answer", json={"data": {}})
        assert nameless.status_code == 422
        assert nameless.json()["error"]["details"][0]["field"] == "by"
        odd = '{"by": "anna", "data": "\\ud800"}'
        refused = await desk.admin.post(
            f"/tasks/{task['id']}/answer", content=odd, headers={"content-type": "application/json"}
        )
        assert refused.status_code == 422
        assert (await desk.admin.get("/tasks/none")).status_code == 404


async def test_of_two_people_at_once_one_wins(open_desk: OpenDesk) -> None:
    async with open_desk(refunds()) as desk:
        run, task = await desk.wanted()
        names = ("anna", "bob")
        answers = await asyncio.gather(
            *(desk.answer(task, {"approved": True, "reason": name}, name) for name in names)
        )
        codes = sorted(answer.status_code for answer in answers)
        assert codes == [200, 409]
        late = next(answer for answer in answers if answer.status_code == 409)
        assert late.json()["error"]["code"] == "task_closed"
        winner = next(n for n, a in zip(names, answers, strict=True) if a.status_code == 200)
        assert (await desk.kept("decided", run))["by"] == winner


async def test_what_people_do_is_noted_and_what_follows_is_listed(open_desk: OpenDesk) -> None:
    async with open_desk(refunds() | {"pay.step.py": PAY, "mourn.step.py": MOURN}) as desk:
        run, task = await desk.wanted()
        comment = {"text": SECRET, "by": "bob"}
        assert (await desk.admin.post(f"/tasks/{task['id']}/comments", json=comment)).is_success
        assert (await desk.answer(task, {"approved": True})).is_success
        assert (await desk.ended(run)).status == "completed"
        entries = await desk.noted(run, "run.completed")
        assert [(e["kind"], e["message"]) for e in entries if e["step"] == "approve"] == [
            ("delivery.opened", ""),
            ("task.commented", "bob"),
            ("task.answered", "anna"),
            ("delivery.settled", ""),
        ]
        assert SECRET not in str(entries)

        approved = await desk.passed(run, "refund.approved")
        assert (approved["data"]["by"], approved["data"]["outcome"]) == ("anna", "answered")
        assert {receipt["step"] for receipt in approved["receipts"]} == {"done", "pay"}
        failed = await desk.passed(run, "pay.failed")
        assert (failed["data"]["step"], failed["data"]["error"]["message"]) == ("pay", "no money")
        assert [receipt["step"] for receipt in failed["receipts"]] == ["mourn"]


async def test_the_api_is_described(open_desk: OpenDesk) -> None:
    async with open_desk(refunds(), working=False) as desk:
        described = (await desk.http.get("/_wistro/openapi.json")).json()
        paths = described["paths"]
        assert {path for path in paths if path.startswith("/api/tasks")} == {
            "/api/tasks",
            "/api/tasks/{task_id}",
            "/api/tasks/{task_id}/answer",
            "/api/tasks/{task_id}/comments",
            "/api/tasks/{task_id}/reassign",
            "/api/tasks/{task_id}/links",
            "/api/tasks/{task_id}/attachments",
            "/api/tasks/{task_id}/attachments/{attachment_id}",
        }
        shapes = described["components"]["schemas"]
        assert {"TaskPage", "TaskDetail", "TaskAnswer", "Reassignment"} <= set(shapes)
        names = {each["name"] for each in paths["/api/tasks"]["get"]["parameters"]}
        assert names >= {"assignee", "role", "flow", "status", "overdue", "older_than", "cursor"}
