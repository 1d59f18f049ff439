"""Decide which transitions a document or payment allows in its state, from the tables of kinds.

`decide_transition` returns the next status, or refuses with a sentence that names the possible commands. Some
transitions have a `Guard` on further state: the caller reads those `Facts` in the same transaction, under lock.

Two readings of ours. A sales order is "issued" by the command `issue` as all documents are, and is then `confirmed`. A
receipt is issued from a confirmed payment and voided by the reversal of that payment (command `reverse`), never by
`void`. Converting an order leaves it `confirmed`, since `close` is a step of its own; it can be invoiced only once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, get_args

from contracts.command_errors import StateForbids
from contracts.primitives.problem import FieldError
from contracts.resources.document_kinds import KINDS as DOCUMENT_KINDS
from contracts.resources.document_kinds import Command, Guard, Move, Moves, SaleType, Status

Kind = SaleType | Literal["payment"]
Settlement = Literal["unpaid", "partial", "paid"]

PAYMENT_MOVES: Final[Moves] = {
    ("pending", "confirm"): Move("confirmed"),
    ("pending", "fail"): Move("failed"),
    ("confirmed", "allocate"): Move("confirmed", ("something_unapplied",)),
    ("confirmed", "unallocate"): Move("confirmed"),
    ("confirmed", "refund"): Move("confirmed", ("something_unapplied",)),
    ("confirmed", "unrefund"): Move("confirmed"),
    ("confirmed", "reverse"): Move("reversed", ("nothing_refunded",)),
}

_TABLE: Final[Mapping[Kind, Moves]] = {
    **{name: kind.moves for name, kind in DOCUMENT_KINDS.items()},
    "payment": PAYMENT_MOVES,
}

KINDS: Final[tuple[Kind, ...]] = tuple(_TABLE)
STATUSES: Final[tuple[Status, ...]] = get_args(Status)
COMMANDS: Final[tuple[Command, ...]] = get_args(Command)

TRANSITIONS: Final[Mapping[tuple[Kind, Status, Command], Move]] = MappingProxyType(
    {(kind, status, command): move for kind, rows in _TABLE.items() for (status, command), move in rows.items()}
)
"""Everything that is possible; every other triple is refused."""

STARTS: Final[Mapping[Kind, tuple[Status, ...]]] = MappingProxyType(
    {kind: ("pending", "confirmed") if kind == "payment" else ("draft",) for kind in KINDS}
)
"""The statuses of a new one: a payment that has come in starts confirmed."""

_INSTEAD: Final[Mapping[tuple[Kind, Status, Command], str]] = {
    **{(name, *state): advice for name, kind in DOCUMENT_KINDS.items() for state, advice in kind.instead.items()},
    ("payment", "confirmed", "void"): "reverse it instead",
}


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts that guards check; minor units. A fact that no guard of the transition needs may be left out."""

    invoiced: bool | None = None  # a document made from it is there and not void
    settled_minor: int | None = None  # live settlements on an invoice
    credited_minor: int | None = None  # live credit notes against an invoice
    open_minor: int | None = None  # what is still to be paid of an invoice
    total_minor: int | None = None  # of the credit note to issue
    creditable_minor: int | None = None  # rest of its invoice; `money.MINOR_MAX` for one without an invoice
    applied_minor: int | None = None  # settled with and refunded from a credit note
    unapplied_minor: int | None = None  # what is left of a payment or credit note
    refunded_minor: int | None = None  # live refunds from a payment
    payment_status: Status | None = None  # of a receipt's payment; "failed" where it has none


def decide_transition(kind: Kind, status: Status, command: Command, facts: Facts | None = None) -> Status:
    """Return the status after a command.

    Raises:
        StateForbids: not possible in this state (code `state_forbids`, the sentence says what is), or a guard does
            not hold (its own code, such as `has_settlements`).
        ValueError: the transition has a guard whose fact was not given; a bug of ours.
    """
    move = TRANSITIONS.get((kind, status, command))
    if move is None:
        raise StateForbids(_sentence(kind, status, command))
    for guard in move.guards:
        _hold(guard, facts or Facts())
    return move.to


def possible(kind: Kind, status: Status) -> tuple[Command, ...]:
    """The commands that a state allows, guards aside."""
    return tuple(command for command in COMMANDS if (kind, status, command) in TRANSITIONS)


def settlement(total_minor: int, open_minor: int) -> Settlement:
    """How far an invoice is paid, from its total and what is still to be paid; one of 0 is paid from the start."""
    if open_minor <= 0:
        return "paid"
    return "unpaid" if open_minor >= total_minor else "partial"


def _sentence(kind: Kind, status: Status, command: Command) -> str:
    thing = _words(kind)
    article = "an" if thing[0] in "aeiou" else "a"
    here = f"{_words(command)} is not possible for {article} {thing} that is {_words(status)}"
    instead = _INSTEAD.get((kind, status, command))
    if instead is None and status == "draft" and command in {"void", "cancel"}:
        instead = "delete it instead"
    allowed = ", ".join(map(_words, possible(kind, status)))
    now = f"possible now: {allowed}" if allowed else "nothing can be done to it any more"
    return f"{here}; {instead}; {now}." if instead else f"{here}; {now}."


def _words(name: str) -> str:
    return name.removeprefix("sales_").replace("_", " ")


def _hold(guard: Guard, facts: Facts) -> None:
    rule = _GUARDS[guard]
    if not rule.holds(facts):
        faults = [FieldError(rule.field, rule.sentence)] if rule.field else []
        raise StateForbids(rule.sentence, code=rule.code, faults=faults)


def _known(fact: int | None) -> int:
    if fact is None:
        raise ValueError("this move has a guard, and the fact that it asks for was not given")
    return fact


@dataclass(frozen=True, slots=True)
class _Rule:
    """A guard: when it holds, and the refusal's code, sentence and field when it does not."""

    holds: Callable[[Facts], bool]
    code: str
    sentence: str
    field: str = ""  # of the document, where one is at fault


_GUARDS: Final[dict[Guard, _Rule]] = {
    "not_invoiced": _Rule(
        lambda facts: not _known(facts.invoiced),
        "already_invoiced",
        "It is invoiced already; void or delete that invoice first.",
    ),
    "no_settlements": _Rule(
        lambda facts: _known(facts.settled_minor) == 0,
        "has_settlements",
        "Payments or credits are applied to it; take them off first, or correct it by a credit note.",
    ),
    "no_credit_notes": _Rule(
        lambda facts: _known(facts.credited_minor) == 0,
        "has_credit_notes",
        "There is a credit note against it; void that first.",
    ),
    "within_creditable": _Rule(
        lambda facts: _known(facts.total_minor) <= _known(facts.creditable_minor),
        "over_creditable",
        "It is more than what is left to credit of its invoice.",
    ),
    "nothing_applied": _Rule(
        lambda facts: _known(facts.applied_minor) == 0,
        "credit_applied",
        "Some of it is applied or refunded; take that back first.",
    ),
    "something_open": _Rule(
        lambda facts: _known(facts.open_minor) > 0,
        "nothing_open",
        "Nothing of it is left to be paid.",
    ),
    "paid_by_confirmed_payment": _Rule(
        lambda facts: facts.payment_status == "confirmed",
        "no_confirmed_payment",
        "A receipt is issued from a confirmed payment: name it in payment_id.",
        "payment_id",
    ),
    "nothing_refunded": _Rule(
        lambda facts: _known(facts.refunded_minor) == 0,
        "has_refunds",
        "Some of it was refunded; take the refund back first.",
    ),
    "something_unapplied": _Rule(
        lambda facts: _known(facts.unapplied_minor) > 0,
        "nothing_unapplied",
        "All of it is applied or refunded already.",
    ),
}
