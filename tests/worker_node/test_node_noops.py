"""Steps without a handler, in TypeScript: what they wait for is in the plan of their flow."""

from __future__ import annotations

from pathlib import Path

from tests.engine.conftest import write_project
from tests.worker_node.test_node_services import write_modules
from wistro.machine.plan import ApprovalPlan, AwaitPlan, CallPlan, OutcomePlan, TaskPlan
from wistro.project.plan import compile_plan

FILES = {
    "approve.step.ts": """
        import type { NoopConfig } from 'wistro'
        import { z } from 'zod'

        export const config = {
          type: 'noop', name: 'Approve the refund', flows: ['refunds'], subscribes: ['refund.asked'],
          input: z.object({ approved: z.boolean(), note: z.string().optional() }),
          assignees: ['anna@shop.example'], roles: ['supervisor'],
          approval: { needed: 2, of: 3, veto: true },
          deadline: { after: '2d', remind: ['1d', 3600], reminder: 'refund.due', escalation: 'refund.late' },
          notify: 'refund.opened',
          emits: [
            { topic: 'refund.approved', where: 'message.outcome == "approved"' },
            { topic: 'refund.refused', where: 'message.outcome == "refused"' },
          ],
          onFailure: 'hold',
        } satisfies NoopConfig
        """,
    "scan.step.ts": """
        export const config = {
          type: 'noop', name: 'The parcel comes back', flows: ['refunds'], subscribes: ['refund.approved'],
          await: { topic: 'parcel.scanned', where: 'message.id == request.id', timeout: '14d' },
          emits: ['parcel.back'],
        }
        """,
    "pay.step.ts": """
        export const config = {
          type: 'noop', name: 'Pay it back', flows: ['refunds'], subscribes: ['parcel.back'],
          calls: { flow: 'payments', timeout: '1m', detached: true }, emits: ['refund.paid'],
        }
        """,
    "payments.step.ts": """
        export const config = { type: 'call', name: 'Pay', flows: ['payments'] }
        export const handler = async () => ({ paid: true })
        """,
    "wistro.yml": """
        flows: { refunds: {}, payments: {} }
        topics: { refund.asked: { external: true }, parcel.scanned: { external: true } }
        """,
}


def test_what_they_wait_for(tmp_path: Path) -> None:
    root = tmp_path / "shop"
    write_modules(root)
    compiled = write_project(root, FILES).compile()
    assert compiled.ok, (compiled.errors, compiled.findings)
    form = compiled.lock.steps["approve"].input
    assert form is not None
    assert form["required"] == ["approved"]
    plan = compile_plan(compiled.lock, "refunds")
    approve, scan, pay = (plan.steps[id] for id in ("approve", "scan", "pay"))
    assert approve.task == TaskPlan(
        assignees=("anna@shop.example",),
        roles=("supervisor",),
        approval=ApprovalPlan(needed=2, of=3, veto=True),
        deadline=2 * 86400,
        reminders=(86400, 3600),
        opened_topic="refund.opened",
        reminder_topic="refund.due",
        escalation_topic="refund.late",
    )
    assert approve.on_failure == "hold"
    assert approve.outcomes == (
        OutcomePlan(topic="refund.approved", where='message.outcome == "approved"'),
        OutcomePlan(topic="refund.refused", where='message.outcome == "refused"'),
    )
    assert scan.awaits == AwaitPlan(
        topic="parcel.scanned", where="message.id == request.id", timeout=14 * 86400
    )
    assert pay.calls == CallPlan(flow="payments", timeout=60, detached=True)
