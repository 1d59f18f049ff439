"""Notes on clients and disputes of invoices, with the events that they fire."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from contracts.primitives.ids import new_id
from contracts.wire import commands
from tests.support.ledger import LedgerHarness, open_harness, prepare
from tests.support.postgres_server import Postgres


@pytest.fixture
async def ledger(postgres: Postgres) -> AsyncIterator[LedgerHarness]:
    dsn = await postgres.copy_of(prepare)
    async with open_harness(dsn) as harness:
        yield harness
    await postgres.drop_database(dsn)


async def test_a_note_is_kept_and_fires_its_event(ledger: LedgerHarness) -> None:
    client_id = await ledger.client()
    made = await ledger.ask(
        commands.ADD_NOTE, {"client_id": client_id, "body": "Wants a paper copy", "needs_response": True}
    )
    assert made.status == 201
    assert (made.body["kind"], made.body["needs_response"], made.body["client"]["id"]) == ("note", True, client_id)
    reported = (await ledger.events())[-1]
    assert (reported.name, reported.data["client_id"], reported.data["object"]) == (
        "note.created",
        client_id,
        made.body,
    )


async def test_a_response_is_given_once(ledger: LedgerHarness) -> None:
    client_id = await ledger.client()
    note = await ledger.ask(commands.ADD_NOTE, {"client_id": client_id, "body": "Call back", "needs_response": True})
    first = await ledger.ask(commands.RESOLVE_NOTE, {"id": note.id})
    again = await ledger.ask(commands.RESOLVE_NOTE, {"id": note.id})
    assert first.body["resolved_at"] is not None
    assert again.body == first.body


async def test_a_note_names_a_client_of_the_account_and_a_sale_of_that_client(ledger: LedgerHarness) -> None:
    other, client_id = await ledger.client(name="Other"), await ledger.client()
    sale = await ledger.sale(other, issue=True)
    unknown = await ledger.ask(commands.ADD_NOTE, {"client_id": str(new_id()), "body": "x"})
    wrong = await ledger.ask(commands.ADD_NOTE, {"client_id": client_id, "body": "x", "sale_id": sale.id})
    assert (unknown.status, wrong.status) == (404, 422)
    assert "note.created" not in await ledger.triggers()


async def test_a_client_with_a_note_is_archived_and_not_deleted(ledger: LedgerHarness) -> None:
    client_id = await ledger.client()
    await ledger.ask(commands.ADD_NOTE, {"client_id": client_id, "body": "x"})
    removed = await ledger.ask(commands.REMOVE_CLIENT, {"id": client_id})
    assert removed.body == {"id": client_id, "deleted": False, "archived": True}


async def test_an_invoice_is_disputed_once_and_the_reason_is_a_note(ledger: LedgerHarness) -> None:
    sale = await ledger.sale(await ledger.client(), issue=True)
    dispute = await ledger.ask(commands.OPEN_DISPUTE, {"sale_id": sale.id, "reason": "The hours are too many"})
    again = await ledger.ask(commands.OPEN_DISPUTE, {"sale_id": sale.id, "reason": "Still"})
    assert (dispute.status, dispute.body["state"], dispute.body["number"]) == (201, "open", sale.body["number"])
    assert (again.status, again.body["code"]) == (409, "already_disputed")
    reported = (await ledger.events())[-2:]
    assert [(one.name, one.data["object"].get("kind")) for one in reported] == [
        ("dispute.opened", None),
        ("note.created", "dispute"),
    ]


async def test_a_resolved_dispute_leaves_room_for_another(ledger: LedgerHarness) -> None:
    sale = await ledger.sale(await ledger.client(), issue=True)
    first = await ledger.ask(commands.OPEN_DISPUTE, {"sale_id": sale.id, "reason": "Too much"})
    resolve = ledger.command(commands.RESOLVE_DISPUTE, {"id": first.id, "resolution": "Credited"})
    reopen = ledger.command(commands.OPEN_DISPUTE, {"sale_id": sale.id, "reason": "Not all of it"})
    await ledger.handle(resolve, reopen)
    assert (await ledger.outcome(resolve.id)).body["resolution"] == "Credited"
    assert (await ledger.outcome(reopen.id)).status == 201
    assert "dispute.resolved" in await ledger.triggers()
    twice = await ledger.ask(commands.RESOLVE_DISPUTE, {"id": first.id})
    assert (twice.status, twice.body["code"]) == (409, "already_resolved")


@pytest.mark.parametrize(
    ("fields", "status"), [({"sale_type": "sales_order", "issue": True}, 422), ({"issue": False}, 409)]
)
async def test_only_an_issued_invoice_can_be_disputed(
    ledger: LedgerHarness, fields: dict[str, Any], status: int
) -> None:
    sale = await ledger.sale(await ledger.client(), **fields)
    assert (await ledger.ask(commands.OPEN_DISPUTE, {"sale_id": sale.id, "reason": "x"})).status == status
