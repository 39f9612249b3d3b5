from decimal import Decimal

from pydantic import BaseModel


class Order(BaseModel):
    id: str
    total: Decimal


class Payment(BaseModel):
    order_id: str


class Refusal(BaseModel):
    order_id: str
