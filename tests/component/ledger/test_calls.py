"""Calls with clients: recorded with a note, and with the promise or the disputes that they bring."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contracts.primitives.ids import new_id
from contracts.wire import commands
from tests.support.ledger import Answer, LedgerHarness

IN_A_WEEK = (datetime.now(tz=UTC).date() + timedelta(days=7)).isoformat()


async def call(ledger: LedgerHarness, client_id: str, outcome: str, **given: Any) -> Answer:
    return await ledger.ask(commands.RECORD_CALL, {"client_id": client_id, "outcome": outcome} | given)


async def test_a_call_is_recorded_with_a_note(ledger: LedgerHarness) -> None:
    client_id = await ledger.client()
    made = await call(ledger, client_id, "left_message", note="Asked to call back")
    assert (made.status, made.body["outcome"], made.body["state"]) == (201, "left_message", "done")
    note, recorded = (await ledger.events())[-2:]
    assert (note.name, note.data["object"]["kind"], note.data["object"]["body"]) == (
        "note.created",
        "call",
        "Asked to call back",
    )
    assert (recorded.name, recorded.data["object"]) == ("call.recorded", made.body)


async def test_a_promise_made_in_a_call_is_recorded_as_one(ledger: LedgerHarness) -> None:
    client_id = await ledger.client()
    await ledger.sale(client_id)
    made = await call(ledger, client_id, "promised", promise={"date": IN_A_WEEK, "amount": "100.00"})
    row = await ledger.row("promise", made.body["promise_id"])
    assert (row["state"], row["amount_minor"], row["date"].isoformat()) == ("open", 10000, IN_A_WEEK)
    assert (await ledger.triggers())[-3:] == ["promise.recorded", "note.created", "call.recorded"]


async def test_without_a_date_of_its_own_a_promise_is_for_the_day_of_the_next_call(ledger: LedgerHarness) -> None:
    client_id = await ledger.client()
    await ledger.sale(client_id)
    made = await call(ledger, client_id, "promised", snooze_until=IN_A_WEEK)
    row = await ledger.row("promise", made.body["promise_id"])
    assert (row["amount_minor"], row["date"].isoformat()) == (16501, IN_A_WEEK)


async def test_a_dispute_raised_in_a_call_is_opened_for_each_invoice_that_has_none(ledger: LedgerHarness) -> None:
    client_id = await ledger.client()
    first, second = await ledger.sale(client_id), await ledger.sale(client_id)
    await ledger.ask(commands.OPEN_DISPUTE, {"sale_id": first.id, "reason": "Too much"})
    made = await call(ledger, client_id, "disputed", note="Not delivered")
    (opened,) = made.body["dispute_ids"]
    row = await ledger.row("dispute", opened)
    assert (str(row["sale_id"]), row["reason"], row["state"]) == (second.id, "Not delivered", "open")
    again = await call(ledger, client_id, "disputed")
    assert (again.status, again.body["code"]) == (409, "state_forbids")


async def test_a_dispute_is_opened_of_the_invoices_that_the_call_is_about(ledger: LedgerHarness) -> None:
    client_id, other = await ledger.client(), await ledger.client(name="Other")
    mine, _, anothers = await ledger.sale(client_id), await ledger.sale(client_id), await ledger.sale(other)
    made = await call(ledger, client_id, "disputed", sale_ids=[mine.id])
    assert [str((await ledger.row("dispute", one))["sale_id"]) for one in made.body["dispute_ids"]] == [mine.id]
    refused = await call(ledger, client_id, "disputed", sale_ids=[anothers.id])
    assert [fault["path"] for fault in refused.body["errors"]] == ["sale_ids[0]"]


@pytest.mark.parametrize(
    ("outcome", "given", "status"),
    [
        ("promised", {}, 422),
        ("spoke", {"promise": {"date": IN_A_WEEK}}, 422),
        ("spoke", {"snooze_until": "2020-01-01"}, 422),
        ("promised", {"promise": {"date": IN_A_WEEK}}, 409),
        ("hung_up", {}, 422),
    ],
)
async def test_what_cannot_be_is_refused_and_leaves_nothing(
    ledger: LedgerHarness, outcome: str, given: dict[str, Any], status: int
) -> None:
    client_id = await ledger.client()
    assert (await call(ledger, client_id, outcome, **given)).status == status
    assert await ledger.triggers() == ["client.created"]


async def test_an_unknown_client_is_named(ledger: LedgerHarness) -> None:
    assert (await call(ledger, str(new_id()), "spoke")).status == 404


async def test_a_call_that_is_reported_fires_alike(ledger: LedgerHarness) -> None:
    made = await call(ledger, await ledger.client(), "spoke", origin="external")
    assert made.body["origin"] == "external"
    assert (await ledger.events())[-2].data["object"]["origin"] == "external"
