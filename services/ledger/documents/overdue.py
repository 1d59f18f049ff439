"""Decide `mark_overdue`, the clock's command: an invoice became overdue, which is told once."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from contracts.transitions import OnOne
from ledger.books import Asked, Books, Changes, Needs
from ledger.decision import Decision
from ledger.documents import due, lookup
from ledger.errors import Conflict

COMMAND: Final = "mark_overdue"
"""data: id of an invoice. Nobody waits for it; refused when there is nothing to tell, or no longer."""


def _needs(asked: Asked[OnOne], needs: Needs) -> None:
    needs.sales.add(asked.key(asked.input.id))


def _mark(asked: Asked[OnOne], books: Books) -> Changes:
    """`asked.today` is the account's date by the clock that sent the command."""
    before = lookup.standing_of(asked, books, asked.input.id)
    if before.overdue_told_at is not None or not before.owed or not due.is_overdue(before.date_due, asked.today):
        raise Conflict("It is not overdue, or that was told.", code="not_overdue")
    after = replace(before, overdue_told_at=asked.envelope.at)
    changes = Changes(("sale", before.sale_id))
    changes.stand(after)
    changes.tell("sale.overdue", before.status, after)
    return changes


MARK_OVERDUE = Decision(OnOne, _needs, _mark)
