from pydantic import BaseModel

from wistro import CallStep, Context, Terminal


class Question(BaseModel):
    article: str
    seconds: float = 0


config = CallStep(
    name="Quote a price",
    description="What an article costs today.",
    flows=["quotes"],
    emits={"price.wanted": Question},
    output={"type": "object", "properties": {"price": {"type": "integer"}}, "required": ["price"]},
)


async def handler(question: Question, ctx: Context) -> None:
    if question.article == "unicorn":
        raise Terminal("we do not sell those", code="unknown_article", details={"status": 404})
    await ctx.emit("price.wanted", question)
