"""What travels between the steps, as the Python ones see it. Amounts are in cents."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

Status = Literal["placed", "completed", "cancelled"]


class Line(BaseModel):
    """Some pieces of one article."""

    article: str = Field(min_length=1)
    pieces: int = Field(ge=1, le=1000)
    price: int = Field(ge=0)
    """What one piece costs."""


class NewOrder(BaseModel):
    """What a customer asks for."""

    customer: str = Field(min_length=1)
    email: str = Field(pattern=r"^[^@\s]+@[^@\s]+$")
    card: str = Field(min_length=1)
    """The payment provider's token for a card: `tok_visa`, or one of its test tokens."""
    lines: list[Line] = Field(min_length=1)


class Order(NewOrder):
    """An order that the shop has accepted."""

    order_id: str
    total: int


class Refusal(BaseModel):
    """The payment provider says no."""

    order_id: str
    reason: str


class Completed(BaseModel):
    """Paid, shipped, and the customer knows."""

    order_id: str
    total: int
    parcel: str
    receipt: str


class StoredOrder(BaseModel):
    """What the shop remembers of an order."""

    order_id: str
    customer: str
    total: int
    status: Status = "placed"
    parcel: str | None = None
    reason: str | None = None
