"""The state table tried whole on the real ledger: every kind in every state with every command."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.resources.document_kinds import Command, Status
from contracts.wire import commands as names
from ledger.sales.transitions import COMMANDS, Kind
from tests.support.ledger import Answer, LedgerHarness
from tests.unit.ledger.test_states import allowed

# How a new one of each kind comes into each of its states.
WAYS: dict[Kind, dict[Status, str]] = {
    "sales_estimate": {
        "draft": "",
        "issued": "issue",
        "accepted": "issue accept",
        "declined": "issue decline",
        "expired": "issue expire",
        "converted": "issue accept convert",
        "void": "issue void",
    },
    "sales_order": {"draft": "", "confirmed": "issue", "closed": "issue close", "cancelled": "issue cancel"},
    "sales_proforma": {
        "draft": "",
        "issued": "issue",
        "converted": "issue convert",
        "expired": "issue expire",
        "void": "issue void",
    },
    "sales_invoice": {"draft": "", "issued": "issue", "written_off": "issue write_off", "void": "issue void"},
    "sales_receipt": {"draft": "", "issued": "issue", "void": "issue reverse"},
    "credit_note": {"draft": "", "issued": "issue", "void": "issue void"},
    "payment": {"pending": "", "confirmed": "confirm", "failed": "fail", "reversed": "confirm reverse"},
}
ON_SOURCES = ("allocate", "unallocate", "refund", "unrefund")
ON_PAYMENTS = (*ON_SOURCES, "confirm", "fail", "reverse")
ALL = [(kind, status) for kind, ways in WAYS.items() for status in ways]


class Cast:
    """The people and documents around the one that is tried."""

    def __init__(self, ledger: LedgerHarness) -> None:
        self.ledger = ledger

    async def appear(self) -> None:
        """Make a client with an open invoice."""
        self.client_id = await self.ledger.client()
        self.invoice_id = (await self.ledger.sale(self.client_id)).id

    async def one(self, kind: Kind, status: Status) -> str:
        """A new one in this state."""
        self.payment_id = ""
        if kind == "payment":
            thing = await self.ledger.pay(self.client_id, "165.01", status="pending")
        else:
            fields: dict[str, Any] = {}
            if kind == "sales_receipt":
                self.payment_id = (await self.ledger.pay(self.client_id, "165.01")).id
                fields["payment_id"] = self.payment_id
            thing = await self.ledger.sale(self.client_id, sale_type=kind, issue=False, **fields)
        for command in WAYS[kind][status].split():
            answer = await self.ask(
                kind, command, self.payment_id if command == "reverse" and self.payment_id else thing.id
            )
            assert answer.status < 300, (kind, status, command, answer)
        return thing.id

    async def ask(self, kind: Kind, command: str, thing_id: str) -> Answer:
        """Ask for a command on a thing, whatever it is."""
        if command in ON_SOURCES:
            name = f"{command}_{'payment' if kind == 'payment' else 'credit'}"
        else:
            name = f"{command}_{'payment' if command in ON_PAYMENTS else 'sale'}"
        assert name in names.COMMANDS
        return await self.ledger.ask(name, {"id": thing_id} | await self._said(command, thing_id))

    async def _said(self, command: str, thing_id: str) -> dict[str, Any]:
        match command:
            case "update":
                return {"comment": "Otherwise"}
            case "allocate":
                return {"allocations": [{"sale_id": self.invoice_id, "amount": "0.01"}]}
            case "refund":
                return {"amount": "0.01"}
            case "send":
                return {"to": "aija@ozola.example"}
            case "unrefund":
                live = await self.ledger.pool.fetchval(
                    "SELECT id FROM ledger.refund WHERE $1 IN (payment_id::text, credit_note_id::text)", thing_id
                )
                return {"refund_id": str(live or thing_id)}
            case _:
                return {}

    async def ready_for(self, kind: Kind, command: Command, thing_id: str) -> None:
        """Let there be something to take back."""
        before = {"unallocate": "allocate", "unrefund": "refund"}.get(command)
        if before is not None:
            assert (await self.ask(kind, before, thing_id)).status == 200

    async def status(self, kind: Kind, thing_id: str) -> str | None:
        """The state of a thing; None when it is gone."""
        table, key = ("payment", "id") if kind == "payment" else ("sale_state", "sale_id")
        found: str | None = await self.ledger.pool.fetchval(
            f"SELECT status FROM ledger.{table} WHERE {key}::text = $1",  # noqa: S608  a test's own words
            thing_id,
        )
        return found


@pytest.mark.parametrize(("kind", "status"), ALL, ids=[f"{kind}-{status}" for kind, status in ALL])
async def test_what_the_table_forbids_is_refused_and_what_it_allows_is_done(
    ledger: LedgerHarness, kind: Kind, status: Status
) -> None:
    expected = allowed()
    cast = Cast(ledger)
    await cast.appear()
    thing_id = await cast.one(kind, status)
    contents = await ledger.contents()
    for command in COMMANDS:
        if (kind, status, command) in expected:
            continue
        answer = await cast.ask(kind, command, thing_id)
        elsewhere = (kind == "payment") != (command in ON_PAYMENTS) and not (
            kind != "payment" and command in ON_SOURCES
        )
        assert answer.status == (404 if elsewhere else 409), (command, answer)
        if not elsewhere:
            assert answer.body["code"] == "state_forbids"
            assert "possible now: " in answer.body["detail"] or "nothing can be done" in answer.body["detail"]
    assert await ledger.contents() == contents
    assert await cast.status(kind, thing_id) == status
    for command in COMMANDS:
        leads_to = expected.get((kind, status, command))
        if leads_to is None:
            continue
        thing_id = await cast.one(kind, status)
        await cast.ready_for(kind, command, thing_id)
        before = len(await ledger.events())
        on_payment = command == "reverse" and kind == "sales_receipt"
        answer = await cast.ask(kind, command, cast.payment_id if on_payment else thing_id)
        if command == "send":  # its event comes with the hand-over, see test_messages
            assert (answer.status, answer.body["status"], len(await ledger.events())) == (200, status, before)
            continue
        assert answer.status in {200, 201}, (command, answer)
        assert await cast.status(kind, thing_id) == (None if leads_to == "deleted" else leads_to)
        about = [one for one in (await ledger.events())[before:] if one.data["subject_id"] == thing_id]
        assert len(about) == 1, (command, about)
    await _events_rebuild_the_statuses(ledger)


async def _events_rebuild_the_statuses(ledger: LedgerHarness) -> None:
    statuses: dict[Any, str] = {}
    for row in await ledger.owner.fetch("SELECT * FROM ledger.document_event ORDER BY event_id"):
        assert statuses.get(row["document_id"]) == row["status_before"]
        statuses[row["document_id"]] = row["status_after"]
    stored = await ledger.owner.fetch(
        "SELECT sale_id AS id, status FROM ledger.sale_state UNION ALL SELECT id, status FROM ledger.payment"
    )
    assert {key: status for key, status in statuses.items() if status != "deleted"} == {
        row["id"]: row["status"] for row in stored
    }
