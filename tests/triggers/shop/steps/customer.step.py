from wistro import NoopStep

config = NoopStep(
    name="The customer signs for it",
    flows=["parcels"],
    virtual_subscribes=[{"topic": "parcel.delivered", "label": "at the door"}],
)
