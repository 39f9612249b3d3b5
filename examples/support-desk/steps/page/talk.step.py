from pydantic import BaseModel
from wistro import ApiRequest, ApiStep, Context

from desk import assistant
from desk.assistant import Turn


class Words(BaseModel):
    """What a customer wrote, and the order that they spoke of before."""

    words: str
    order_id: str | None = None


config = ApiStep(
    name="Talk to the assistant",
    description="Finds out what a customer wants, and which call the page has to make.",
    flows=["desk"],
    path="/desk/talk",
    method="POST",
    body_schema=Words,
    response_schema={200: Turn},
)


async def handler(request: ApiRequest[Words], _ctx: Context) -> Turn:
    return assistant.answer(request.body.words, request.body.order_id)
