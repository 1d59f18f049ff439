"""Commands on a ledger, and what the stored one must be by the one kept in memory."""

from __future__ import annotations

from typing import Any

from contracts.wire.commands import CREATE_SALE, RECORD_PAYMENT
from tests.support.reference_ledger import Command, Reference


def facts_of(row: dict[str, Any]) -> tuple[Any, ...]:
    """A stored document's facts, as they are compared."""
    child = None if row["converted_to"] is None else str(row["converted_to"])
    return row["status"], row["total_minor"], row["settled_minor"], row["credited_minor"], child, row["late"]


def expected_balances(reference: Reference) -> tuple[dict[str, int], dict[str, int]]:
    """What is owed by invoice, and to spare by payment and credit note."""
    owed = {
        key: one.open for key, one in reference.docs.items()
        if one.kind == "sales_invoice" and one.status in {"issued", "written_off"} and one.open
    }  # fmt: skip
    spare = {key: one.spare for key, one in reference.pays.items() if one.status == "confirmed" and one.spare}
    spare |= {
        key: one.spare for key, one in reference.docs.items()
        if (one.kind, one.status) == ("credit_note", "issued") and one.spare
    }  # fmt: skip
    return owed, spare


def by_client(reference: Reference, owed: dict[str, int], spare: dict[str, int]) -> dict[str, tuple[int, int]]:
    """What each client owes and has to spare, of those that have anything."""
    things: dict[str, Any] = {**reference.docs, **reference.pays}
    sums = {
        client: tuple(sum(minor for key, minor in one.items() if things[key].client == client) for one in (owed, spare))
        for client in reference.clients
    }
    return {client: (both[0], both[1]) for client, both in sums.items() if any(both)}


def an_opening(kind: str, client_id: str) -> Command:
    """Something to begin with."""
    if kind == "payment":
        return RECORD_PAYMENT, {"client_id": client_id, "amount": "4.00", "currency": "EUR", "allocations": []}
    line = {"description": "A", "quantity": "1", "unit_price": "2.00", "tax_rate": "19"}
    ctx = {"sale_type": kind, "client_id": client_id, "currency": "EUR", "lines": [line], "issue": True}
    return CREATE_SALE, ctx


def sensible(reference: Reference, sale_id: str, verb: str) -> bool:
    """Whether a careful caller would send this command; without a command, whether it would pay it."""
    if not verb:
        return reference.docs[sale_id].owed
    ctx = {"id": sale_id, "lines": [{"unit_price": "1.00"}]}
    return reference.expect(f"{verb}_sale", ctx).status < 300
