"""Disputed invoices in reminders: left out, or listed with a mark where the account wants that, never demanded."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from contracts.wire import commands
from templates.renderer import Renderer
from tests.support.collecting import Collecting, mail
from tests.support.ledger import LedgerHarness

DAY_AFTER = datetime(2026, 3, 17, 1, tzinfo=UTC)
LISTING = {
    "subject": "{{ count }} open",
    "body": "{% for one in invoices %}{{ one.number }}{% if one.disputed %} (disputed){% endif %}\n{% endfor %}"
    "{{ amount }}{% if disputed %}, without {{ disputed }}{% endif %}\n",
}


@pytest.fixture(scope="module")
async def renderer() -> AsyncIterator[Renderer]:
    one = Renderer()
    yield one
    await one.stop()


@pytest.fixture
def collecting(ledger: LedgerHarness, renderer: Renderer) -> Collecting:
    return Collecting(ledger, renderer)


async def choose(collecting: Collecting, choice: str) -> None:
    """Set what becomes of disputed invoices, and let the account be followed."""
    settings = f'{{"disputed_invoices": "{choice}"}}'
    await collecting.ledger.owner.execute("UPDATE ingress_api.account SET collections = $1::jsonb", settings)
    await collecting.ledger.ask(commands.FOLLOW_SETTINGS, {})


async def owing(collecting: Collecting, *steps: dict[str, Any]) -> tuple[str, str]:
    """A client with two invoices, the older one disputed; their ids: the one owed, the disputed one."""
    await collecting.collector(*(steps or (mail("P1D", template=LISTING, attach_pdf=True),)))
    client_id = await collecting.client()
    disputed, owed = await collecting.invoice(client_id, "2026-03-10"), await collecting.invoice(client_id)
    await dispute(collecting, disputed)
    return owed, disputed


async def dispute(collecting: Collecting, sale_id: str) -> str:
    return (await collecting.ledger.ask(commands.OPEN_DISPUTE, {"sale_id": sale_id, "reason": "Too much"})).id


async def number_of(collecting: Collecting, sale_id: str) -> str:
    return str((await collecting.ledger.row("sale", sale_id))["number"])


async def test_a_disputed_invoice_is_listed_last_with_its_mark_and_not_demanded(collecting: Collecting) -> None:
    await choose(collecting, "mark")
    owed, disputed = await owing(collecting)
    await collecting.at(DAY_AFTER)
    (job,) = await collecting.jobs()
    first, second = await number_of(collecting, owed), await number_of(collecting, disputed)
    assert job.body.startswith(f"{first}\n{second} (disputed)\n165.01 EUR, without 165.01 EUR\n")
    assert job.subject == "1 open"
    assert [one.model_dump(mode="json")["sale_id"] for one in job.attachments] == [owed]
    message = await collecting.ledger.row("message", job.message_id)
    assert [str(one) for one in message["sale_ids"]] == [owed, disputed]


@pytest.mark.parametrize("choice", ["leave_out", "mark"])
async def test_a_client_whose_invoices_are_all_disputed_is_not_reminded(collecting: Collecting, choice: str) -> None:
    await choose(collecting, choice)
    owed, _ = await owing(collecting)
    await dispute(collecting, owed)
    await collecting.at(DAY_AFTER)
    assert ((await collecting.case())["state"], await collecting.jobs()) == ("disputed", [])


async def test_a_text_that_does_not_mark_disputed_invoices_leaves_them_out(collecting: Collecting) -> None:
    await choose(collecting, "mark")
    owed, _ = await owing(collecting, mail("P1D"))
    await collecting.at(DAY_AFTER)
    (job,) = await collecting.jobs()
    message = await collecting.ledger.row("message", job.message_id)
    assert ([str(one) for one in message["sale_ids"]], job.subject) == ([owed], "1 open")


async def test_a_dispute_opened_or_resolved_before_a_mail_goes_has_it_written_anew(collecting: Collecting) -> None:
    await choose(collecting, "mark")
    owed, disputed = await owing(collecting)
    await collecting.at(DAY_AFTER)
    (first,) = await collecting.jobs()
    opened = await collecting.ledger.pool.fetchval("SELECT id FROM ledger.dispute WHERE sale_id::text = $1", disputed)
    await collecting.ledger.ask(commands.RESOLVE_DISPUTE, {"id": str(opened), "resolution": "rejected"})
    assert (await collecting.ledger.row("message", first.message_id))["state"] == "cancelled"
    await collecting.confirm(first, "cancelled")
    await collecting.after(minutes=1)
    second = (await collecting.jobs())[-1]
    assert "(disputed)" not in second.body
    await dispute(collecting, owed)
    await collecting.confirm(second, "cancelled")
    await collecting.after(minutes=1)
    third = (await collecting.jobs())[-1]
    assert f"{await number_of(collecting, owed)} (disputed)" in third.body


async def test_a_mail_that_lists_disputed_invoices_is_called_off_when_the_account_leaves_them_out(
    collecting: Collecting,
) -> None:
    await choose(collecting, "mark")
    owed, _ = await owing(collecting)
    await collecting.at(DAY_AFTER)
    (first,) = await collecting.jobs()
    await choose(collecting, "leave_out")
    assert (await collecting.ledger.row("message", first.message_id))["state"] == "cancelled"
    await collecting.confirm(first, "cancelled")
    await collecting.after(minutes=1)
    second = (await collecting.jobs())[-1]
    message = await collecting.ledger.row("message", second.message_id)
    assert ([str(one) for one in message["sale_ids"]], "(disputed)" in second.body) == ([owed], False)
