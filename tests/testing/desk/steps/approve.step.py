from pydantic import BaseModel

from wistro import NoopStep


class Approval(BaseModel):
    approved: bool


config = NoopStep(
    name="Approve the refund",
    flows=["refunds"],
    subscribes=["refund.asked"],
    input=Approval,
    emits=["refund.decided"],
)
