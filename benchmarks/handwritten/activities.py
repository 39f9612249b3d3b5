"""The activities: they do what the handlers of the measured project do, and no more."""

from __future__ import annotations

import time

from pydantic import BaseModel
from temporalio import activity


class Order(BaseModel):
    """What travels from step to step."""

    id: str
    hop: int = 0
    customer: str
    lines: list[str]


class Item(BaseModel):
    """One of many that are worked on at the same time."""

    number: int
    of: int


@activity.defn
async def hop(order: Order) -> Order:
    return order.model_copy(update={"hop": order.hop + 1})


@activity.defn
async def countdown(left: int) -> int:
    return left - 1


@activity.defn
async def began(order: Order) -> float:
    del order
    return time.time()


@activity.defn
async def spread(count: int) -> list[Item]:
    return [Item(number=number, of=count) for number in range(count)]


@activity.defn
async def work(item: Item) -> Item:
    return item


@activity.defn
async def gather(items: list[Item]) -> int:
    return len(items)


@activity.defn
async def accept(order: Order) -> Order:
    return order.model_copy(update={"hop": 1})


ACTIVITIES = [hop, countdown, began, spread, work, gather, accept]
