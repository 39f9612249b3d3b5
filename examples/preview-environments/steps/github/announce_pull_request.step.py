from wistro import Context, Emit, EventStep, Subscribe

from previews.model import Branch

from .payloads import PullRequestChange

TOPICS = {
    "opened": "branch.opened",
    "reopened": "branch.opened",
    "synchronize": "branch.updated",
    "closed": "branch.closed",
}

config = EventStep(
    name="Tell the others about a pull request",
    description="Of the many things that happen to a pull request, four concern its environments.",
    flows=["github-events"],
    subscribes=[
        Subscribe(
            topic="pull_request.changed",
            where="message.action in ['opened', 'reopened', 'synchronize', 'closed']",
            label="opened, reopened, synchronize, closed",
        )
    ],
    emits=[
        Emit(topic=topic, message=Branch, conditional=True)
        for topic in ("branch.opened", "branch.updated", "branch.closed")
    ],
)


async def handler(change: PullRequestChange, ctx: Context) -> None:
    await ctx.emit(TOPICS[change.action], change.branch)
