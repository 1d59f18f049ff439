"""Allocations: what a payment or credit note may settle."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.command_errors import InvalidInput, StateForbids
from ledger.payments.allocate import Allocated, Allocation, Owed, Source, allocate, oldest_first

CLIENT = UUID(int=1)


def a_source(unapplied_minor: int = 100) -> Source:
    return Source(UUID(int=9), CLIENT, "EUR", unapplied_minor)


def an_invoice(number: int = 10, open_minor: int = 100, **facts: Any) -> Owed:
    return replace(Owed(UUID(int=number), CLIENT, "EUR", "issued", open_minor), **facts)


def ctx(*amounts: int) -> list[Allocation]:
    return [Allocation(UUID(int=10 + index), amount) for index, amount in enumerate(amounts)]


def tried(source: Source, wanted: list[Allocation], *invoices: Owed) -> Allocated:
    return allocate(source, wanted, {invoice.id: invoice for invoice in invoices})


def test_what_is_allocated_settles_and_the_rest_stays_unapplied() -> None:
    done = tried(a_source(100), ctx(30, 50), an_invoice(10), an_invoice(11))
    assert (done.allocations, done.unapplied_minor) == (tuple(ctx(30, 50)), 20)


def test_an_overpayment_with_nothing_asked_stays_unapplied() -> None:
    assert tried(a_source(100), []).unapplied_minor == 100


@pytest.mark.parametrize(
    ("invoice", "path", "message"),
    [
        (None, "allocations[0].sale_id", "unknown invoice"),
        (an_invoice(client_id=UUID(int=2)), "allocations[0].sale_id", "another client's"),
        (an_invoice(currency="USD"), "allocations[0].sale_id", "is in USD, this is in EUR"),
        (an_invoice(open_minor=49), "allocations[0].amount", "more than what is open: 0.49"),
    ],
)
def test_an_allocation_that_is_wrong_in_itself_is_refused_by_its_path(
    invoice: Owed | None, path: str, message: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        tried(a_source(), ctx(50), *([invoice] if invoice else []))
    [fault] = refusal.value.faults
    assert fault.path == path
    assert message in fault.message


@pytest.mark.parametrize("amount", [0, -1])
def test_an_allocation_of_nothing_is_refused(amount: int) -> None:
    with pytest.raises(InvalidInput, match="must be more than 0"):
        tried(a_source(), ctx(amount), an_invoice())


def test_more_than_the_source_has_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"exceed what is left to allocate: 0\.99"):
        tried(a_source(99), ctx(50, 50), an_invoice(10), an_invoice(11))


def test_an_amount_below_zero_does_not_make_room_for_others() -> None:
    with pytest.raises(InvalidInput) as refusal:
        tried(a_source(10), ctx(50, -40), an_invoice(10), an_invoice(11))
    assert [fault.path for fault in refusal.value.faults] == ["allocations[1].amount", "allocations"]


def test_an_invoice_named_twice_is_refused() -> None:
    with pytest.raises(InvalidInput, match="is named twice"):
        tried(a_source(), ctx(10) * 2, an_invoice())


@pytest.mark.parametrize("status", ["draft", "void", "written_off"])
def test_only_an_issued_invoice_can_be_settled(status: str) -> None:
    with pytest.raises(StateForbids) as refusal:
        tried(a_source(), ctx(50), an_invoice(status=status))
    assert (refusal.value.http_status, refusal.value.problem_code) == (409, "not_open")


def test_a_paid_invoice_forbids_more() -> None:
    with pytest.raises(StateForbids, match="is paid already"):
        tried(a_source(), ctx(50), an_invoice(open_minor=0))


def test_every_fault_is_listed_also_those_of_the_state() -> None:
    with pytest.raises(InvalidInput) as refusal:
        tried(a_source(), ctx(10, 20, 30), an_invoice(10, status="void"), an_invoice(12, open_minor=1))
    assert {fault.path for fault in refusal.value.faults} == {
        "allocations[0].sale_id",
        "allocations[1].sale_id",
        "allocations[2].amount",
    }


def test_oldest_first_pays_what_is_due_first_and_open_ended_ones_last() -> None:
    invoices = [
        an_invoice(10, 30),
        an_invoice(11, 40, date_due=date(2026, 2, 1)),
        an_invoice(12, 50, date_due=date(2026, 1, 1)),
    ]
    assert oldest_first(a_source(100), invoices) == (
        Allocation(UUID(int=12), 50),
        Allocation(UUID(int=11), 40),
        Allocation(UUID(int=10), 10),
    )


def test_oldest_first_leaves_alone_what_it_may_not_settle() -> None:
    strangers = [
        an_invoice(10, client_id=UUID(int=2)),
        an_invoice(11, currency="USD"),
        an_invoice(12, status="void"),
        an_invoice(13, open_minor=0),
    ]
    assert oldest_first(a_source(100), strangers) == ()


invoices = st.lists(
    st.builds(an_invoice, st.integers(10, 40), st.integers(0, 100), date_due=st.none() | st.dates()),
    unique_by=lambda invoice: invoice.id,
    max_size=10,
)


@given(st.integers(0, 500), invoices)
def test_what_oldest_first_proposes_is_allowed_and_leaves_nothing_that_could_be_settled(
    unapplied: int, owed: list[Owed]
) -> None:
    source = a_source(unapplied)
    done = tried(source, list(oldest_first(source, owed)), *owed)
    assert done.unapplied_minor == max(unapplied - sum(invoice.open_minor for invoice in owed), 0)


@given(st.integers(0, 300), st.lists(st.integers(-50, 150), max_size=4), invoices)
def test_whatever_is_allowed_stays_within_the_source_and_each_invoice(
    unapplied: int, amounts: list[int], owed: list[Owed]
) -> None:
    try:
        done = tried(a_source(unapplied), ctx(*amounts), *owed)
    except (InvalidInput, StateForbids):
        return
    room = {invoice.id: invoice.open_minor for invoice in owed}
    assert all(0 < one.amount_minor <= room[one.invoice_id] for one in done.allocations)
    assert done.unapplied_minor == unapplied - sum(one.amount_minor for one in done.allocations) >= 0
