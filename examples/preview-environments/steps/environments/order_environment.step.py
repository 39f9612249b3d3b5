from wistro import ApiRequest, ApiStep, Context, Response

from previews.model import EnvironmentWanted
from previews.operators import operators_only

config = ApiStep(
    name="Order an environment by hand",
    description="For what no pull request asks for: production, staging, a test of a day.",
    flows=["environments"],
    path="/environments",
    method="POST",
    middleware=[operators_only],
    body_schema=EnvironmentWanted,
    emits={"environment.wanted": EnvironmentWanted},
)


async def handler(request: ApiRequest[EnvironmentWanted], ctx: Context) -> Response:
    await ctx.emit("environment.wanted", request.body)
    return Response({"ordered": request.body.app}, status=202)
