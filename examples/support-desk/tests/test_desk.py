"""What the desk knows without Wistro: the assistant's turns, the page, whose orders are whose."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest

from desk import assistant
from desk.customers import CUSTOMERS, may_see
from desk.shop import euros, orders
from steps.page.document import document


@pytest.mark.parametrize(
    ("words", "order", "wish"),
    [
        ("Where is my order 1003?", "1003", "where"),
        ("I want my money back for 1001.", "1001", "refund"),
        ("May I RETURN it? It is number 1004", "1004", "refund"),
    ],
)
def test_the_assistant_finds_out_what_is_wanted(words: str, order: str, wish: str) -> None:
    call = assistant.answer(words, None).call
    assert call is not None
    assert (call.order_id, call.wish) == (order, wish)


def test_the_assistant_asks_for_the_order_and_then_remembers_it() -> None:
    assert assistant.answer("I want my money back", None).call is None
    assert assistant.answer("order 12345678", None).call is None
    call = assistant.answer("I want my money back", "1002").call
    assert call is not None
    assert call.order_id == "1002"


def test_the_page_runs_nothing_but_its_own_script_and_style() -> None:
    text, policy = document()
    for element, directive in (("script", "script-src"), ("style", "style-src")):
        (own,) = re.findall(rf"<{element}>(.*?)</{element}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(own.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}';" in policy
    assert "default-src 'none'" in policy
    assert "/* desk" not in text
    assert re.findall(r"""(?:src|href)=["'](?!data:)""", text) == []
    assert re.findall(r"\son\w+=|\sstyle=", text) == []


def test_every_order_belongs_to_a_customer_who_can_sign_in() -> None:
    assert {order.customer for order in orders().values()} == set(CUSTOMERS)
    assert all(f'data-customer="{customer}"' in document()[0] for customer in CUSTOMERS)


@pytest.mark.parametrize(
    ("by", "seen"),
    [(None, True), ("key:crm", True), ("user:ada@example.com", True), ("user:grace@x", False)],
)
def test_users_see_their_own_orders_only(by: str | None, seen: bool) -> None:
    assert may_see("ada@example.com", by) is seen


def test_amounts_are_for_people() -> None:
    assert [euros(cents) for cents in (5, 2400, 184_900)] == ["€0.05", "€24.00", "€1,849.00"]
