"""Takes the request, answers at once, and leaves the work to the flow."""

from pydantic import BaseModel

from wistro import ApiRequest, ApiStep, Context, Response

from .greeting import Asked


class Request(BaseModel):
    """What a caller sends."""

    name: str


config = ApiStep(
    name="Ask for a greeting",
    description="Takes the name of whoever is to be greeted.",
    flows=["greetings"],
    method="POST",
    path="/greetings",
    body_schema=Request,
    emits={"greeting.asked": Asked},
)


async def handler(request: ApiRequest[Request], ctx: Context) -> Response:
    """Ask for a greeting of `name`."""
    await ctx.emit("greeting.asked", Asked(name=request.body.name))
    return Response(status=202, body={"run": ctx.run_id})
