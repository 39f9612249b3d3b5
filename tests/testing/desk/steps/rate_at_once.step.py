from wistro import CallStep, SyncContext

config = CallStep(name="Rate an order without haste", flows=["slow"], responds=True)


def handler(order: dict, ctx: SyncContext) -> None:
    ctx.respond(ctx.call("score", order))
