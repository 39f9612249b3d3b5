"""The shop's orders, and its payments: what a real desk would ask other systems for."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from pydantic import BaseModel


class Order(BaseModel):
    """An order as the shop has it."""

    id: str
    customer: str
    article: str
    cents: int
    status: str
    days_ago: int
    parcel: str


@cache
def orders() -> dict[str, Order]:
    """Every order, by its id."""
    found = json.loads((Path(__file__).parent / "orders.json").read_text("utf-8"))
    return {order["id"]: Order.model_validate(order) for order in found}


def euros(cents: int) -> str:
    """An amount for people."""
    return f"€{cents // 100:,}.{cents % 100:02}"
