"""Credit notes, receipts, write-offs and what is given back, on a real Postgres: amounts, journal, refusals."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from contracts.wire.commands import (
    ALLOCATE_CREDIT,
    ALLOCATE_PAYMENT,
    CONFIRM_PAYMENT,
    ISSUE_SALE,
    REFUND_CREDIT,
    REFUND_PAYMENT,
    REVERSE_PAYMENT,
    UNALLOCATE_CREDIT,
    UNALLOCATE_PAYMENT,
    UNREFUND_PAYMENT,
    VOID_SALE,
    WRITE_BACK_SALE,
    WRITE_OFF_SALE,
)
from tests.support.ledger import Answer, LedgerHarness, a_line


async def a_credit(ledger: LedgerHarness, client_id: str, amount: str, **fields: Any) -> Answer:
    return await ledger.sale(client_id, **({"sale_type": "credit_note", "lines": [a_line("1", amount)]} | fields))


async def test_a_credit_note_settles_what_is_open_of_its_invoice_and_keeps_the_rest(ledger: LedgerHarness) -> None:
    client_id = await ledger.client()
    sale = await ledger.sale(client_id)
    await ledger.pay(client_id, "100.00", (sale.id, "100.00"))

    note = await a_credit(ledger, client_id, "80.00", invoice_id=sale.id)

    assert (note.body["allocations"], note.body["unapplied"]) == ([{"sale_id": sale.id, "amount": "65.01"}], "14.99")
    row = await ledger.row("sale", sale.id)
    assert (row["settlement"], row["amount_due_minor"], row["credited_minor"]) == ("paid", 0, 8000)
    assert (await ledger.triggers())[-3:] == ["sale.created", "sale.posted", "sale.paid"]
    balances = (await ledger.row("client", client_id))["balances"]
    assert balances == [{"currency": "EUR", "receivable_minor": 0, "unapplied_minor": 1499}]


async def test_credit_notes_never_come_to_more_than_their_invoice_with_16_at_once(ledger: LedgerHarness) -> None:
    client_id = await ledger.client()
    sale = await ledger.sale(client_id, lines=[a_line("1", "100")])
    drafts = [await a_credit(ledger, client_id, "15.00", invoice_id=sale.id, issue=False) for _ in range(16)]
    commands = [ledger.command(ISSUE_SALE, {"id": draft.id}) for draft in drafts]

    await asyncio.gather(*(ledger.handle(command) for command in commands))

    answers = [await ledger.outcome(command.id) for command in commands]
    assert sorted(answer.status for answer in answers) == [200] * 6 + [409] * 10
    assert {answer.body.get("code") for answer in answers if answer.status == 409} == {"over_creditable"}
    assert (await ledger.row("sale", sale.id))["credited_minor"] == 9000


async def test_a_credit_note_is_void_only_when_nothing_of_it_is_applied(ledger: LedgerHarness) -> None:
    client_id = await ledger.client()
    sale = await ledger.sale(client_id)
    note = await a_credit(ledger, client_id, "10.00", invoice_id=sale.id)

    applied = await ledger.ask(VOID_SALE, {"id": note.id})
    credited = await ledger.ask(VOID_SALE, {"id": sale.id})
    await ledger.ask(UNALLOCATE_CREDIT, {"id": note.id})
    free = await ledger.ask(VOID_SALE, {"id": note.id})
    both = await ledger.ask(VOID_SALE, {"id": sale.id})

    assert [(answer.status, answer.body["code"]) for answer in (applied, credited)] == [
        (409, "credit_applied"),
        (409, "has_settlements"),
    ]
    assert [answer.status for answer in (free, both)] == [200, 200]
    assert not any((await ledger.balances()).values())
    assert (await ledger.row("sale", sale.id))["credited_minor"] == 0


async def test_a_credit_that_stands_alone_is_applied_and_refunded_by_choice(ledger: LedgerHarness) -> None:
    client_id = await ledger.client()
    sale, note = await ledger.sale(client_id), await a_credit(ledger, client_id, "50.00")

    used = await ledger.ask(ALLOCATE_CREDIT, {"id": note.id, "allocations": [{"sale_id": sale.id, "amount": "20.00"}]})
    over = await ledger.ask(REFUND_CREDIT, {"id": note.id, "amount": "30.01"})
    back = await ledger.ask(REFUND_CREDIT, {"id": note.id, "reference": "By bank"})
    empty = await ledger.ask(REFUND_CREDIT, {"id": note.id})

    assert (used.body["unapplied"], used.body["settlement"]) == ("30.00", None)
    assert (over.status, over.body["errors"][0]["message"]) == (422, "exceeds what is left of it: 30.00")
    assert [(one["amount"], one["reference"]) for one in back.body["refunds"]] == [("30.00", "By bank")]
    assert (empty.status, empty.body["code"]) == (409, "nothing_unapplied")
    assert (await ledger.balances())["cash"] == -3000


@pytest.mark.parametrize(
    ("fields", "status", "path"),
    [
        ({"sale_type": "sales_invoice"}, 422, ""),
        ({"currency": "USD"}, 422, "currency"),
        ({"deposit": "1.00"}, 422, "deposit"),
    ],
)
async def test_a_credit_note_that_does_not_fit_its_invoice_is_refused(
    ledger: LedgerHarness, fields: dict[str, Any], status: int, path: str
) -> None:
    client_id = await ledger.client()
    sale = await ledger.sale(client_id)
    before = await ledger.contents()

    answer = await a_credit(ledger, client_id, "1.00", **({"invoice_id": sale.id} | fields))

    assert (answer.status, answer.body["errors"][0]["path"]) == (status, path)
    assert await ledger.contents() == before


async def test_only_an_issued_invoice_of_the_same_client_is_credited(ledger: LedgerHarness) -> None:
    client_id, other = await ledger.client(), await ledger.client(name="Other")
    draft, quote = [
        await ledger.sale(client_id, **fields) for fields in ({"issue": False}, {"sale_type": "sales_estimate"})
    ]
    issued = await ledger.sale(client_id)

    answers = [await a_credit(ledger, client_id, "1", invoice_id=sale.id) for sale in (draft, quote)]
    answers.append(await a_credit(ledger, other, "1", invoice_id=issued.id))

    assert [answer.status for answer in answers] == [409, 422, 422]
    assert {answer.body["errors"][0]["path"] for answer in answers} == {"invoice_id"}


async def test_a_credit_note_takes_the_currency_of_its_invoice(ledger: LedgerHarness) -> None:
    client_id = await ledger.client()
    sale = await ledger.sale(client_id, currency="JPY", lines=[a_line("1", "500")])

    note = await a_credit(ledger, client_id, "100", invoice_id=sale.id, currency=None)

    assert (note.body["currency"], note.body["total"]) == ("JPY", "100")


async def test_a_receipt_is_issued_once_from_a_confirmed_payment_that_covers_it(ledger: LedgerHarness) -> None:
    client_id = await ledger.client()
    pending = await ledger.pay(client_id, "165.01", status="pending")
    receipt: dict[str, Any] = {"sale_type": "sales_receipt", "payment_id": pending.id}

    early = await ledger.sale(client_id, **receipt)
    await ledger.ask(CONFIRM_PAYMENT, {"id": pending.id})
    large = await ledger.sale(client_id, **receipt, lines=[a_line("1", "165.02")])
    fits = await ledger.sale(client_id, **receipt)
    again = await ledger.sale(client_id, **receipt)

    assert [(answer.status, answer.body.get("code")) for answer in (early, large, fits, again)] == [
        (409, "no_confirmed_payment"),
        (422, "invalid_input"),
        (201, None),
        (409, "has_receipt"),
    ]
    reversed_ = await ledger.ask(REVERSE_PAYMENT, {"id": pending.id, "reason": "Bounced"})
    assert reversed_.body["receipt_id"] is None
    assert (await ledger.row("sale", fits.id))["status"] == "void"
    assert (await ledger.triggers())[-2:] == ["payment.reversed", "sale.voided"]


async def test_a_reversal_opens_every_invoice_again_and_mirrors_each_entry(ledger: LedgerHarness) -> None:
    client_id = await ledger.client()
    sales = [await ledger.sale(client_id) for _ in range(3)]
    payment = await ledger.pay(client_id, "400.00", *((sale.id, "100.00") for sale in sales), date="2026-03-10")

    answer = await ledger.ask(REVERSE_PAYMENT, {"id": payment.id, "date": "2026-03-12"})

    assert (answer.body["status"], answer.body["allocations"], answer.body["unapplied"]) == ("reversed", [], "0.00")
    assert {(await ledger.row("sale", sale.id))["amount_due_minor"] for sale in sales} == {16501}
    kept = {name: minor for name, minor in (await ledger.balances()).items() if minor}
    assert kept == {"receivable": 3 * 16501, "revenue": -3 * 13866, "tax": -3 * 2635}
    mirrors = await ledger.owner.fetch(
        "SELECT e.kind, e.booked_on, m.booked_on AS before"
        " FROM ledger.entry e JOIN ledger.entry m ON m.id = e.reversal_of"
    )
    assert sorted(row["kind"] for row in mirrors) == ["reverse", "unsettle", "unsettle", "unsettle"]
    assert all(row["booked_on"] >= row["before"] for row in mirrors)


async def test_what_is_undone_is_not_booked_before_what_it_undoes(ledger: LedgerHarness) -> None:
    client_id = await ledger.client()
    payment = await ledger.pay(client_id, "10.00", date="2026-03-10")
    later = await ledger.pay(client_id, "10.00", date="2036-01-01")

    early = await ledger.ask(REVERSE_PAYMENT, {"id": payment.id, "date": "2026-03-09"})
    await ledger.ask(REVERSE_PAYMENT, {"id": later.id})

    assert (early.status, early.body["errors"][0]["path"]) == (422, "date")
    days = await ledger.owner.fetch("SELECT booked_on FROM ledger.entry WHERE kind = 'reverse'")
    assert [row["booked_on"].isoformat() for row in days] == ["2036-01-01"]


async def test_16_allocators_at_once_stay_within_the_payment_and_the_invoice(ledger: LedgerHarness) -> None:
    client_id = await ledger.client()
    sale = await ledger.sale(client_id, lines=[a_line("1", "100")])
    payments = [await ledger.pay(client_id, "25.00") for _ in range(2)]
    part = {"allocations": [{"sale_id": sale.id, "amount": "10.00"}]}
    commands = [ledger.command(ALLOCATE_PAYMENT, {"id": payment.id} | part) for payment in payments for _ in range(8)]

    await asyncio.gather(*(ledger.handle(command) for command in commands))

    statuses = [(await ledger.outcome(command.id)).status for command in commands]
    assert (statuses[:8].count(200), statuses[8:].count(200)) == (2, 2)
    assert (await ledger.row("sale", sale.id))["settled_minor"] == 4000
    assert {(await ledger.row("payment", payment.id))["unapplied_minor"] for payment in payments} == {500}


async def test_what_is_longest_due_is_settled_first_when_that_is_asked_for(ledger: LedgerHarness) -> None:
    client_id, other = await ledger.client(), await ledger.client(name="Other")
    late = await ledger.sale(client_id, document_date="2026-01-01", date_due="2026-03-01")
    early = await ledger.sale(client_id, document_date="2026-02-01", date_due="2026-02-01")
    never = await ledger.sale(client_id, document_date="2026-01-01", pay_term={"type": 4})
    foreign = [await ledger.sale(other), await ledger.sale(client_id, currency="USD")]
    payment = await ledger.pay(client_id, "400.00")

    answer = await ledger.ask(ALLOCATE_PAYMENT, {"id": payment.id, "oldest_first": True})
    again = await ledger.ask(ALLOCATE_PAYMENT, {"id": payment.id, "oldest_first": True})
    spare = await ledger.pay(other, "165.01", (foreign[0].id, "100.00"))
    both = await ledger.ask(ALLOCATE_PAYMENT, {"id": spare.id})

    assert [(one["sale_id"], one["amount"]) for one in answer.body["allocations"]] == [
        (early.id, "165.01"),
        (late.id, "165.01"),
        (never.id, "69.98"),
    ]
    assert (again.status, both.status) == (409, 422)
    assert {(await ledger.row("sale", sale.id))["settlement"] for sale in foreign} == {"partial", "unpaid"}


async def test_a_payment_is_taken_off_one_invoice_and_stays_on_the_other(ledger: LedgerHarness) -> None:
    client_id = await ledger.client()
    one, other = await ledger.sale(client_id), await ledger.sale(client_id)
    payment = await ledger.pay(client_id, "20.00", (one.id, "5.00"), (other.id, "5.00"))
    more = [{"sale_id": one.id, "amount": "2.00"}]
    await ledger.ask(ALLOCATE_PAYMENT, {"id": payment.id, "allocations": more})

    answer = await ledger.ask(UNALLOCATE_PAYMENT, {"id": payment.id, "sale_ids": [one.id]})
    again = await ledger.ask(UNALLOCATE_PAYMENT, {"id": payment.id, "sale_ids": [one.id]})

    assert (answer.body["allocations"], answer.body["unapplied"]) == (
        [{"sale_id": other.id, "amount": "5.00"}],
        "15.00",
    )
    assert (again.status, again.body["errors"][0]["path"]) == (422, "sale_ids[0]")


async def test_a_refund_that_did_not_take_place_is_taken_back_once(ledger: LedgerHarness) -> None:
    payment = await ledger.pay(await ledger.client(), "20.00")
    refunded = await ledger.ask(REFUND_PAYMENT, {"id": payment.id, "amount": "5.00"})
    ctx = {"id": payment.id, "refund_id": refunded.body["refunds"][0]["id"]}

    back, again = [await ledger.ask(UNREFUND_PAYMENT, ctx) for _ in range(2)]

    assert (back.body["refunds"], back.body["unapplied"]) == ([], "20.00")
    assert (again.status, again.body["errors"][0]["path"]) == (404, "refund_id")


async def test_a_reversal_reaches_an_invoice_that_is_written_off(ledger: LedgerHarness) -> None:
    client_id = await ledger.client()
    sale = await ledger.sale(client_id)
    payment = await ledger.pay(client_id, "65.01", (sale.id, "65.01"))
    off = await ledger.ask(WRITE_OFF_SALE, {"id": sale.id})
    assert (off.body["amount_due"], (await ledger.balances())["bad_debt"]) == ("0.00", 10000)

    await ledger.ask(REVERSE_PAYMENT, {"id": payment.id})
    reopened = await ledger.row("sale", sale.id)
    back = await ledger.ask(WRITE_BACK_SALE, {"id": sale.id})

    assert (reopened["status"], reopened["amount_due_minor"]) == ("written_off", 6501)
    assert (back.body["status"], back.body["amount_due"]) == ("issued", "165.01")
    assert {name: minor for name, minor in (await ledger.balances()).items() if minor} == {
        "receivable": 16501,
        "revenue": -13866,
        "tax": -2635,
    }
