"""Imported from the project's root."""

STOCK = {"7": 3}


def in_stock(id: str) -> bool:
    return STOCK.get(id, 0) > 0
