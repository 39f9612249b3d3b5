"""The assistant of the page: finds in a customer's words what the support flow needs to know.

A language model with the flow as its tool would stand here; it would be handed the flow's input
schema, and answer with the same thing: something to say, and perhaps a call.
"""

from __future__ import annotations

import re

from pydantic import BaseModel

from desk.requests import Request

_ORDER = re.compile(r"\b(\d{4})\b")
_REFUND = re.compile(r"\b(refund|money back|return|pay back)\b", re.IGNORECASE)


class Turn(BaseModel):
    """What the assistant says, and the call that it wants to be made."""

    say: str
    call: Request | None = None


def answer(words: str, order_id: str | None) -> Turn:
    """The assistant's turn.

    Args:
        words: What the customer wrote.
        order_id: The order that they spoke of before.
    """
    named = _ORDER.search(words)
    order = named[1] if named else order_id
    if order is None:
        return Turn(say="Which order is it about? It has four digits.")
    wish = "refund" if _REFUND.search(words) else "where"
    doing = "see about a refund for" if wish == "refund" else "look up"
    return Turn(say=f"I'll {doing} order {order}.", call=Request(order_id=order, wish=wish))
