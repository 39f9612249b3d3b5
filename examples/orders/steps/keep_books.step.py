from wistro import NoopStep

config = NoopStep(
    name="Keep the books",
    description="The accountant's system reads completed orders from here.",
    flows=["orders"],
    virtual_subscribes=["order.completed"],
)
