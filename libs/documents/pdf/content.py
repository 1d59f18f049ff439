"""The texts of a document's PDF, in words and figures of its locale: taken from the sale, none of them computed.

One amount is a difference of three stored ones: what has been paid so far, `total - deposit - amount_due`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Literal, NamedTuple

from contracts.primitives.money import digits
from contracts.resources.document_kinds import KINDS
from documents.pdf.fonts import Typeface
from documents.pdf.formats import NO_BREAK_SPACE, Formats, formats_of
from documents.pdf.labels import labels_of, spoken
from documents.pdf.labels.shape import Labels, Mark
from documents.pdf.parties import Party, party

Tone = Literal["quiet", "good", "warning", "bad"]
TONES: Final[Mapping[Mark, Tone]] = {
    "paid": "good", "accepted": "good", "confirmed": "good",
    "partial": "warning", "expired": "warning",
    "void": "bad", "declined": "bad", "cancelled": "bad", "written_off": "bad",
    "draft": "quiet", "converted": "quiet", "closed": "quiet",
}  # fmt: skip
# While a document requests payment; else the total is highlighted.
_ASKING_WHILE: Final = frozenset({"draft", "issued", "accepted", "confirmed"})
_NOTHING: Final = Decimal(0)
LINE_BREAKS_MAX: Final = (
    1_000  # of a document, shared by its texts; further ones are set as spaces, and no text is lost
)
LINE_BREAKS_MIN: Final = 2  # of each text


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the document; an empty text where it has none of it."""

    number: str
    text: str
    code: str
    quantity: str
    unit: str
    unit_price: str
    discount: str
    tax: str
    category: str
    amount: str


@dataclass(frozen=True, slots=True)
class TaxRow:
    """The tax of one category and rate."""

    name: str
    taxable: str
    tax: str


class Total(NamedTuple):
    """An amount and what it is; `is_sum` where it adds up what is above it."""

    label: str
    value: str
    is_sum: bool = False


@dataclass(frozen=True, slots=True)
class Content:
    """All texts of a document. `totals` lead from the lines to `due`, which is highlighted."""

    labels: Labels
    language: str
    currency: str
    title: str
    number: str
    mark: str
    tone: Tone
    is_draft: bool
    with_tax: bool
    dated: str  # YYYY-MM-DD
    seller: Party
    client: Party
    facts: tuple[tuple[str, str], ...]
    lines: tuple[Line, ...]
    taxes: tuple[TaxRow, ...]
    totals: tuple[Total, ...]
    due: Total
    notes: str
    closing: str  # the seller's text at the end of every document


def content_of(sale: Mapping[str, Any], seller: Mapping[str, Any], *, locale: str, typeface: Typeface) -> Content:
    """Return the texts of a sale, as `contracts.resources.sale.from_row` makes it, for a reader of `locale`.

    A credit note may have its invoice's number as `invoice_number`. `seller` has the account's `name`, and may have
    what clients have (address, numbers, ways to reach it), `website`, `bank_accounts` and `invoice_footer`.
    """
    named = spoken(locale)
    writer = _Writer(sale, labels_of(named), formats_of(named), typeface.clean, typeface.can_draw)
    labels, mark = writer.labels, _mark(sale)
    return Content(
        labels=labels,
        language=named.replace("_", "-"),
        currency=sale["currency"],
        title=KINDS[sale["sale_type"]].titles[named.partition("_")[0]],
        number=writer.line(sale["number"]),
        mark=labels.marks[mark] if mark else "",
        tone=TONES[mark] if mark else "quiet",
        is_draft=mark == "draft",
        with_tax=sale["include_tax"],
        dated=sale["document_date"],
        seller=party(seller, labels, writer.formats, typeface.clean),
        client=party(sale["client"], labels, writer.formats, typeface.clean),
        facts=tuple(writer.facts()),
        lines=tuple(writer.lines()),
        taxes=tuple(writer.taxes()),
        totals=tuple(writer.totals()),
        due=writer.due(),
        notes=writer.text(sale["comment"]).strip(),
        closing=writer.text(seller.get("invoice_footer")).strip(),
    )


def _mark(sale: Mapping[str, Any]) -> Mark | None:
    """Overdue is no mark: a document would change with the clock."""
    if sale["status"] != "issued":
        status: Mark = sale["status"]
        return status
    settled: dict[str | None, Mark] = {"paid": "paid", "partial": "partial"}
    return settled.get(sale["settlement"])


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes the texts of one sale."""

    sale: Mapping[str, Any]
    labels: Labels
    formats: Formats
    text_of: Callable[[str], str]
    can_draw: Callable[[str], bool]

    def text(self, value: object) -> str:
        """A caller's text, as it can be drawn, its first line breaks kept; empty for null."""
        if value is None:
            return ""
        text = self.text_of(str(value))
        share = max(LINE_BREAKS_MAX // (len(self.sale["lines"]) + 1), LINE_BREAKS_MIN)
        if text.count("\n") <= share:
            return text
        *kept, rest = text.split("\n", share)
        return "\n".join([*kept, " ".join(rest.split())])

    def line(self, value: object) -> str:
        """The same on one line."""
        return " ".join(self.text(value).split("\n"))

    def money(self, value: str) -> str:
        """An amount with its currency's sign, or its code where the sign cannot be drawn."""
        currency = self.sale["currency"]
        symbol = self.formats.symbol(currency)
        return self.formats.money(value, currency, symbol if self.can_draw(symbol) else currency)

    def facts(self) -> Iterator[tuple[str, str]]:
        """Dates, terms and ways, as far as they are known."""
        sale, labels = self.sale, self.labels
        yield labels.date, self.formats.date(sale["document_date"])
        if sale["date_due"]:
            until = labels.valid_until if KINDS[sale["sale_type"]].valid_until else labels.due_date
            yield until, self.formats.date(sale["date_due"])
        if corrected := self.line(sale.get("invoice_number")):
            yield labels.corrects, corrected
        if term := self._pay_term():
            yield labels.pay_term, term
        if method := labels.methods.get(sale["payment_method"]):
            yield labels.payment_method, method
        if delivery := labels.deliveries.get(sale["shipping_type"]):
            yield labels.delivery, delivery

    def _pay_term(self) -> str:
        term = self.sale["pay_term"] or {"type": 0}
        days = term.get("days") or 0
        plural = self.labels.days.get(self.formats.plural(days)) or self.labels.days["other"]
        in_days = plural.format(days=days)
        match term["type"]:
            case 1:
                return in_days if days else self.labels.at_once
            case 2:
                return self.labels.end_of_month.format(days=in_days)
            case 3:
                return self.labels.cash_on_delivery
            case 4:
                return self.labels.no_fixed_date
            case _:  # another date: the due date says it
                return ""

    def lines(self) -> Iterator[Line]:
        """The lines, numbered from 1."""
        number, places = self.formats.number, digits(self.sale["currency"])
        for index, line in enumerate(self.sale["lines"], start=1):
            text, code = self.text(line["description"]).strip(), self.line(line["item_code"])
            tax, category = self._line_taxes(line)
            yield Line(
                number=number(str(index)),
                text=text or code,
                code=code if text else "",
                quantity=number(line["quantity"]),
                unit=self.line(line["unit"]),
                unit_price=number(line["unit_price"], places),
                discount=self._discount(line),
                tax=tax,
                category=category,
                amount=number(line["net"], places),
            )

    def _discount(self, line: Mapping[str, Any]) -> str:
        if line.get("discount_amount"):
            return self.formats.number(line["discount_amount"], digits(self.sale["currency"]))
        return self.formats.percent(line["discount"]) if Decimal(line["discount"] or 0) else ""

    def _line_taxes(self, line: Mapping[str, Any]) -> tuple[str, str]:
        """A line's rate, and what the rate alone does not show: the reason for none, or the several taxes."""
        if several := line.get("taxes"):
            rates = f"{NO_BREAK_SPACE}+ ".join(self.formats.percent(tax["rate"]) for tax in several)
            return rates, ", ".join(filter(None, (self.line(tax["category"]) for tax in several)))
        if line["tax_rate"] is None:
            return "", self.line(line["tax_category"])
        return self.formats.percent(line["tax_rate"]), ""

    def taxes(self) -> Iterator[TaxRow]:
        """The tax breakdown."""
        places = digits(self.sale["currency"])
        for tax in self.sale["taxes"]:
            name = f"{self.line(tax['category'])} {self.formats.percent(tax['rate'])}".strip()
            number = self.formats.number
            yield TaxRow(name, number(tax["net"], places), number(tax["tax"], places))

    def totals(self) -> Iterator[Total]:
        """The rows above the highlighted amount: charges, discounts, shipping, net, tax, total, deposit, paid."""
        sale, labels = self.sale, self.labels
        yield from map(self._adjustment, sale["adjustments"])
        if Decimal(sale["shipping_charge"]):
            shipping = labels.shipping_with_tax if sale["include_tax"] else labels.shipping
            yield Total(shipping, self.money(sale["shipping_charge"]))
        if sale["taxes"]:
            yield Total(labels.net, self.money(sale["net"]))
            yield Total(labels.tax, self.money(sale["tax"]))
        if not self._asks_for_money():
            return
        yield Total(self._total_label(), self.money(sale["total"]), is_sum=True)
        if Decimal(sale["deposit"]):
            yield Total(labels.deposit, self.money(_less(sale["deposit"])))
        if settled := self._settled():
            yield Total(labels.settled, self.money(_less(str(settled))))

    def _asks_for_money(self) -> bool:
        """Some kinds do so only for a deposit."""
        sale, asks_for = self.sale, KINDS[self.sale["sale_type"]].asks_for
        asking = asks_for == "total" or (asks_for == "deposit" and Decimal(sale["deposit"]) > 0)
        return asking and sale["status"] in _ASKING_WHILE

    def _settled(self) -> Decimal:
        """What was paid or credited so far."""
        sale = self.sale
        if sale["settlement"] not in {"paid", "partial"}:
            return _NOTHING
        return Decimal(sale["total"]) - Decimal(sale["deposit"]) - Decimal(sale["amount_due"])

    def _adjustment(self, adjustment: Mapping[str, Any]) -> Total:
        discount = adjustment["type"] == "discount"
        name = self.line(adjustment["description"]) or (self.labels.discount if discount else self.labels.charge)
        if adjustment["mode"] == "pct":
            name = f"{name} {self.formats.percent(adjustment['amount'])}"
        return Total(name, self.money(_less(adjustment["net"]) if discount else adjustment["net"]))

    def _total_label(self) -> str:
        return self.labels.total_with_tax if self.sale["taxes"] else self.labels.total

    def due(self) -> Total:
        """The highlighted amount, and its label."""
        sale, labels = self.sale, self.labels
        if self._asks_for_money():
            return Total(labels.amount_due, self.money(sale["amount_due"]))
        label = labels.total_credit if KINDS[sale["sale_type"]].role == "credit" else self._total_label()
        return Total(label, self.money(sale["total"]))


def _less(amount: str) -> str:
    """An amount that is taken off; 0 stays 0."""
    return f"-{amount}" if Decimal(amount) else amount
