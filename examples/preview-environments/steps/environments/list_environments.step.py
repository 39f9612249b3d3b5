from wistro import ApiRequest, ApiStep, Context

from previews.model import Environment
from previews.operators import operators_only

from .environments import environments

config = ApiStep(
    name="List the environments",
    description="Every environment that there is or was.",
    flows=["environments"],
    path="/environments",
    method="GET",
    middleware=[operators_only],
    response_schema={200: list[Environment]},
)


async def handler(_: ApiRequest, ctx: Context) -> list[Environment]:
    return await environments(ctx).all()
