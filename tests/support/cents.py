"""Amounts in cents, for tests that reckon by themselves."""

from __future__ import annotations

from typing import Any


def cents(amount: str) -> int:
    """Euros as text in cents."""
    whole, _, rest = amount.partition(".")
    return int(whole) * 100 + int((rest + "00")[:2])


def euros(minor: int) -> str:
    """Cents as euros in text."""
    return f"{minor // 100}.{minor % 100:02d}"


def amounts(lines: list[dict[str, Any]]) -> tuple[int, int]:
    """Net and tax in cents of one line of quantity 1, its tax rate a whole number."""
    (line,) = lines
    net = cents(line["unit_price"])
    return net, (net * int(line.get("tax_rate", 0)) + 50) // 100
