from datetime import timedelta

from wistro import Deadline, Emit, NoopStep

from desk.requests import Decision

config = NoopStep(
    name="Approve the refund",
    description="A lead of the support team decides about refunds that are large, late or odd.",
    flows=["support"],
    subscribes=["approval.wanted"],
    input=Decision,
    roles=["support-lead"],
    deadline=Deadline(
        after=timedelta(days=2), remind=[timedelta(days=1)], reminder="approval.reminder"
    ),
    emits=[
        Emit(topic="approval.given", where="message.answer.approved"),
        Emit(topic="approval.refused", where="!message.answer.approved"),
    ],
)
