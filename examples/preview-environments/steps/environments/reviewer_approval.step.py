from wistro import NoopStep, Virtual

config = NoopStep(
    name="A reviewer tries the preview",
    description="Outside of Wistro: somebody opens the preview, approves and merges on GitHub.",
    flows=["environments"],
    virtual_subscribes=[
        Virtual(topic="environment.started", label="the preview answers"),
        Virtual(topic="environment.restarted", label="it shows the new commit"),
    ],
    virtual_emits=[Virtual(topic="branch.closed", label="approved and merged")],
)
