from wistro import ApiRequest, ApiStep, Context

from .greeting import Greeting

config = ApiStep(
    name="Say hello",
    description="Answers at once; that somebody was greeted is remembered afterwards, come what may.",
    flows=["hello"],
    method="POST",
    path="/hello",
    body_schema=Greeting,
    emits={"person.greeted": Greeting},
)


async def handler(request: ApiRequest[Greeting], ctx: Context) -> dict[str, str]:
    await ctx.emit("person.greeted", request.body)
    return {"message": f"Hello, {request.body.name}!"}
