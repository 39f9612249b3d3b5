from wistro import ApiStep, Response, Terminal

config = ApiStep(
    name="Every kind of answer",
    flows=["edge"],
    method="GET",
    path="/kinds/{kind}",
    query_params=[{"name": "tone", "description": "How it is said."}],
    response_schema={200: {"type": ["object", "string", "null"]}, 404: {"type": "object"}},
)


def handler(request, ctx):
    match request.path_params["kind"]:
        case "json":
            return {"tone": request.query_params.get("tone")}
        case "text":
            return Response("<p>grüezi</p>", headers={"Content-Type": "text/html; charset=utf-8"})
        case "string":
            return "plain"
        case "bytes":
            return Response(b"\x00\xff", headers={"content-type": "image/png"})
        case "nothing":
            return None
        case "missing":
            return {"status": 404, "body": {"found": False}}
        case "untrue":
            return {"status": 404, "body": [1, 2, 3]}
        case "header":
            return Response("x", headers={"x-bad": "a\r\nset-cookie: stolen=1"})
        case "status":
            return Response("x", status=99)
        case "refused":
            raise Terminal("the card was declined", code="card_declined", details={"status": 402})
        case _:
            raise Terminal("secret detail", code="broken")
