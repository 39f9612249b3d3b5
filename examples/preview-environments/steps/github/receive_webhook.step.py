from pydantic import ValidationError
from wistro import ApiRequest, ApiStep, Context, Emit, GitHubSignature, Response

from .payloads import PullRequestChange, PullRequestPayload, Push, PushPayload

config = ApiStep(
    name="Receive an event from GitHub",
    description="GitHub calls this address whenever something happens in a repository.",
    flows=["github-events"],
    path="/github/webhook",
    method="POST",
    signature=GitHubSignature(secret="GITHUB_WEBHOOK_SECRET"),
    emits=[
        Emit(topic="pull_request.changed", message=PullRequestChange, conditional=True),
        Emit(topic="code.pushed", message=Push, conditional=True),
    ],
)


async def handler(request: ApiRequest, ctx: Context) -> object:
    event = request.headers.get("x-github-event", "unknown")
    try:
        if event == "pull_request":
            change = PullRequestPayload.model_validate(request.body).change()
            await ctx.emit("pull_request.changed", change)
            return {"accepted": f"pull_request {change.action}"}
        if event == "push":
            push = PushPayload.model_validate(request.body).push()
            await ctx.emit("code.pushed", push)
            return {"accepted": f"push to {push.ref}"}
    except ValidationError as error:
        ctx.logger.warn("A payload is not what GitHub documents", event=event, found=str(error))
        return Response(
            {"error": {"code": "unexpected_payload", "message": f"not a `{event}` event"}},
            status=422,
        )
    return {"ignored": f"`{event}` events set nothing off here"}
