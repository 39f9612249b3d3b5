from datetime import UTC, datetime

from wistro import Context, EventStep, Subscribe

from previews.model import Environment

from .comments import Comment, text

config = EventStep(
    name="Write the comment",
    description="Says in a sentence what happened to the environment of a pull request.",
    flows=["notifications"],
    subscribes=[
        Subscribe(topic=topic, where="message.pull_request != null", label="of a pull request")
        for topic in ("environment.started", "environment.restarted", "environment.stopped")
    ],
    emits={"comment.written": Comment},
)


async def handler(environment: Environment, ctx: Context) -> None:
    assert environment.pull_request is not None, "the subscription lets no others pass"
    comment = Comment(
        repository=environment.repository,
        pull_request=environment.pull_request,
        text=text(environment, datetime.now(UTC)),
    )
    await ctx.emit("comment.written", comment)
