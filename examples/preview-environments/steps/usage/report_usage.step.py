from datetime import UTC, datetime

from wistro import ApiRequest, ApiStep, Context

from previews.operators import operators_only

from .meters import Meter, Usage, meters_of, total

config = ApiStep(
    name="Report the usage of an account",
    description="How long the environments of an account lived, in seconds.",
    flows=["usage"],
    path="/usage/{account}",
    method="GET",
    middleware=[operators_only],
    response_schema={200: Usage},
)


async def handler(request: ApiRequest, ctx: Context) -> Usage:
    account = request.path_params["account"]
    values = await ctx.state.get_group(meters_of(account))
    return total(account, [Meter.model_validate(value) for value in values], datetime.now(UTC))
