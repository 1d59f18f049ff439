"""The entries of each event: balanced entries of the double-entry journal, stored with the document.

Debits are above 0, credits below. Overpayment and credit are both `unapplied`: a client's credit, by payment or credit
note. A reversal deletes nothing: it is a further entry, the exact mirror.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, Literal
from uuid import UUID

from contracts.primitives.money import within_bounds

Account = Literal[
    "receivable", "revenue", "tax", "cash", "unapplied", "bad_debt", "deposits", "expense", "input_tax", "payable"
]
"""`deposits` is money received together with a document (its deposit), no payment of its own.

`expense`, `input_tax` and `payable` are of suppliers' bills.
"""

EntryKind = Literal[
    "issue",
    "void",
    "credit_note",
    "void_credit_note",
    "payment",
    "reverse",
    "settle",
    "unsettle",
    "refund",
    "unrefund",
    "write_off",
    "write_back",
    "bill",
    "void_bill",
]

_UNDONE_BY: Final[dict[EntryKind, EntryKind]] = {
    "issue": "void",
    "credit_note": "void_credit_note",
    "payment": "reverse",
    "settle": "unsettle",
    "refund": "unrefund",
    "write_off": "write_back",
    "bill": "void_bill",
}
UNDONE_BY: Final = MappingProxyType(_UNDONE_BY)
"""The kind of entry that undoes each kind."""

MIRRORS: Final = MappingProxyType[EntryKind, EntryKind]({**_UNDONE_BY, **{undo: do for do, undo in _UNDONE_BY.items()}})
"""Which kind of entry reverses which; both ways, so that the reversal of a reversal is the entry itself."""


@dataclass(frozen=True, slots=True)
class Posting:
    """One line of an entry: minor units of a currency, debit above 0. `document_id` is the document or payment.

    It concerns a client or, in entries of bills, a supplier.
    """

    account: Account
    client_id: UUID | None
    document_id: UUID
    amount_minor: int
    currency: str
    supplier_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """Postings that sum to zero; none at all where nothing is owed, such as a sale with a discount of 100 %."""

    kind: EntryKind
    postings: tuple[Posting, ...]

    def __post_init__(self) -> None:
        if sum(posting.amount_minor for posting in self.postings) != 0:
            raise ValueError(f"the entry {self.kind} does not sum to zero")
        if len({posting.currency for posting in self.postings}) > 1:
            raise ValueError(f"the entry {self.kind} mixes currencies")


@dataclass(frozen=True, slots=True)
class Party:
    """The party of an entry: a client, and the currency of all its postings."""

    client_id: UUID
    currency: str


def issue(party: Party, document_id: UUID, *, net_minor: int, tax_minor: int, deposit_minor: int = 0) -> Entry:
    """An invoice: Dr receivable / Cr revenue, tax. What was paid with it as a deposit is Dr deposits instead.

    Net or tax alone may be below 0, by lines that are returned at another rate; together they are not.
    """
    total = net_minor + tax_minor
    return _entry(
        "issue",
        party,
        ("receivable", document_id, _counted(total - deposit_minor)),
        ("deposits", document_id, _counted(deposit_minor)),
        ("revenue", document_id, -within_bounds(net_minor)),
        ("tax", document_id, -within_bounds(tax_minor)),
    )


def credit_note(party: Party, credit_note_id: UUID, *, net_minor: int, tax_minor: int) -> Entry:
    """A credit note: Dr revenue, tax / Cr unapplied; as for an invoice, net or tax alone may be below 0."""
    return _entry(
        "credit_note",
        party,
        ("revenue", credit_note_id, within_bounds(net_minor)),
        ("tax", credit_note_id, within_bounds(tax_minor)),
        ("unapplied", credit_note_id, -_counted(net_minor + tax_minor)),
    )


def payment(party: Party, payment_id: UUID, *, amount_minor: int) -> Entry:
    """Money that came in: Dr cash / Cr unapplied."""
    return _pair("payment", party, ("cash", payment_id), ("unapplied", payment_id), amount_minor)


def settle(party: Party, *, invoice_id: UUID, source_id: UUID, amount_minor: int) -> Entry:
    """One invoice meets one payment or credit note: Dr unapplied / Cr receivable."""
    return _pair("settle", party, ("unapplied", source_id), ("receivable", invoice_id), amount_minor)


def refund(party: Party, source_id: UUID, *, amount_minor: int) -> Entry:
    """A refund of a payment or credit note: Dr unapplied / Cr cash."""
    return _pair("refund", party, ("unapplied", source_id), ("cash", source_id), amount_minor)


def write_off(party: Party, invoice_id: UUID, *, open_minor: int) -> Entry:
    """What will not be paid any more: Dr bad debt / Cr receivable."""
    return _pair("write_off", party, ("bad_debt", invoice_id), ("receivable", invoice_id), open_minor)


def bill(supplier_id: UUID, bill_id: UUID, *, currency: str, net_minor: int, tax_minor: int) -> Entry:
    """A supplier's bill: Dr expense, input tax / Cr payable. All are below 0 for a supplier's credit note."""
    rows: tuple[tuple[Account, int], ...] = (
        ("expense", within_bounds(net_minor)),
        ("input_tax", within_bounds(tax_minor)),
        ("payable", -within_bounds(net_minor + tax_minor)),
    )
    postings = tuple(Posting(name, None, bill_id, amount, currency, supplier_id) for name, amount in rows if amount)
    return Entry("bill", postings)


def mirror(entry: Entry) -> Entry:
    """Reverse an entry (void, reverse, unsettle, write back): each posting with the opposite sign, in order."""
    turned = tuple(replace(posting, amount_minor=-posting.amount_minor) for posting in entry.postings)
    return Entry(MIRRORS[entry.kind], turned)


def _pair(
    kind: EntryKind, party: Party, debit: tuple[Account, UUID], credit: tuple[Account, UUID], amount_minor: int
) -> Entry:
    _counted(amount_minor)
    return _entry(kind, party, (*debit, amount_minor), (*credit, -amount_minor))


def _entry(kind: EntryKind, party: Party, *rows: tuple[Account, UUID, int]) -> Entry:
    """Book what is not 0."""
    return Entry(
        kind,
        tuple(
            Posting(account, party.client_id, document_id, amount, party.currency)
            for account, document_id, amount in rows
            if amount
        ),
    )


def _counted(amount_minor: int) -> int:
    """An amount to post: earlier rules have refused amounts below 0 or out of range."""
    if amount_minor < 0:
        raise ValueError(f"{amount_minor} minor units: the side says debit or credit, the amount is never below 0")
    return within_bounds(amount_minor)
