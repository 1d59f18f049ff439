"""Entries balance, and undoing is the exact mirror."""

from __future__ import annotations

from typing import get_args
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.primitives.money import MINOR_MAX, MoneyOverflow
from ledger.journal.rules import (
    MIRRORS,
    Entry,
    EntryKind,
    Party,
    Posting,
    credit_note,
    issue,
    mirror,
    payment,
    refund,
    settle,
    write_off,
)

CLIENT, INVOICE, PAYMENT, NOTE = (UUID(int=number) for number in range(1, 5))
EUROS = Party(CLIENT, "EUR")


def booked(entry: Entry) -> list[tuple[str, UUID, int]]:
    return [(posting.account, posting.document_id, posting.amount_minor) for posting in entry.postings]


def test_issuing_debits_the_receivable_and_credits_revenue_and_tax() -> None:
    entry = issue(EUROS, INVOICE, net_minor=138_66, tax_minor=26_35)
    assert booked(entry) == [
        ("receivable", INVOICE, 165_01),
        ("revenue", INVOICE, -138_66),
        ("tax", INVOICE, -26_35),
    ]
    assert {(posting.client_id, posting.currency) for posting in entry.postings} == {(CLIENT, "EUR")}


def test_a_deposit_is_not_owed_any_more() -> None:
    entry = issue(EUROS, INVOICE, net_minor=100, tax_minor=0, deposit_minor=30)
    assert booked(entry) == [("receivable", INVOICE, 70), ("deposits", INVOICE, 30), ("revenue", INVOICE, -100)]


def test_an_invoice_of_nothing_books_nothing() -> None:
    assert issue(EUROS, INVOICE, net_minor=0, tax_minor=0).postings == ()


def test_a_credit_note_gives_the_client_something_to_spare() -> None:
    entry = credit_note(EUROS, NOTE, net_minor=100, tax_minor=19)
    assert booked(entry) == [("revenue", NOTE, 100), ("tax", NOTE, 19), ("unapplied", NOTE, -119)]


def test_a_payment_gives_the_client_something_to_spare() -> None:
    assert booked(payment(EUROS, PAYMENT, amount_minor=5)) == [("cash", PAYMENT, 5), ("unapplied", PAYMENT, -5)]


def test_settling_takes_it_from_the_source_and_off_the_invoice() -> None:
    entry = settle(EUROS, invoice_id=INVOICE, source_id=PAYMENT, amount_minor=5)
    assert booked(entry) == [("unapplied", PAYMENT, 5), ("receivable", INVOICE, -5)]


def test_a_refund_takes_it_from_the_source_and_the_cash() -> None:
    assert booked(refund(EUROS, NOTE, amount_minor=5)) == [("unapplied", NOTE, 5), ("cash", NOTE, -5)]


def test_a_write_off_turns_the_open_rest_into_bad_debt() -> None:
    assert booked(write_off(EUROS, INVOICE, open_minor=5)) == [("bad_debt", INVOICE, 5), ("receivable", INVOICE, -5)]


def test_every_kind_of_entry_has_one_that_undoes_it() -> None:
    assert set(MIRRORS) == set(get_args(EntryKind))
    assert all(MIRRORS[undo] == do for do, undo in MIRRORS.items())


def test_a_void_is_the_issue_the_other_way_round() -> None:
    void = mirror(issue(EUROS, INVOICE, net_minor=100, tax_minor=19))
    assert void.kind == "void"
    assert booked(void) == [("receivable", INVOICE, -119), ("revenue", INVOICE, 100), ("tax", INVOICE, 19)]


def test_an_entry_that_does_not_balance_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="sum to zero"):
        Entry("issue", (Posting("cash", CLIENT, PAYMENT, 1, "EUR"),))


def test_an_entry_has_one_currency() -> None:
    rows = (Posting("cash", CLIENT, PAYMENT, 1, "EUR"), Posting("unapplied", CLIENT, PAYMENT, -1, "USD"))
    with pytest.raises(ValueError, match="mixes currencies"):
        Entry("payment", rows)


def test_an_amount_below_zero_cannot_be_booked() -> None:
    with pytest.raises(ValueError, match="below 0"):
        payment(EUROS, PAYMENT, amount_minor=-1)
    with pytest.raises(ValueError, match="below 0"):
        issue(EUROS, INVOICE, net_minor=1, tax_minor=0, deposit_minor=2)


def test_an_amount_beyond_the_column_cannot_be_booked() -> None:
    with pytest.raises(MoneyOverflow):
        payment(EUROS, PAYMENT, amount_minor=MINOR_MAX + 1)


amounts = st.integers(0, 10**18)
parties = st.builds(Party, st.builds(uuid4), st.sampled_from(["EUR", "JPY", "KWD"]))
entries = st.one_of(
    st.builds(
        lambda party, net, tax, deposit: issue(
            party, INVOICE, net_minor=net, tax_minor=tax, deposit_minor=min(deposit, net + tax)
        ),
        parties,
        amounts,
        amounts,
        amounts,
    ),
    st.builds(
        lambda party, net, tax: credit_note(party, NOTE, net_minor=net, tax_minor=tax), parties, amounts, amounts
    ),
    st.builds(lambda party, amount: payment(party, PAYMENT, amount_minor=amount), parties, amounts),
    st.builds(
        lambda party, amount: settle(party, invoice_id=INVOICE, source_id=PAYMENT, amount_minor=amount),
        parties,
        amounts,
    ),
    st.builds(lambda party, amount: refund(party, PAYMENT, amount_minor=amount), parties, amounts),
    st.builds(lambda party, amount: write_off(party, INVOICE, open_minor=amount), parties, amounts),
)


@given(entries)
def test_every_entry_sums_to_zero_and_books_no_zeros(entry: Entry) -> None:
    assert sum(posting.amount_minor for posting in entry.postings) == 0
    assert all(posting.amount_minor for posting in entry.postings)


@given(entries)
def test_an_entry_and_its_mirror_leave_every_account_as_it_was(entry: Entry) -> None:
    balances: dict[tuple[str, UUID], int] = {}
    for posting in (*entry.postings, *mirror(entry).postings):
        key = (posting.account, posting.document_id)
        balances[key] = balances.get(key, 0) + posting.amount_minor
    assert not any(balances.values())


@given(entries)
def test_the_mirror_of_a_mirror_is_the_entry_itself(entry: Entry) -> None:
    assert mirror(mirror(entry)) == entry
