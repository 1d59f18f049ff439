"""Messages to clients in the ledger: asked for with a job, sent only once that is confirmed, and reported once."""

from __future__ import annotations

import re
from typing import Any

import pytest

from contracts.reply_tokens import token_of
from contracts.wire.commands import CONFIRM_MESSAGE, SEND_SALE
from contracts.wire.envelope import Envelope
from contracts.wire.jobs import SendMessageJob
from tests.support.ledger import Answer, LedgerHarness


async def jobs(ledger: LedgerHarness) -> list[SendMessageJob]:
    rows = await ledger.owner.fetch(
        "SELECT body FROM ledger.outbox WHERE queue = 'executor.jobs' ORDER BY created_at, id"
    )
    return [SendMessageJob.model_validate(Envelope.decode(row["body"]).data) for row in rows]


async def a_sent_invoice(ledger: LedgerHarness, **given: Any) -> tuple[str, SendMessageJob]:
    """An invoice whose sending was asked for, and the job that hands it over."""
    client_id = await ledger.client(name="Ozola", email="aija@ozola.example", locale="fr")
    sale_id = (await ledger.sale(client_id, document_date="2026-03-02", date_due="2026-03-16")).id
    answer = await ledger.ask(SEND_SALE, {"id": sale_id} | given)
    assert answer.status == 200, answer
    assert answer.body["send_requested_at"] is not None
    (job,) = await jobs(ledger)
    return sale_id, job


async def confirm(ledger: LedgerHarness, job: SendMessageJob, outcome: str, **given: Any) -> Answer:
    data = {"message_id": str(job.message_id), "outcome": outcome} | given
    return await ledger.ask(CONFIRM_MESSAGE, data)


async def test_a_document_is_asked_to_go_to_its_client_in_the_clients_language(ledger: LedgerHarness) -> None:
    sale_id, job = await a_sent_invoice(ledger)
    number = (await ledger.row("sale", sale_id))["number"]
    assert (job.channel, job.to, job.subject) == ("email", ["aija@ozola.example"], f"Facture {number}")
    assert job.body == (
        f"Bonjour Ozola,\n\nveuillez trouver ci-joint : Facture {number}, 165.01 EUR. À payer avant le 2026-03-16.\n\n"
        f"Ref: {token_of(job.message_id)}\n"
    )
    assert [one.model_dump(mode="json") for one in job.attachments] == [{"kind": "sale_pdf", "sale_id": sale_id}]
    assert (await ledger.row("message", job.message_id))["state"] == "requested"


WHEN_TO_PAY = "It is due on 2026-03-16."


@pytest.mark.parametrize(
    ("kind", "says"), [("sales_order", [WHEN_TO_PAY]), ("sales_proforma", [WHEN_TO_PAY]), ("sales_estimate", [])]
)
async def test_a_mail_says_when_to_pay_where_the_document_asks_for_its_total(
    ledger: LedgerHarness, kind: str, says: list[str]
) -> None:
    client_id = await ledger.client(email="aija@ozola.example")
    sale = await ledger.sale(client_id, sale_type=kind, document_date="2026-03-02", date_due="2026-03-16")
    assert (await ledger.ask(SEND_SALE, {"id": sale.id})).status == 200
    (job,) = await jobs(ledger)
    assert re.findall(re.escape(WHEN_TO_PAY), job.body) == says


async def test_the_senders_own_words_and_address_win(ledger: LedgerHarness) -> None:
    _, job = await a_sent_invoice(ledger, to="accounts@ozola.example", subject="Yours", body="Here it is.")
    assert (job.to, job.subject) == (["accounts@ozola.example"], "Yours")
    assert job.body.startswith("Here it is.\n\nRef: LW-")


async def test_only_a_confirmed_hand_over_makes_it_sent_and_is_reported_once(ledger: LedgerHarness) -> None:
    sale_id, job = await a_sent_invoice(ledger)
    before = await ledger.triggers()
    reported = {"provider_message_id": "<1@books.example>", "detail": "250 Ok", "sender": "books@baltic.example"}
    assert (await confirm(ledger, job, "sent", **reported)).body == {"id": str(job.message_id), "state": "sent"}
    await confirm(ledger, job, "failed", detail="late news of another try")
    assert await ledger.triggers() == [*before, "message.created", "sale.sent"]
    message, sale = (await ledger.events())[-2:]
    shown = message.data["object"]
    assert (shown["state"], shown["from"], shown["to"]) == ("sent", "books@baltic.example", "aija@ozola.example")
    assert (shown["sale_ids"], shown["client"]["name"]) == ([sale_id], "Ozola")
    assert sale.data["object"]["id"] == sale_id


async def test_a_failure_is_kept_with_its_reason_and_reported_once(ledger: LedgerHarness) -> None:
    _, job = await a_sent_invoice(ledger)
    before = await ledger.triggers()
    await confirm(ledger, job, "failed", detail="550 5.1.1 no such user")
    await confirm(ledger, job, "failed", detail="550 5.1.1 no such user")
    row = await ledger.row("message", job.message_id)
    assert (row["state"], row["detail"], row["sent_at"]) == ("failed", "550 5.1.1 no such user", None)
    assert await ledger.triggers() == [*before, "message.failed"]


async def test_a_client_without_an_address_is_a_fault_that_names_the_remedy(ledger: LedgerHarness) -> None:
    sale_id = (await ledger.sale(await ledger.client())).id
    contents = await ledger.contents()
    refused = await ledger.ask(SEND_SALE, {"id": sale_id})
    assert (refused.status, refused.body["code"]) == (422, "invalid_input")
    assert refused.body["errors"] == [{"path": "to", "message": "is needed: the client has no email address"}]
    assert await ledger.contents() == contents


async def test_a_confirmation_of_no_message_is_not_found(ledger: LedgerHarness) -> None:
    _, job = await a_sent_invoice(ledger)
    answer = await ledger.ask(
        CONFIRM_MESSAGE, {"message_id": job.attachments[0].model_dump(mode="json")["sale_id"], "outcome": "sent"}
    )
    assert answer.status == 404
