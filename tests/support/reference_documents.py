"""What the reference books hold: sales documents and payments, amounts in cents."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tests.support.cents import tax_on


@dataclass(slots=True)
class Doc:
    """A sales document; amounts in cents."""

    kind: str
    status: str
    client: str
    net: int
    tax: int
    deposit: int = 0
    settled: int = 0
    refunded: int = 0
    credited: int = 0
    written_off: int = 0
    invoice: str | None = None
    payment: str | None = None
    rate: int = 0
    parent: str | None = None
    child: str | None = None
    late: bool = False

    @property
    def total(self) -> int:
        """Net and tax."""
        return self.net + self.tax

    @property
    def open(self) -> int:
        """What is to be paid of an invoice that stands."""
        return self.total - self.deposit - self.settled - self.written_off

    @property
    def owed(self) -> bool:
        """Whether it can become overdue."""
        return (self.kind, self.status) == ("sales_invoice", "issued") and self.open > 0

    @property
    def spare(self) -> int:
        """What is left of a credit note that stands."""
        return self.total - self.settled - self.refunded


@dataclass(slots=True)
class Pay:
    """A payment; amounts in cents."""

    status: str
    client: str
    amount: int
    settled: int = 0
    refunded: int = 0
    receipt: str | None = None
    kind: str = "payment"

    @property
    def spare(self) -> int:
        """What is left of it."""
        return self.amount - self.settled - self.refunded


def tax_of_the_rest(note: Doc, docs: Iterable[Doc]) -> int:
    """What a credit note adds to the tax of all that is credited of its invoice, as far as rounding may differ."""
    others = [
        one
        for one in docs
        if (one.kind, one.status, one.rate) == ("credit_note", "issued", note.rate) and one.invoice == note.invoice
    ]
    if note.invoice is None or not others:
        return note.tax
    rest = tax_on(sum(one.net for one in others) + note.net, note.rate) - sum(one.tax for one in others)
    return rest if abs(rest - note.tax) <= 1 else note.tax
