"""What callers ask the desk, what it answers, and the messages in between."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from desk.shop import Order


class Request(BaseModel):
    """What a customer wants."""

    order_id: str = Field(pattern=r"^\d{4}$", description="The four digits of the order")
    wish: Literal["where", "refund"] = Field(description="Where the order is, or the money back")


class Reply(BaseModel):
    """What the customer is told."""

    order_id: str
    text: str
    refunded: bool = False


class Case(BaseModel):
    """A refund that somebody wants."""

    order: Order
    risk: Literal["low", "high"] = "low"
    reasons: list[str] = []


class Decision(BaseModel):
    """What a lead says about a refund."""

    approved: bool = Field(title="Pay it back")
    reason: str = Field(default="", title="What the customer is told")


class Decided(BaseModel):
    """The message of the inbox: what was asked, and who decided what."""

    request: Case
    answer: Decision
    by: str
