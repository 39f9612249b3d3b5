from wistro import Context, EventStep, Retry

from .comments import Comment
from .github import github

config = EventStep(
    name="Comment on the pull request",
    description="Posts the comment on GitHub; while GitHub is away, tries again for an hour.",
    flows=["notifications"],
    subscribes=["comment.written"],
    retry=Retry(attempts=18),
    on_failure="hold",
)


async def handler(comment: Comment, ctx: Context) -> dict[str, object]:
    async with github(ctx) as api:
        url = await api.comment(
            comment.repository,
            comment.pull_request,
            comment.text,
            key=ctx.idempotency_key,
            repeated=ctx.attempt > 1,
        )
    return {"comment": url}
