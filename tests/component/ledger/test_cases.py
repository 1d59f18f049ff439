"""Collection cases: what is sent when, what holds it back, and what a person does about it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from contracts.wire import commands
from templates.renderer import Renderer
from tests.component.ledger.test_received_messages import a_reply
from tests.support.collecting import Collecting, mail
from tests.support.ledger import LedgerHarness

DUE = datetime(2026, 3, 16, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
async def renderer() -> AsyncIterator[Renderer]:
    one = Renderer()
    yield one
    await one.stop()


@pytest.fixture
def collecting(ledger: LedgerHarness, renderer: Renderer) -> Collecting:
    return Collecting(ledger, renderer)


async def test_a_reminder_goes_out_on_its_day_with_what_is_open(collecting: Collecting) -> None:
    await collecting.collector(mail("P3D", attach_pdf=True, cc=["boss@ozola.example"]), mail("P10D"))
    client_id = await collecting.client()
    sale_id = await collecting.invoice(client_id)
    await collecting.decide()
    case = await collecting.case()
    assert (case["state"], case["next_at"], case["open_minor"]) == (
        "scheduled", datetime(2026, 3, 19, tzinfo=UTC), 16501,
    )  # fmt: skip
    await collecting.at(datetime(2026, 3, 18, 23, 59, tzinfo=UTC))
    assert await collecting.jobs() == []
    await collecting.at(datetime(2026, 3, 19, tzinfo=UTC))
    (job,) = await collecting.jobs()
    assert (job.to, job.cc, job.subject) == (["aija@ozola.example"], ["boss@ozola.example"], "1 open")
    assert job.body.startswith("Dear Aija, 165.01 EUR is open.\n\nRef: LW-")
    assert [one.model_dump(mode="json") for one in job.attachments] == [{"kind": "sale_pdf", "sale_id": sale_id}]
    message = await collecting.ledger.row("message", job.message_id)
    assert (message["state"], message["body"], [str(one) for one in message["sale_ids"]]) == (
        "requested", job.body, [sale_id],
    )  # fmt: skip
    case = await collecting.case()
    assert (case["last_step"], case["next_step"], case["overdue_minor"]) == (0, 1, 16501)


async def test_the_next_reminder_joins_the_thread_of_the_first(collecting: Collecting) -> None:
    await collecting.collector(mail("P1D"), mail("P5D"))
    await collecting.invoice(await collecting.client())
    await collecting.decide()
    await collecting.at(datetime(2026, 3, 17, 1, tzinfo=UTC))
    await collecting.at(datetime(2026, 3, 21, 1, tzinfo=UTC))
    first, second = await collecting.jobs()
    assert (first.in_reply_to, second.in_reply_to) == (None, f"<{first.message_id}@books.example>")


async def test_one_message_for_all_open_invoices_and_none_for_what_is_disputed(collecting: Collecting) -> None:
    await collecting.collector(mail("P1D"))
    client_id = await collecting.client()
    first, second, disputed = [await collecting.invoice(client_id) for _ in range(3)]
    await collecting.ledger.ask(commands.OPEN_DISPUTE, {"sale_id": disputed, "reason": "Too much"})
    await collecting.decide()
    await collecting.at(datetime(2026, 3, 17, 1, tzinfo=UTC))
    (job,) = await collecting.jobs()
    message = await collecting.ledger.row("message", job.message_id)
    assert {str(one) for one in message["sale_ids"]} == {first, second}
    assert "330.02 EUR" in job.body


async def test_an_invoice_by_itself_has_a_case_of_its_own(collecting: Collecting) -> None:
    await collecting.collector(mail("P1D"), kind="invoice")
    client_id = await collecting.client()
    await collecting.invoice(client_id)
    await collecting.invoice(client_id, "2026-04-01")
    await collecting.decide()
    assert len(await collecting.cases()) == 2
    await collecting.at(datetime(2026, 3, 17, 1, tzinfo=UTC))
    await collecting.at(datetime(2026, 4, 2, 1, tzinfo=UTC))
    assert [job.body.partition(".\n")[0] for job in await collecting.jobs()] == ["Dear Aija, 165.01 EUR is open"] * 2


async def test_missed_steps_are_made_up_for_by_the_latest(collecting: Collecting) -> None:
    await collecting.collector(mail("P1D"), mail("P5D"), mail("P9D"), mail("P30D"))
    await collecting.invoice(await collecting.client(), "2025-12-01", document_date="2025-11-01")
    await collecting.at(datetime(2025, 12, 12, tzinfo=UTC))
    await collecting.after(hours=1)
    assert len(await collecting.jobs()) == 1
    case = await collecting.case()
    assert (case["last_step"], case["next_step"]) == (2, 3)
    steps = await collecting.ledger.owner.fetch("SELECT step, state FROM ledger.collection_step ORDER BY step")
    assert [tuple(one) for one in steps] == [(0, "skipped"), (1, "skipped"), (2, "taken")]


async def test_a_paid_invoice_settles_its_case_and_the_next_one_begins_anew(collecting: Collecting) -> None:
    await collecting.collector(mail("P1D"))
    client_id = await collecting.client()
    sale_id = await collecting.invoice(client_id)
    await collecting.at(datetime(2026, 3, 17, 1, tzinfo=UTC))
    await collecting.ledger.pay(client_id, "165.01", (sale_id, "165.01"))
    await collecting.decide()
    case = await collecting.case()
    assert (case["state"], case["open_minor"], case["cycle"]) == ("settled", 0, 1)
    await collecting.invoice(client_id, "2026-05-04")
    await collecting.decide()
    await collecting.at(datetime(2026, 5, 5, 1, tzinfo=UTC))
    assert (await collecting.case())["cycle"] == 2
    assert len(await collecting.jobs()) == 2


async def test_a_payment_calls_off_the_reminder_that_was_queued(collecting: Collecting) -> None:
    await collecting.collector(mail("P1D"))
    client_id = await collecting.client()
    paid, open_ = await collecting.invoice(client_id), await collecting.invoice(client_id)
    await collecting.at(datetime(2026, 3, 17, 1, tzinfo=UTC))
    (job,) = await collecting.jobs()
    await collecting.ledger.pay(client_id, "165.01", (paid, "165.01"))
    assert (await collecting.ledger.row("message", job.message_id))["state"] == "cancelled"
    await collecting.decide()
    assert len(await collecting.jobs()) == 1
    await collecting.confirm(job, "cancelled")
    await collecting.decide()
    _, again = await collecting.jobs()
    message = await collecting.ledger.row("message", again.message_id)
    assert [str(one) for one in message["sale_ids"]] == [open_]


async def test_one_that_went_all_the_same_is_sent_and_its_step_is_not_taken_again(collecting: Collecting) -> None:
    await collecting.collector(mail("P1D"))
    client_id = await collecting.client()
    paid, _ = await collecting.invoice(client_id), await collecting.invoice(client_id)
    await collecting.at(datetime(2026, 3, 17, 1, tzinfo=UTC))
    (job,) = await collecting.jobs()
    await collecting.ledger.pay(client_id, "165.01", (paid, "165.01"))
    await collecting.confirm(job, "sent")
    await collecting.decide()
    assert (await collecting.ledger.row("message", job.message_id))["state"] == "sent"
    assert (await collecting.ledger.triggers()).count("message.created") == 1
    assert len(await collecting.jobs()) == 1


@pytest.mark.parametrize(
    ("command", "data", "state"),
    [
        (commands.PAUSE_CASE, {"reason": "On holiday"}, "paused"),
        (commands.PAUSE_CASE, {"until": "2126-04-01T00:00:00Z"}, "paused"),
        (commands.SNOOZE_CASE, {"until": "2126-04-01T00:00:00Z"}, "paused"),
        (commands.MUTE_CASE, {"reason": "With a court"}, "muted"),
    ],
)
async def test_what_a_person_holds_back_is_not_sent(
    collecting: Collecting, command: str, data: dict[str, str], state: str
) -> None:
    await collecting.collector(mail("P1D"))
    await collecting.invoice(await collecting.client())
    await collecting.decide()
    held = await collecting.act(command, **data)
    assert (held.status, held.body["state"]) == (200, state)
    assert held.body["reason"]
    await collecting.at(datetime(2026, 3, 20, tzinfo=UTC))
    assert await collecting.jobs() == []
    release = commands.UNMUTE_CASE if state == "muted" else commands.RESUME_CASE
    assert (await collecting.act(release)).status == 200
    await collecting.decide()
    assert len(await collecting.jobs()) == 1


async def test_a_manual_step_waits_for_a_person_who_sends_or_skips_it(collecting: Collecting) -> None:
    await collecting.collector(mail("P1D", automatic=False), mail("P5D", automatic=False))
    await collecting.invoice(await collecting.client())
    await collecting.at(datetime(2026, 3, 17, 1, tzinfo=UTC))
    case = await collecting.case()
    assert (case["state"], case["reason"]) == ("pending", "a manual step is due")
    assert await collecting.jobs() == []
    assert (await collecting.act(commands.SEND_CASE_STEP)).status == 200
    await collecting.decide()
    assert len(await collecting.jobs()) == 1
    await collecting.at(datetime(2026, 3, 21, 1, tzinfo=UTC))
    skipped = await collecting.act(commands.SKIP_CASE_STEP)
    assert skipped.body["state"] == "idle"
    await collecting.decide()
    assert len(await collecting.jobs()) == 1


async def test_a_client_without_an_address_waits_and_goes_on_with_one(collecting: Collecting) -> None:
    await collecting.collector(mail("P1D"))
    client_id = await collecting.ledger.client()
    await collecting.invoice(client_id)
    await collecting.at(datetime(2026, 3, 17, 1, tzinfo=UTC))
    assert (await collecting.case())["reason"] == "the client has no address for email"
    assert (await collecting.act(commands.SEND_CASE_STEP)).status == 409
    await collecting.ledger.ask(commands.UPDATE_CLIENT, {"id": client_id, "email": "a@b.example"})
    await collecting.decide()
    assert len(await collecting.jobs()) == 1


async def test_an_empty_variable_waits_for_a_person_instead_of_a_mail_without_a_name(
    collecting: Collecting,
) -> None:
    bare = {"subject": "Open", "body": "Dear {{ client.first_name }},"}
    await collecting.collector(mail("P1D", template=bare))
    await collecting.invoice(await collecting.client(first_name=None))
    await collecting.at(datetime(2026, 3, 17, 1, tzinfo=UTC))
    case = await collecting.case()
    assert case["state"] == "pending"
    assert "client.first_name }} is empty" in case["reason"]
    assert await collecting.jobs() == []


async def test_the_language_is_the_clients(collecting: Collecting) -> None:
    both = {"en": {"subject": "Open", "body": "Hello"}, "fr": {"subject": "À payer", "body": "Bonjour"}}
    await collecting.collector(mail("P1D", template=both))
    await collecting.invoice(await collecting.client(locale="fr-CA"))
    await collecting.at(datetime(2026, 3, 17, 1, tzinfo=UTC))
    assert [job.subject for job in await collecting.jobs()] == ["À payer"]


async def test_every_client_that_owes_has_a_case_with_what_comes_next_or_why_nothing_does(
    collecting: Collecting,
) -> None:
    await collecting.collector(mail("P1D"))
    for _ in range(3):
        await collecting.invoice(await collecting.client())
    await collecting.at(datetime(2026, 3, 17, 1, tzinfo=UTC))
    assert [(one["state"], one["reason"], one["ends"]) for one in await collecting.cases()] == [
        ("idle", "no step is left", "move it to another collector, or record a payment")
    ] * 3


async def test_two_schedulers_and_one_that_repeats_take_each_step_once(collecting: Collecting) -> None:
    await collecting.collector(mail("P1D"), mail("P2D"))
    for _ in range(5):
        await collecting.invoice(await collecting.client())
    first, second = collecting.scheduler(), collecting.scheduler()
    await collecting.at(datetime(2026, 3, 17, 1, tzinfo=UTC))
    for day in (18, 17, 18):
        collecting.now = datetime(2026, 3, day, 1, tzinfo=UTC)
        await collecting.ledger.owner.execute("UPDATE ledger.collected_client SET due_at = $1", collecting.now)
        await first.decide_due()
        await collecting.ledger.owner.execute("UPDATE ledger.collected_client SET due_at = $1", collecting.now)
        await second.decide_due()
    assert len(await collecting.jobs()) == 10


async def test_the_send_window_of_the_account_is_kept(collecting: Collecting) -> None:
    await collecting.ledger.add_account(collecting.ledger.account_id, time_zone="Europe/Riga")
    await collecting.ledger.owner.execute(
        "UPDATE ingress_api.account SET collections = $1::jsonb",
        '{"send_window": {"opens": "09:00", "closes": "17:00", "weekdays": [1, 2, 3, 4, 5],'
        ' "holidays": ["2026-03-17"]}}',
    )
    await collecting.collector(mail("P1D"))
    await collecting.invoice(await collecting.client())
    await collecting.at(datetime(2026, 3, 16, 23, tzinfo=UTC))
    assert (await collecting.case())["next_at"] == datetime(2026, 3, 18, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("settings", "settled", "thanks"),
    [('{"thank_you": true}', "paid", 1), ('{"thank_you": true}', "voided", 0), ("{}", "paid", 0)],
)
async def test_who_paid_what_they_were_reminded_of_is_thanked_where_that_is_wanted(
    collecting: Collecting, settings: str, settled: str, thanks: int
) -> None:
    await collecting.ledger.owner.execute("UPDATE ingress_api.account SET collections = $1::jsonb", settings)
    await collecting.collector(mail("P1D"))
    client_id = await collecting.client(locale="fr")
    sale_id = await collecting.invoice(client_id)
    await collecting.at(datetime(2026, 3, 17, 1, tzinfo=UTC))
    if settled == "voided":
        await collecting.ledger.ask(commands.VOID_SALE, {"id": sale_id, "reason": "Wrong", "date": None})
    else:
        await collecting.ledger.pay(client_id, "165.01", (sale_id, "165.01"))
    await collecting.decide()
    assert [job.subject for job in (await collecting.jobs())[1:]] == ["Merci de votre paiement"] * thanks


async def test_a_client_whose_credit_covers_what_is_overdue_is_not_reminded_and_the_case_says_why(
    collecting: Collecting,
) -> None:
    await collecting.collector(mail("P1D"))
    client_id = await collecting.client()
    await collecting.invoice(client_id)
    await collecting.invoice(client_id, "2026-04-01")
    await collecting.ledger.pay(client_id, "200.00")
    await collecting.at(datetime(2026, 3, 20, tzinfo=UTC))
    case = await collecting.case()
    assert (case["state"], case["reason"], case["ends"], case["ends_at"]) == (
        "pending",
        "the client's unallocated credit covers all that is overdue",
        "allocate or refund the credit",
        datetime(2026, 4, 2, tzinfo=UTC),
    )
    assert await collecting.jobs() == []
    await collecting.at(datetime(2026, 4, 2, tzinfo=UTC))
    assert len(await collecting.jobs()) == 1


async def test_an_unallocated_payment_calls_off_the_reminder_that_was_queued(collecting: Collecting) -> None:
    await collecting.collector(mail("P1D"))
    client_id = await collecting.client()
    await collecting.invoice(client_id)
    await collecting.at(datetime(2026, 3, 17, 1, tzinfo=UTC))
    (job,) = await collecting.jobs()
    await collecting.ledger.pay(client_id, "165.01")
    assert (await collecting.ledger.row("message", job.message_id))["state"] == "cancelled"


async def test_a_credit_that_is_too_small_holds_nothing_back(collecting: Collecting) -> None:
    await collecting.collector(mail("P1D"))
    client_id = await collecting.client()
    await collecting.invoice(client_id)
    await collecting.ledger.pay(client_id, "165.00")
    await collecting.at(datetime(2026, 3, 17, 1, tzinfo=UTC))
    assert len(await collecting.jobs()) == 1


async def test_a_new_version_is_that_of_cases_under_way_where_it_is_applied_to_them(collecting: Collecting) -> None:
    collector_id = await collecting.collector(mail("P1D"), mail("P30D"))
    await collecting.invoice(await collecting.client())
    await collecting.at(datetime(2026, 3, 17, 1, tzinfo=UTC))
    change = {"id": collector_id, "name": "Strict", "steps": [mail("P1D"), mail("P5D"), mail("P30D")]}
    await collecting.ledger.ask(commands.UPDATE_COLLECTOR, change)
    await collecting.at(datetime(2026, 3, 21, 1, tzinfo=UTC))
    assert ((await collecting.case())["version"], len(await collecting.jobs())) == (1, 1)
    await collecting.ledger.ask(commands.UPDATE_COLLECTOR, change | {"apply_to_active": True})
    await collecting.decide()
    assert ((await collecting.case())["version"], len(await collecting.jobs())) == (3, 2)


async def test_the_contact_interval_holds_the_next_reminder_after_what_a_person_sent(collecting: Collecting) -> None:
    await collecting.ledger.owner.execute(
        "UPDATE ingress_api.account SET collections = $1::jsonb", '{"min_contact_interval": "P7D"}'
    )
    await collecting.collector(mail("P1D"))
    client_id = await collecting.client()
    await collecting.invoice(client_id)
    by_hand = {"client_id": client_id, "channel": "email", "subject": "Hello", "body": "Please pay"}
    await collecting.ledger.ask(commands.REQUEST_MESSAGE, by_hand)
    sent_at = await collecting.ledger.owner.fetchval("SELECT created_at FROM ledger.message")
    await collecting.at(sent_at + timedelta(days=6))
    assert (await collecting.case())["next_at"] == sent_at + timedelta(days=7)
    await collecting.at(sent_at + timedelta(days=7))
    assert len(await collecting.jobs()) == 2


async def test_an_address_of_several_clients_that_returns_mails_holds_all_of_them_until_it_takes_one(
    collecting: Collecting,
) -> None:
    await collecting.collector(mail("P3D", automatic=False))
    for _ in range(2):
        await collecting.invoice(await collecting.client(email="office@ozola.example"))
    await collecting.at(datetime(2026, 3, 20, 9, 0, tzinfo=UTC))
    assert await _reasons(collecting) == ["a manual step is due"] * 2
    gone = {"address": "Office@ozola.example", "reason": "5.1.1 no such user", "permanent": True}
    await collecting.ledger.ask(commands.RECEIVE_MESSAGE, a_reply(automatic="bounce", undelivered=[gone]))
    await _decide_due(collecting)
    assert await _reasons(collecting) == ["the client has no address for email"] * 2
    first = (await collecting.cases())[0]["client_id"]
    by_hand = {"client_id": str(first), "channel": "email", "subject": "Hello", "body": "Are you there?"}
    message = await collecting.ledger.ask(commands.REQUEST_MESSAGE, by_hand)
    assert message.status == 201, message
    await collecting.ledger.ask(commands.CONFIRM_MESSAGE, {"message_id": message.id, "outcome": "sent"})
    await _decide_due(collecting)
    assert await _reasons(collecting) == ["a manual step is due"] * 2


async def _decide_due(collecting: Collecting) -> None:
    """Decide on the clients that something has made due, and on no other."""
    collecting.now = datetime.now(tz=UTC) + timedelta(minutes=5)
    while await collecting.schedulers[0].decide_due():
        pass


async def _reasons(collecting: Collecting) -> list[str]:
    return [one["reason"] for one in await collecting.cases()]
