"""The customers, who sign in by a click: a real desk has an issuer of users instead."""

from __future__ import annotations

CUSTOMERS = {"ada@example.com": "Ada", "grace@example.com": "Grace"}
"""Names by addresses."""


def may_see(customer: str, by: str | None) -> bool:
    """Whether whoever calls may know of a customer's orders: users only of their own."""
    return by is None or not by.startswith("user:") or by == f"user:{customer}"
