"""The state table: every (kind, status, command), and the guards."""

from __future__ import annotations

from itertools import product

import pytest

from contracts.command_errors import StateForbids
from contracts.primitives.money import MINOR_MAX
from contracts.resources.document_kinds import Command, Status
from ledger.sales.transitions import (
    COMMANDS,
    KINDS,
    STARTS,
    STATUSES,
    TRANSITIONS,
    Facts,
    Kind,
    decide_transition,
    possible,
    settlement,
)

# Written down a second time, from the design and by hand: the code's own table is no witness for itself.
ALLOWED = """
sales_estimate: draft update draft, draft delete deleted, draft issue issued, issued send issued,
  issued accept accepted, issued decline declined, issued expire expired, issued void void,
  accepted send accepted, accepted convert converted, accepted void void
sales_order: draft update draft, draft delete deleted, draft issue confirmed, confirmed send confirmed,
  confirmed convert confirmed, confirmed close closed, confirmed cancel cancelled
sales_proforma: draft update draft, draft delete deleted, draft issue issued, issued send issued,
  issued convert converted, issued expire expired, issued void void
sales_invoice: draft update draft, draft delete deleted, draft issue issued, issued send issued, issued void void,
  issued write_off written_off, written_off write_back issued
sales_receipt: draft update draft, draft delete deleted, draft issue issued, issued send issued, issued reverse void
credit_note: draft update draft, draft delete deleted, draft issue issued, issued send issued, issued allocate issued,
  issued unallocate issued, issued refund issued, issued unrefund issued, issued void void
payment: pending confirm confirmed, pending fail failed, confirmed allocate confirmed, confirmed unallocate confirmed,
  confirmed refund confirmed, confirmed unrefund confirmed, confirmed reverse reversed
"""

ALL_IS_WELL = Facts(
    invoiced=False,
    settled_minor=0,
    credited_minor=0,
    open_minor=1,
    total_minor=1,
    creditable_minor=MINOR_MAX,
    applied_minor=0,
    unapplied_minor=1,
    refunded_minor=0,
    payment_status="confirmed",
)


def allowed() -> dict[tuple[str, str, str], str]:
    found = {}
    for row in ALLOWED.replace("\n  ", " ").strip().splitlines():
        kind, _, moves = row.partition(": ")
        for move in moves.split(", "):
            status, command, to = move.split()
            found[kind, status, command] = to
    return found


def test_every_triple_of_kind_status_and_command_is_as_the_design_says() -> None:
    expected = allowed()
    for kind, status, command in product(KINDS, STATUSES, COMMANDS):
        try:
            answer = decide_transition(kind, status, command, ALL_IS_WELL)
        except StateForbids as refusal:
            answer = None
            assert (refusal.http_status, refusal.problem_code) == (409, "state_forbids")  # noqa: PT017
        assert answer == expected.get((kind, status, command)), (kind, status, command)
    assert len(expected) == len(TRANSITIONS)


def test_every_status_but_the_last_ones_is_reached_and_left() -> None:
    for kind in KINDS:
        reached = {move.to for (of, _, _), move in TRANSITIONS.items() if of == kind} | set(STARTS[kind])
        left = {status for of, status, _ in TRANSITIONS if of == kind}
        assert left <= reached


def test_a_refusal_says_what_is_possible_instead() -> None:
    with pytest.raises(StateForbids) as refusal:
        decide_transition("sales_invoice", "draft", "void")
    assert refusal.value.detail == (
        "void is not possible for an invoice that is draft; delete it instead; possible now: update, delete, issue."
    )


def test_a_refusal_at_the_end_of_the_road_says_so() -> None:
    with pytest.raises(StateForbids, match="nothing can be done to it any more"):
        decide_transition("sales_invoice", "void", "issue")


@pytest.mark.parametrize(
    ("kind", "status", "command", "hint"),
    [
        ("sales_estimate", "issued", "convert", "accept it first"),
        ("sales_receipt", "issued", "void", "reverse its payment instead"),
        ("sales_invoice", "issued", "update", "correct it by a credit note"),
        ("sales_invoice", "written_off", "void", "write it back first"),
    ],
)
def test_a_refusal_points_to_the_way_round(kind: Kind, status: Status, command: Command, hint: str) -> None:
    with pytest.raises(StateForbids, match=hint):
        decide_transition(kind, status, command)


@pytest.mark.parametrize(
    ("kind", "status", "command", "facts", "code"),
    [
        ("sales_order", "confirmed", "cancel", Facts(invoiced=True), "already_invoiced"),
        ("sales_order", "confirmed", "convert", Facts(invoiced=True), "already_invoiced"),
        ("sales_invoice", "issued", "void", Facts(settled_minor=1, credited_minor=0), "has_settlements"),
        ("sales_invoice", "issued", "void", Facts(settled_minor=0, credited_minor=1), "has_credit_notes"),
        ("sales_invoice", "issued", "write_off", Facts(open_minor=0), "nothing_open"),
        ("credit_note", "draft", "issue", Facts(total_minor=101, creditable_minor=100), "over_creditable"),
        ("credit_note", "issued", "void", Facts(applied_minor=1), "credit_applied"),
        ("credit_note", "issued", "allocate", Facts(unapplied_minor=0), "nothing_unapplied"),
        ("sales_receipt", "draft", "issue", Facts(payment_status="pending"), "no_confirmed_payment"),
        ("sales_receipt", "draft", "issue", Facts(), "no_confirmed_payment"),
        ("payment", "confirmed", "reverse", Facts(refunded_minor=1), "has_refunds"),
        ("payment", "confirmed", "refund", Facts(unapplied_minor=0), "nothing_unapplied"),
    ],
)
def test_a_guard_that_does_not_hold_refuses_with_its_own_code(
    kind: Kind, status: Status, command: Command, facts: Facts, code: str
) -> None:
    with pytest.raises(StateForbids) as refusal:
        decide_transition(kind, status, command, facts)
    assert refusal.value.problem_code == code
    assert refusal.value.detail.endswith(".")


def test_a_credit_note_may_take_exactly_what_is_left_of_its_invoice() -> None:
    assert decide_transition("credit_note", "draft", "issue", Facts(total_minor=100, creditable_minor=100)) == "issued"


def test_a_forgotten_fact_is_a_mistake_and_never_a_pass() -> None:
    guarded = [triple for triple, move in TRANSITIONS.items() if move.guards and triple[0] != "sales_receipt"]
    for kind, status, command in guarded:
        with pytest.raises(ValueError, match="was not given"):
            decide_transition(kind, status, command)


def test_what_is_possible_is_listed_in_the_order_of_the_commands() -> None:
    assert possible("sales_invoice", "issued") == ("send", "void", "write_off")


@pytest.mark.parametrize(
    ("total", "left", "says"),
    [(100, 100, "unpaid"), (100, 40, "partial"), (100, 0, "paid"), (0, 0, "paid"), (100, -1, "paid")],
)
def test_settlement_follows_from_what_is_open(total: int, left: int, says: str) -> None:
    assert settlement(total, left) == says
