from wistro import ApiStep, GitHubSignature

config = ApiStep(
    name="GitHub tells",
    flows=["edge"],
    method="POST",
    path="/hooks/github",
    signature=GitHubSignature(secret="GITHUB_WEBHOOK_SECRET"),
)


async def handler(request, ctx):
    return {"event": request.headers["x-github-event"], "run": ctx.run_id}
