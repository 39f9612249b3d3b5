from wistro import Context, EventStep, Subscribe

from previews.model import Branch

from .payloads import Push

config = EventStep(
    name="Tell the others about a push",
    description="A tag, or a branch that was deleted, runs nowhere: only pushes to branches count.",
    flows=["github-events"],
    subscribes=[
        Subscribe(topic="code.pushed", where="message.branch != null", label="to a branch")
    ],
    emits={"branch.pushed": Branch},
)


async def handler(push: Push, ctx: Context) -> None:
    await ctx.emit("branch.pushed", push.branch)
