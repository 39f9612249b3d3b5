from wistro import ApiRequest, ApiStep, Context

from .document import document

config = ApiStep(
    name="Show the page",
    description="The page on which customers see their orders and talk to the assistant.",
    flows=["desk"],
    path="/desk",
    method="GET",
    include_files=["desk.*"],
)


async def handler(_: ApiRequest, _ctx: Context) -> dict[str, object]:
    text, policy = document()
    headers = {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": policy,
        "cache-control": "no-cache",
    }
    return {"status": 200, "headers": headers, "body": text}
