"""What makes a client's collection cases due: every change of what they depend on, in the same transaction."""

from __future__ import annotations

from contracts.wire import commands
from tests.support.ledger import LedgerHarness


async def due(ledger: LedgerHarness) -> list[str]:
    """The clients that are due; from then on none is."""
    query = "SELECT client_id FROM ledger.collected_client WHERE due_at <= now() ORDER BY client_id"
    rows = await ledger.owner.fetch(query)
    await ledger.owner.execute("UPDATE ledger.collected_client SET due_at = NULL")
    return [str(row["client_id"]) for row in rows]


async def test_an_issued_invoice_and_its_payment_make_its_client_due(ledger: LedgerHarness) -> None:
    client_id = await ledger.client()
    draft = await ledger.sale(client_id, issue=False)
    assert await due(ledger) == []
    await ledger.ask(commands.ISSUE_SALE, {"id": draft.id})
    assert await due(ledger) == [client_id]
    await ledger.pay(client_id, "165.01", (draft.id, "165.01"))
    assert await due(ledger) == [client_id]


async def test_notes_that_need_a_response_and_disputes_make_their_client_due(ledger: LedgerHarness) -> None:
    client_id = await ledger.client()
    sale = await ledger.sale(client_id)
    await due(ledger)
    await ledger.ask(commands.ADD_NOTE, {"client_id": client_id, "body": "Friendly"})
    assert await due(ledger) == []
    await ledger.ask(commands.ADD_NOTE, {"client_id": client_id, "body": "Call back", "needs_response": True})
    assert await due(ledger) == [client_id]
    await ledger.ask(commands.OPEN_DISPUTE, {"sale_id": sale.id, "reason": "Too much"})
    assert await due(ledger) == [client_id]


async def test_an_archived_client_is_due_and_a_removed_one_is_not(ledger: LedgerHarness) -> None:
    kept, gone = await ledger.client(), await ledger.client(name="Gone")
    await ledger.sale(kept)
    await due(ledger)
    await ledger.ask(commands.UPDATE_CLIENT, {"id": gone, "email": "a@b.example"})
    await ledger.ask(commands.REMOVE_CLIENT, {"id": gone})
    await ledger.ask(commands.REMOVE_CLIENT, {"id": kept})
    assert await due(ledger) == [kept]
