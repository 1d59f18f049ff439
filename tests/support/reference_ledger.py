"""Books kept in memory, by hand from the design and knowing nothing of the ledger's code: what tests compare it with.

`Reference.expect` gives what a command must answer and which events it must fire; `Expected.done` makes it count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from tests.support.cents import amounts, cents
from tests.support.reference_documents import Doc, Pay, tax_of_the_rest

Body = dict[str, Any]
Command = tuple[str, Body]

NEXT = {"sales_estimate": "sales_order", "sales_order": "sales_invoice", "sales_proforma": "sales_invoice"}
FINAL = {
    "sales_estimate": {"accept": "accepted", "decline": "declined", "expire": "expired", "convert": "converted"},
    "sales_order": {"close": "closed", "cancel": "cancelled", "convert": "confirmed"},
    "sales_proforma": {"expire": "expired", "convert": "converted"},
}


@dataclass(slots=True)
class Expected:
    """What a command must come to."""

    status: int
    triggers: list[str] = field(default_factory=list)
    apply: Callable[[Body], None] = lambda _: None

    def done(self, body: Body) -> None:
        """Make it count."""
        if self.status < 300:
            self.apply(body)


REFUSED, FORBIDDEN, MISSING = Expected(422), Expected(409), Expected(404)


@dataclass(slots=True)
class Reference:
    """One account's books."""

    clients: list[str] = field(default_factory=list)
    docs: dict[str, Doc] = field(default_factory=dict)
    pays: dict[str, Pay] = field(default_factory=dict)
    settled: Counter[tuple[str, str]] = field(default_factory=Counter)  # (source, invoice)
    refunds: dict[str, tuple[str, int]] = field(default_factory=dict)
    numbers: Counter[str] = field(default_factory=Counter)

    def word_for(self, source_id: str) -> str:
        """How commands call a payment or credit note."""
        return "payment" if source_id in self.pays else "credit"

    def expect(self, command: str, data: Body) -> Expected:
        """What a command must come to, in the current state."""
        verb, _, thing = command.rpartition("_")
        if command == "create_sale":
            return self._create(data)
        if command == "record_payment":
            return self._record(data)
        known: dict[str, Any] = self.pays if thing == "payment" else self.docs
        one = known.get(data["id"])
        if one is None:
            return MISSING
        if verb in {"allocate", "unallocate", "refund", "unrefund"}:
            return self._on_source(verb, data["id"], one, data)
        if thing == "payment":
            return self._on_payment(verb, data["id"], one)
        return self._on_sale(verb, data["id"], one, data)

    def _create(self, data: Body) -> Expected:
        net, tax, rate = amounts(data["lines"])
        if net + tax < 0:
            return REFUSED
        one = Doc(data["sale_type"], "draft", data["client_id"], net, tax, cents(data.get("deposit", "0")), rate=rate)
        one.invoice, one.payment = data.get("invoice_id"), data.get("payment_id")
        if one.invoice is not None:
            invoice = self.docs[one.invoice]
            if invoice.kind != "sales_invoice" or invoice.client != one.client:
                return REFUSED
            if invoice.status != "issued":
                return FORBIDDEN
        if one.payment is not None and self.pays[one.payment].client != one.client:
            return REFUSED
        if one.deposit > one.total or (one.deposit and one.kind == "credit_note"):
            return REFUSED
        return self._new(one, issue=data["issue"])

    def _new(self, one: Doc, *, issue: bool) -> Expected:
        triggers, issued = ["sale.created"], None
        if issue:
            issued = self._issue("", one)
            if issued.status >= 300:
                return issued
            triggers += issued.triggers

        def apply(body: Body) -> None:
            self.docs[body["id"]] = one
            if issued is not None:
                self._issue(body["id"], one).apply(body)

        return Expected(201, triggers, apply)

    def _issue(self, sale_id: str, one: Doc) -> Expected:
        if one.status != "draft":
            return FORBIDDEN
        one = replace(one, tax=tax_of_the_rest(one, self.docs.values()))
        refused = self._unpaid(one) if one.kind == "sales_receipt" else self._uncreditable(one)
        if refused is not None:
            return refused
        invoice = self.docs[one.invoice] if one.invoice is not None else None
        paid = 0 if invoice is None else min(invoice.open, one.total)
        triggers = ["sale.posted"]
        if one.kind == "sales_invoice" and 0 < one.total == one.deposit:
            triggers.append("sale.paid")
        if invoice is not None and 0 < paid == invoice.open:
            triggers.append("sale.paid")

        def apply(_: Body) -> None:
            one.status = "confirmed" if one.kind == "sales_order" else "issued"
            self.docs[sale_id] = one
            self.numbers[one.kind] += 1
            if one.payment is not None:
                self.pays[one.payment].receipt = sale_id
            if one.invoice is not None:
                self.docs[one.invoice].credited += one.total
                self._settle(sale_id, one, one.invoice, paid)

        return Expected(200, triggers, apply)

    def _unpaid(self, one: Doc) -> Expected | None:
        """Why a receipt cannot be issued."""
        pay = self.pays.get(one.payment or "")
        if pay is not None and pay.receipt is None and one.total > pay.amount:
            return REFUSED
        return None if pay is not None and pay.receipt is None and pay.status == "confirmed" else FORBIDDEN

    def _uncreditable(self, one: Doc) -> Expected | None:
        """Why a credit note cannot be issued."""
        if one.invoice is None:
            return None
        invoice = self.docs[one.invoice]
        return None if invoice.status == "issued" and one.total <= invoice.total - invoice.credited else FORBIDDEN

    def _settle(self, source_id: str, source: Doc | Pay, invoice_id: str, amount: int) -> None:
        source.settled += amount
        self.docs[invoice_id].settled += amount
        self.settled[source_id, invoice_id] += amount
        if not self.settled[source_id, invoice_id]:
            del self.settled[source_id, invoice_id]

    def _record(self, data: Body) -> Expected:
        pay = Pay(data.get("status", "confirmed"), data["client_id"], cents(data["amount"]))
        fits = self._fits(pay, data["allocations"])
        if fits.status >= 300:
            return fits
        first = "payment.created" if pay.status == "pending" else "payment.posted"

        def apply(body: Body) -> None:
            self.pays[body["id"]] = pay
            for one in data["allocations"]:
                self._settle(body["id"], pay, one["sale_id"], cents(one["amount"]))

        return Expected(201, [first, *fits.triggers], apply)

    def _fits(self, source: Doc | Pay, allocations: list[Body]) -> Expected:
        wrong = closed = False
        paid: list[str] = []
        for one in allocations:
            invoice, amount = self.docs.get(one["sale_id"]), cents(one["amount"])
            if invoice is None:
                return MISSING
            if invoice.kind != "sales_invoice" or invoice.client != source.client:
                wrong = True
            elif invoice.status != "issued" or invoice.open <= 0:
                closed = True
            elif amount > invoice.open:
                wrong = True
            elif amount == invoice.open:
                paid.append("sale.paid")
        if wrong or sum(cents(one["amount"]) for one in allocations) > source.spare:
            return REFUSED
        return FORBIDDEN if closed else Expected(200, paid)

    def _on_source(self, verb: str, source_id: str, source: Doc | Pay, data: Body) -> Expected:
        spends = verb in {"allocate", "refund"}
        if (source.kind, source.status) not in {("payment", "confirmed"), ("credit_note", "issued")}:
            return FORBIDDEN
        if spends and source.spare <= 0:
            return FORBIDDEN
        deed = {
            "allocate": self._allocate,
            "unallocate": self._unallocate,
            "refund": self._refund,
            "unrefund": self._unrefund,
        }[verb]
        done = deed(source_id, source, data)
        reported = "payment.updated" if source.kind == "payment" else "sale.updated"
        return done if done.status >= 300 else Expected(200, [reported, *done.triggers], done.apply)

    def _allocate(self, source_id: str, source: Doc | Pay, data: Body) -> Expected:
        fits = self._fits(source, data["allocations"])
        wanted = [(one["sale_id"], cents(one["amount"])) for one in data["allocations"]]
        if fits.status >= 300:
            return fits
        return Expected(200, fits.triggers, lambda _: self._settle_all(source_id, source, wanted))

    def _unallocate(self, source_id: str, source: Doc | Pay, data: Body) -> Expected:
        live = {invoice: amount for (of, invoice), amount in self.settled.items() if of == source_id}
        chosen = data.get("sale_ids") or list(live)
        if not live or not set(chosen) <= set(live):
            return REFUSED if live else FORBIDDEN
        back = [(invoice, -live[invoice]) for invoice in set(chosen)]
        return Expected(200, [], lambda _: self._settle_all(source_id, source, back))

    def _refund(self, source_id: str, source: Doc | Pay, data: Body) -> Expected:
        amount = cents(data["amount"]) if "amount" in data else source.spare
        if amount > source.spare:
            return REFUSED

        def apply(body: Body) -> None:
            source.refunded += amount
            (new,) = {one["id"] for one in body["refunds"]} - self.refunds.keys()
            self.refunds[new] = (source_id, amount)

        return Expected(200, [], apply)

    def _unrefund(self, source_id: str, source: Doc | Pay, data: Body) -> Expected:
        of, amount = self.refunds.get(data["refund_id"], ("", 0))
        if of != source_id:
            return MISSING

        def apply(_: Body) -> None:
            source.refunded -= amount
            del self.refunds[data["refund_id"]]

        return Expected(200, [], apply)

    def _settle_all(self, source_id: str, source: Doc | Pay, wanted: list[tuple[str, int]]) -> None:
        for invoice_id, amount in wanted:
            self._settle(source_id, source, invoice_id, amount)

    def _on_payment(self, verb: str, pay_id: str, pay: Pay) -> Expected:
        match verb, pay.status:
            case "confirm", "pending":
                return Expected(200, ["payment.posted"], lambda _: setattr(pay, "status", "confirmed"))
            case "fail", "pending":
                return Expected(200, ["payment.failed"], lambda _: setattr(pay, "status", "failed"))
            case "reverse", "confirmed" if not pay.refunded:
                triggers = ["payment.reversed"] + ["sale.voided"] * (pay.receipt is not None)
                return Expected(200, triggers, lambda _: self._reverse(pay_id, pay))
            case _:
                return FORBIDDEN

    def _reverse(self, pay_id: str, pay: Pay) -> None:
        live = [(invoice, -amount) for (of, invoice), amount in self.settled.items() if of == pay_id]
        self._settle_all(pay_id, pay, live)
        if pay.receipt is not None:
            self.docs[pay.receipt].status = "void"
        pay.status, pay.receipt = "reversed", None

    def _on_sale(self, verb: str, sale_id: str, one: Doc, data: Body) -> Expected:
        match verb:
            case "issue":
                return self._issue(sale_id, one)
            case "update" | "delete":
                return self._on_draft(verb, sale_id, one, data)
            case "void" | "write_off" | "write_back":
                return self._undone(verb, sale_id, one)
            case "send":
                # no client of these ledgers has an address
                sendable = one.status in {"issued", "confirmed"} or (one.kind, one.status) == (
                    "sales_estimate",
                    "accepted",
                )
                return REFUSED if sendable else FORBIDDEN
            case _:
                return self._move_on(verb, one)

    def _on_draft(self, verb: str, sale_id: str, one: Doc, data: Body) -> Expected:
        if one.status != "draft":
            return FORBIDDEN
        if verb == "delete":
            return Expected(200, ["sale.deleted"], lambda _: self._forget(sale_id, one))
        if one.invoice is not None and self.docs[one.invoice].status != "issued":
            return FORBIDDEN
        net, tax, rate = amounts(data["lines"])
        if net + tax < 0 or one.deposit > net + tax:
            return REFUSED

        def apply(_: Body) -> None:
            one.net, one.tax, one.rate = net, tax, rate

        return Expected(200, ["sale.updated"], apply)

    def _forget(self, sale_id: str, one: Doc) -> None:
        self._unlink(sale_id, one)
        del self.docs[sale_id]

    def _unlink(self, sale_id: str, one: Doc) -> None:
        if one.parent is not None and self.docs[one.parent].child == sale_id:
            self.docs[one.parent].child = None

    def _undone(self, verb: str, sale_id: str, one: Doc) -> Expected:
        to = {"void": "void", "write_off": "written_off", "write_back": "issued"}[verb]
        allowed = {
            "void": one.kind not in {"sales_order", "sales_receipt"}
            and (one.status == "issued" or (one.kind, one.status) == ("sales_estimate", "accepted"))
            and not (one.kind in {"sales_invoice", "credit_note"} and (one.settled or one.credited or one.refunded)),
            "write_off": (one.kind, one.status) == ("sales_invoice", "issued") and one.open > 0,
            "write_back": one.status == "written_off",
        }[verb]
        if not allowed:
            return FORBIDDEN

        def apply(_: Body) -> None:
            one.status = to
            one.written_off = one.open if verb == "write_off" else 0
            if verb == "void":
                self._unlink(sale_id, one)
                if one.invoice is not None:
                    self.docs[one.invoice].credited -= one.total

        return Expected(200, ["sale.voided" if verb == "void" else "sale.updated"], apply)

    def _move_on(self, verb: str, one: Doc) -> Expected:
        begins = "accepted" if (one.kind, verb) == ("sales_estimate", "convert") else "issued"
        begins = "confirmed" if one.kind == "sales_order" else begins
        to = FINAL.get(one.kind, {}).get(verb)
        invoiced = one.kind == "sales_order" and one.child is not None and verb in {"convert", "cancel"}
        if to is None or one.status != begins or invoiced:
            return FORBIDDEN
        if verb != "convert":
            return Expected(200, ["sale.updated"], lambda _: setattr(one, "status", to))

        def apply(body: Body) -> None:
            one.status, one.child = to, body["id"]
            made = Doc(NEXT[one.kind], "draft", one.client, one.net, one.tax, one.deposit, rate=one.rate)
            made.parent = body["converted_from"]
            self.docs[body["id"]] = made

        return Expected(201, ["sale.updated", "sale.created"], apply)
