from wistro import ApiStep, HmacSignature

config = ApiStep(
    name="The bank tells",
    flows=["edge"],
    method="POST",
    path="/hooks/bank",
    signature=HmacSignature(
        secret="BANK_SECRET",
        header="X-Bank-Mac",
        algorithm="sha512",
        encoding="base64",
        prefix="v1,",
    ),
)


async def handler(request, ctx):
    return {"paid": request.body["paid"]}
