from wistro import ApiStep

config = ApiStep(name="Echo", flows=["edge"], method="PUT", path="/echo/{first}/*rest")


async def handler(request, ctx):
    return {
        "method": request.method,
        "path": request.path,
        "pathParams": dict(request.path_params),
        "queryParams": dict(request.query_params),
        "body": request.body,
        "raw": request.raw_body.decode("latin-1"),
        "agent": request.headers["User-Agent"],
        "many": request.headers.get("x-many"),
        "authorized": request.headers.get("authorization") == "Bearer letmein",
    }
