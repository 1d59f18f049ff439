"""Builders that show only what a test is about."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ledger.sales.amounts import AdjustmentFacts, LineFacts, SaleFacts, SaleTotals, Tax, totals


def a_tax(rate: str, category: str = "standard") -> Tax:
    return Tax(category, Decimal(rate))


def a_line(unit_price: str, *taxes: Tax, quantity: str = "1", discount: str = "0") -> LineFacts:
    return LineFacts(Decimal(quantity), Decimal(unit_price), Decimal(discount), taxes)


def a_discount(amount: str, mode: Any = "pct") -> AdjustmentFacts:
    return AdjustmentFacts("discount", mode, Decimal(amount))


def a_charge(amount: str, mode: Any = "pct") -> AdjustmentFacts:
    return AdjustmentFacts("charge", mode, Decimal(amount))


def a_sale(*lines: LineFacts, currency: str = "EUR", **facts: Any) -> SaleFacts:
    return SaleFacts(currency, lines, **facts)


def computed(*lines: LineFacts, **facts: Any) -> SaleTotals:
    return totals(a_sale(*lines, **facts))
