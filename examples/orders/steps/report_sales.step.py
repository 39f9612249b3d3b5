from wistro import Context, CronStep

from .order import StoredOrder

config = CronStep(
    name="Report the sales, every night",
    description="How many orders came in, and what the completed ones earned.",
    flows=["reporting"],
    cron="30 2 * * *",
)


async def handler(ctx: Context) -> dict[str, int]:
    orders = [StoredOrder.model_validate(order) for order in await ctx.state.get_group("orders")]
    completed = [order for order in orders if order.status == "completed"]
    report = {
        "orders": len(orders),
        "completed": len(completed),
        "cancelled": sum(order.status == "cancelled" for order in orders),
        "cents": sum(order.total for order in completed),
    }
    ctx.logger.info("Sales so far", **report)
    return report
