"""A small company's books with every kind of document and every move in them: what must always hold, holds there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from contracts.wire import commands as names
from ledger.sales import mark_overdue
from tests.support.ledger import LedgerHarness, a_line
from tests.support.ledger_inbox import a_purchase, accept, an_order, received, reject


@dataclass(slots=True)
class Story:
    """Sends the ledger commands of every kind; each must succeed."""

    ledger: LedgerHarness
    client_id: str = ""

    async def do(self, command: str, thing_id: str, **data: Any) -> dict[str, Any]:
        """Ask for a move of one document or payment."""
        answer = await self.ledger.ask(command, {"id": thing_id} | data)
        assert answer.status < 300, answer
        return answer.body

    async def sale(self, **fields: Any) -> str:
        """A document, an invoice of 165.01 by default."""
        return (await self.ledger.sale(self.client_id, **fields)).id

    async def pay(self, amount: str, *settles: tuple[str, str], **fields: Any) -> str:
        """A payment."""
        return (await self.ledger.pay(self.client_id, amount, *settles, **fields)).id

    async def run(self) -> None:
        """All of it."""
        self.client_id = await self.ledger.client()
        await self._catalogue()
        await self._quotes()
        await self._invoices()
        await self._credits()
        await self._payments()
        await self._currencies()
        await self._refusals()
        await self._inboxes()

    async def _catalogue(self) -> None:
        named = await self.ledger.product(code="NAMED", name="Paper", unit_price="4.20")
        await self.do(names.REMOVE_PRODUCT, await self.ledger.product(code="GONE", name="Toner"))
        await self.sale(sale_type="sales_estimate", lines=[{"quantity": "1", "product_id": named}])
        await self.do(names.REMOVE_PRODUCT, named)
        await self.ledger.product(code="NAMELESS", name="Ink")
        kept = await self.ledger.client(name="Kept on paper")
        await self.ledger.sale(kept)
        for client_id in (kept, await self.ledger.client(name="Gone")):
            await self.do(names.REMOVE_CLIENT, client_id)

    async def _quotes(self) -> None:
        estimate = await self.sale(sale_type="sales_estimate")
        await self.do(names.ACCEPT_SALE, estimate)
        order = (await self.do(names.CONVERT_SALE, estimate, to="sales_order", issue=True))["id"]
        invoice = (await self.do(names.CONVERT_SALE, order, issue=True))["id"]
        await self.do(names.VOID_SALE, invoice)
        await self.do(names.CONVERT_SALE, order, issue=True)
        await self.do(names.CLOSE_SALE, order)
        await self.do(names.CANCEL_SALE, await self.sale(sale_type="sales_order"))
        await self.do(names.DECLINE_SALE, await self.sale(sale_type="sales_estimate"))
        await self.do(names.EXPIRE_SALE, await self.sale(sale_type="sales_proforma"))
        proforma = await self.sale(sale_type="sales_proforma")
        made = (await self.do(names.CONVERT_SALE, proforma))["id"]
        await self.do(names.UPDATE_SALE, made, comment="Thank you")
        await self.do(names.DELETE_SALE, made)

    async def _invoices(self) -> None:
        await self.sale(issue=False)
        late = await self.sale(document_date="2026-01-10", date_due="2026-01-24")
        reported = self.ledger.command(mark_overdue.COMMAND, {"id": late}, at=datetime.now(tz=UTC))
        await self.ledger.handle(reported)
        bad = await self.sale()
        await self.pay("65.01", (bad, "65.01"))
        for command in (names.WRITE_OFF_SALE, names.WRITE_BACK_SALE, names.WRITE_OFF_SALE):
            await self.do(command, bad)
        await self.do(names.VOID_SALE, await self.sale(deposit="20.00"))
        await self.sale(deposit="165.01")
        await self.sale(lines=[a_line("1", "100", "19", discount="100")])

    async def _credits(self) -> None:
        invoice = await self.sale()
        other = await self.sale()
        line = [a_line("1", "100.00", "19")]
        await self.sale(sale_type="credit_note", invoice_id=invoice, lines=line)
        alone = await self.sale(sale_type="credit_note", lines=line)
        await self.do(names.ALLOCATE_CREDIT, alone, allocations=[{"sale_id": other, "amount": "50.00"}])
        refunded = await self.do(names.REFUND_CREDIT, alone, amount="20.00")
        await self.do(names.UNREFUND_CREDIT, alone, refund_id=refunded["refunds"][0]["id"])
        await self.do(names.REFUND_CREDIT, alone, amount="5.00")
        await self.do(names.UNALLOCATE_CREDIT, alone)
        await self.do(names.VOID_SALE, await self.sale(sale_type="credit_note", lines=line))

    async def _payments(self) -> None:
        first, second = await self.sale(), await self.sale()
        announced = await self.pay("300.00", status="pending")
        await self.do(names.CONFIRM_PAYMENT, announced, allocations=[{"sale_id": first, "amount": "165.01"}])
        await self.do(names.ALLOCATE_PAYMENT, announced, allocations=[{"sale_id": second, "amount": "100.00"}])
        await self.do(names.UNALLOCATE_PAYMENT, announced, sale_ids=[second])
        await self.do(names.REFUND_PAYMENT, announced, amount="34.99")
        await self.do(names.FAIL_PAYMENT, await self.pay("1.00", status="pending"))
        bounced = await self.pay("165.01", (second, "165.01"))
        await self.sale(sale_type="sales_receipt", payment_id=bounced)
        await self.do(names.REVERSE_PAYMENT, bounced)
        kept = await self.pay("165.01")
        await self.sale(sale_type="sales_receipt", payment_id=kept)

    async def _currencies(self) -> None:
        for currency, price in (("JPY", "7"), ("KWD", "1.235")):
            await self.sale(
                currency=currency,
                lines=[a_line("3", price, "7.7"), a_line("2", "11", taxes=[{"rate": "5"}, {"rate": "9.975"}])],
                adjustments=[
                    {"type": "charge", "mode": "pct", "amount": "10"},
                    {"type": "discount", "mode": "amount", "amount": "3"},
                ],
                shipping_charge="5",
                include_tax=currency == "JPY",
            )

    async def _inboxes(self) -> None:
        for box, data in (("purchases", a_purchase()), ("sales", an_order())):
            accepted = await accept(self.ledger, box, await received(self.ledger, data))
            assert accepted.status == 200, accepted
        rejected = await reject(self.ledger, "purchases", await received(self.ledger, a_purchase("A-18")))
        assert rejected.status == 200, rejected
        await received(self.ledger, an_order("WEB-2"))

    async def _refusals(self) -> None:
        invoice = await self.sale()
        for command in (names.WRITE_BACK_SALE, names.CONVERT_SALE, names.DELETE_SALE):
            answer = await self.ledger.ask(command, {"id": invoice})
            assert answer.status == 409, answer
