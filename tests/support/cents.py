"""Amounts in cents, for tests that reckon by themselves."""

from __future__ import annotations

from typing import Any


def cents(amount: str) -> int:
    """Euros as text in cents."""
    whole, _, rest = amount.removeprefix("-").partition(".")
    minor = int(whole) * 100 + int((rest + "00")[:2])
    return -minor if amount.startswith("-") else minor


def euros(minor: int) -> str:
    """Cents as euros in text."""
    return f"{'-' if minor < 0 else ''}{abs(minor) // 100}.{abs(minor) % 100:02d}"


def amounts(lines: list[dict[str, Any]]) -> tuple[int, int, int]:
    """Net and tax in cents, and the rate, of lines of quantity 1 or -1 that bear one tax of a whole number."""
    net = sum(int(line.get("quantity", "1")) * cents(line["unit_price"]) for line in lines)
    (rate,) = {int(line.get("tax_rate", 0)) for line in lines}
    return net, tax_on(net, rate), rate


def tax_on(net: int, rate: int) -> int:
    """Tax in cents, a half rounded away from zero."""
    tax = (abs(net) * rate + 50) // 100
    return -tax if net < 0 else tax
