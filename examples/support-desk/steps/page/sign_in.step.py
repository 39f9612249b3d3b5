import os
from urllib.parse import quote

import httpx
from pydantic import BaseModel
from wistro import ApiRequest, ApiStep, Context, Terminal

from desk.customers import CUSTOMERS
from desk.shop import Order, orders


class SignIn(BaseModel):
    """Who wants to sign in."""

    customer: str


class OrderView(BaseModel):
    """An order, and whether it has been paid back."""

    order: Order
    refunded: bool


class SignedIn(BaseModel):
    """The customer, and what opens the channel on which they get answers."""

    customer: str
    name: str
    token: str
    orders: list[OrderView]


config = ApiStep(
    name="Sign in",
    description="Tells a customer's page its orders, and opens the channel for its answers.",
    flows=["desk"],
    path="/desk/sign-in",
    method="POST",
    body_schema=SignIn,
    response_schema={200: SignedIn},
)


async def handler(request: ApiRequest[SignIn], ctx: Context) -> SignedIn:
    customer = request.body.customer
    if customer not in CUSTOMERS:
        raise Terminal(
            f"there is no customer `{customer}`", code="unknown_customer", details={"status": 404}
        )
    own = [order for order in orders().values() if order.customer == customer]
    paid = [await ctx.state.get("refunds", order.id) is not None for order in own]
    return SignedIn(
        customer=customer,
        name=CUSTOMERS[customer],
        token=await _channel_token(customer, ctx),
        orders=[OrderView(order=it, refunded=was) for it, was in zip(own, paid, strict=True)],
    )


async def _channel_token(customer: str, ctx: Context) -> str:
    """What lets the page follow this customer's channel for an hour, and no other."""
    headers = {"authorization": f"Bearer {ctx.secrets.get('WISTRO_TOKEN')}"}
    path = f"/_wistro/api/channels/{quote(customer, safe='')}/token"
    async with httpx.AsyncClient(base_url=os.environ["WISTRO_API"], headers=headers) as http:
        made = await http.post(path)
    made.raise_for_status()
    return made.json()["token"]
