"""The labels that each language must have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from contracts.resources.schemas import PaymentMethod

Mark = Literal[
    "draft", "void", "paid", "partial", "written_off", "accepted", "declined", "expired", "converted", "confirmed",
    "closed", "cancelled",
]  # fmt: skip
"""The stamps that show a document's state to its reader; issued and unpaid needs none."""


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels of one language. `{...}` is filled in."""

    marks: Mapping[Mark, str]
    methods: Mapping[PaymentMethod, str]
    deliveries: Mapping[int, str]
    client: str
    registration: str
    vat: str
    date: str
    due_date: str
    valid_until: str
    corrects: str
    pay_term: str
    days: Mapping[str, str]  # by the number's plural category
    at_once: str
    end_of_month: str
    cash_on_delivery: str
    no_fixed_date: str
    payment_method: str
    delivery: str
    description: str
    quantity: str
    unit_price: str
    unit_price_with_tax: str
    line_discount: str
    tax: str
    amount: str
    amount_without_tax: str
    taxable: str
    tax_amount: str
    discount: str
    charge: str
    shipping: str
    shipping_with_tax: str
    net: str
    total: str
    total_with_tax: str
    total_credit: str
    deposit: str
    settled: str
    amount_due: str
    notes: str
    statement: str
    document: str
    overdue: str
    disputed: str
    page: str
