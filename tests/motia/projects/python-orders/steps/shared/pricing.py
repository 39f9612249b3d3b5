"""Imported by its relative name, two folders up."""


def total_of(items: list[dict]) -> float:
    return sum(item["price"] * item.get("count", 1) for item in items)
