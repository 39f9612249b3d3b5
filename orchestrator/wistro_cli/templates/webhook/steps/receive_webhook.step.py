"""Takes webhooks whose signature is right, and answers at once."""

from pydantic import BaseModel, ConfigDict

from wistro import ApiRequest, ApiStep, Context, HmacSignature, Response


class Message(BaseModel):
    """What the sender sends: a kind, and whatever belongs to it."""

    model_config = ConfigDict(extra="allow")

    kind: str


config = ApiStep(
    name="Receive a webhook",
    description="Takes a message of a sender that we share a secret with.",
    flows=["incoming"],
    method="POST",
    path="/webhooks",
    body_schema=Message,
    signature=HmacSignature(
        secret="WEBHOOK_SECRET",
        header="x-signature",
        prefix="sha256=",
        id_header="x-delivery-id",
    ),
    emits={"webhook.received": Message},
)


async def handler(request: ApiRequest[Message], ctx: Context) -> Response:
    """Hand the message on; a repeated delivery id gets the first one's run."""
    await ctx.emit("webhook.received", request.body)
    return Response(status=202, body={"run": ctx.run_id})
