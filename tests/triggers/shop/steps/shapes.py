from pydantic import BaseModel, Field


class Line(BaseModel):
    article: str
    count: int = Field(gt=0)


class Order(BaseModel):
    customer: str
    lines: list[Line]


class Receipt(BaseModel):
    order: str
    articles: int
