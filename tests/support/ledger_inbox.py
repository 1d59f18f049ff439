"""Messages for the ledger's inboxes and what is asked of them, over `tests.support.ledger`."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from contracts.primitives.ids import new_id
from contracts.wire import commands
from contracts.wire.envelope import Envelope
from tests.support.ledger import Answer, LedgerHarness, a_message

BY = {"kind": "access_token", "id": str(new_id()), "name": "books"}
SUPPLIER = {"name": "Paper and Pens OÜ", "reg_number": "10000001"}


def a_line(**fields: Any) -> dict[str, Any]:
    return {"description": "Mug", "quantity": "2", "unit_price": "12.10", "tax_rate": "21"} | fields


def an_order(ref: str = "WEB-1", *, beside: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    document = {
        "document_date": "2026-03-02",
        "document_ref": ref,
        "client": {"name": "Leo Martin", "email": "leo@customer.example"},
        "sale_type": "sales_order",
        "currency": "EUR",
        "lines": [a_line()],
    }
    return a_message(box="sales", document=document | fields) | (beside or {})


def a_purchase(ref: str = "A-17", *, beside: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    document = {
        "document_date": "2026-03-01",
        "document_ref": ref,
        "supplier": SUPPLIER,
        "sale_type": "sales_invoice",
        "currency": "EUR",
        "lines": [{"description": "Paper A4", "quantity": "10", "unit_price": "4.20"}],
        "gross_amount": "50.82",
        "net_amount": "42.00",
    }
    return a_message(document=document | fields) | (beside or {})


async def received(ledger: LedgerHarness, data: dict[str, Any]) -> str:
    """Let a message come in, and what it brings about be handled; answer its id."""
    command = ledger.command(commands.RECEIVE_INBOX_MESSAGE, data)
    await ledger.handle(command)
    for follow_up in await follow_ups(ledger, command.id):
        await ledger.handle(follow_up)
    return str(data["message_id"])


async def follow_ups(ledger: LedgerHarness, cause: UUID) -> list[Envelope]:
    """The commands that one command brought about."""
    rows = await ledger.owner.fetch("SELECT body FROM ledger.outbox WHERE queue = 'ledger.commands' ORDER BY id")
    return [one for row in rows if (one := Envelope.decode(row["body"])).causation_id == cause]


async def accept(ledger: LedgerHarness, box: str, message_id: str, **fields: Any) -> Answer:
    data = {"id": message_id, "box": box, "by": BY} | fields
    return await ledger.ask(commands.ACCEPT_INBOX_MESSAGE, data)


async def reject(ledger: LedgerHarness, box: str, message_id: str, **fields: Any) -> Answer:
    return await ledger.ask(commands.REJECT_INBOX_MESSAGE, {"id": message_id, "box": box, "by": BY} | fields)


async def a_rule(ledger: LedgerHarness, box: str = "purchases", **fields: Any) -> Answer:
    usual = {"box": box, "match": {"channel_id": "public-id-of-the-channel"}}
    return await ledger.ask(commands.CREATE_INBOX_RULE, usual | fields)


async def message(ledger: LedgerHarness, message_id: str) -> dict[str, Any]:
    return dict(await ledger.row("inbox_message", message_id))


def paths(answer: Answer) -> list[str]:
    return sorted(fault["path"] for fault in answer.body["errors"])
