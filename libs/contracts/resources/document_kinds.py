"""The kinds of sales documents, each as one row: number series, transitions, what it posts, converts to and refers to.

The ledger, the inboxes, the PDF and the catalog read here what differs by kind. A new kind is a name in
`SaleType` and a row in `KINDS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal

SaleType = Literal["sales_order", "sales_proforma", "sales_invoice", "sales_receipt", "sales_estimate", "credit_note"]

Role = Literal["receivable", "credit", "receipt", "offer"]
"""How a kind is posted. `receivable`: issuing posts what is owed (Dr receivable). `credit`: issuing posts a credit of
the client (Cr unapplied), and it can settle receivables. `receipt`: posts nothing, is paid from the start. `offer`:
posts nothing, states what an invoice would come to."""

Reference = Literal["invoice", "payment"]

Status = Literal[
    "draft", "issued", "accepted", "declined", "expired", "converted", "confirmed", "closed", "cancelled",
    "written_off", "void", "deleted", "pending", "failed", "reversed",
]  # fmt: skip
"""`deleted` is never stored: it is where `delete` takes a draft, whose row goes."""

Command = Literal[
    "update", "delete", "issue", "send", "accept", "decline", "expire", "convert", "close", "cancel", "void",
    "write_off", "write_back", "confirm", "fail", "reverse", "allocate", "unallocate", "refund", "unrefund",
]  # fmt: skip

Guard = Literal[
    "not_invoiced", "no_settlements", "no_credit_notes", "within_creditable", "nothing_applied", "something_open",
    "paid_by_confirmed_payment", "nothing_refunded", "something_unapplied",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Move:
    """Where a command leads, and what must hold for it."""

    to: Status
    guards: tuple[Guard, ...] = ()


Moves = Mapping[tuple[Status, Command], Move]


@dataclass(frozen=True, slots=True)
class DocumentKind:
    """What is particular to one kind. `titles` are by language, as they stand on the PDF."""

    prefix: str  # of its number series
    role: Role
    moves: Moves
    titles: Mapping[str, str]
    instead: Mapping[tuple[Status, Command], str] = field(default_factory=dict)  # advice where a command is refused
    converts_to: tuple[SaleType, ...] = ()  # the first is the default
    refers_to: Reference | None = None
    has_due_date: bool = True
    valid_until: bool = False  # its due date is the day until which it holds
    asks_for: Literal["total", "deposit", "nothing"] = "nothing"  # on paper


_DRAFT: Final[Moves] = {("draft", "update"): Move("draft"), ("draft", "delete"): Move("deleted")}

KINDS: Final[Mapping[SaleType, DocumentKind]] = MappingProxyType(
    {
        "sales_order": DocumentKind(
            prefix="SO",
            role="offer",
            asks_for="total",
            converts_to=("sales_invoice",),
            titles={"en": "Sales order", "fr": "Commande", "es": "Pedido", "lv": "Pasūtījums"},
            moves={
                **_DRAFT,
                ("draft", "issue"): Move("confirmed"),
                ("confirmed", "send"): Move("confirmed"),
                ("confirmed", "convert"): Move("confirmed", ("not_invoiced",)),
                ("confirmed", "close"): Move("closed"),
                ("confirmed", "cancel"): Move("cancelled", ("not_invoiced",)),
            },
            instead={("confirmed", "void"): "cancel it instead"},
        ),
        "sales_proforma": DocumentKind(
            prefix="PRO",
            role="offer",
            asks_for="total",
            converts_to=("sales_invoice",),
            titles={
                "en": "Proforma invoice",
                "fr": "Facture proforma",
                "es": "Factura proforma",
                "lv": "Priekšapmaksas rēķins",
            },
            moves={
                **_DRAFT,
                ("draft", "issue"): Move("issued"),
                ("issued", "send"): Move("issued"),
                ("issued", "convert"): Move("converted"),
                ("issued", "expire"): Move("expired"),
                ("issued", "void"): Move("void"),
            },
        ),
        "sales_invoice": DocumentKind(
            prefix="INV",
            role="receivable",
            asks_for="total",
            titles={"en": "Invoice", "fr": "Facture", "es": "Factura", "lv": "Rēķins"},
            moves={
                **_DRAFT,
                ("draft", "issue"): Move("issued"),
                ("issued", "send"): Move("issued"),
                ("issued", "void"): Move("void", ("no_settlements", "no_credit_notes")),
                ("issued", "write_off"): Move("written_off", ("something_open",)),
                ("written_off", "write_back"): Move("issued"),
            },
            instead={
                ("issued", "update"): "correct it by a credit note",
                ("issued", "cancel"): "void it instead",
                ("written_off", "void"): "write it back first",
                ("written_off", "write_off"): "it is written off already",
            },
        ),
        "sales_receipt": DocumentKind(
            prefix="RCP",
            role="receipt",
            refers_to="payment",
            has_due_date=False,
            titles={"en": "Receipt", "fr": "Reçu", "es": "Recibo", "lv": "Kvīts"},
            moves={
                **_DRAFT,
                ("draft", "issue"): Move("issued", ("paid_by_confirmed_payment",)),
                ("issued", "send"): Move("issued"),
                ("issued", "reverse"): Move("void"),
            },
            instead={("issued", "void"): "reverse its payment instead"},
        ),
        "sales_estimate": DocumentKind(
            prefix="EST",
            role="offer",
            asks_for="deposit",
            valid_until=True,
            converts_to=("sales_order", "sales_proforma", "sales_invoice"),
            titles={"en": "Estimate", "fr": "Devis", "es": "Presupuesto", "lv": "Piedāvājums"},
            moves={
                **_DRAFT,
                ("draft", "issue"): Move("issued"),
                ("issued", "send"): Move("issued"),
                ("issued", "accept"): Move("accepted"),
                ("issued", "decline"): Move("declined"),
                ("issued", "expire"): Move("expired"),
                ("issued", "void"): Move("void"),
                ("accepted", "send"): Move("accepted"),
                ("accepted", "convert"): Move("converted"),
                ("accepted", "void"): Move("void"),
            },
            instead={("issued", "convert"): "accept it first"},
        ),
        "credit_note": DocumentKind(
            prefix="CN",
            role="credit",
            refers_to="invoice",
            has_due_date=False,
            titles={"en": "Credit note", "fr": "Avoir", "es": "Nota de crédito", "lv": "Kredītrēķins"},
            moves={
                **_DRAFT,
                ("draft", "issue"): Move("issued", ("within_creditable",)),
                ("issued", "send"): Move("issued"),
                ("issued", "allocate"): Move("issued", ("something_unapplied",)),
                ("issued", "unallocate"): Move("issued"),
                ("issued", "refund"): Move("issued", ("something_unapplied",)),
                ("issued", "unrefund"): Move("issued"),
                ("issued", "void"): Move("void", ("nothing_applied",)),
            },
        ),
    }
)


def kinds_that(refers_to: Reference) -> tuple[SaleType, ...]:
    """The kinds that refer to an invoice or a payment."""
    return tuple(name for name, kind in KINDS.items() if kind.refers_to == refers_to)
