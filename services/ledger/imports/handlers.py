"""Decide `import_lines`: each line as the upsert that it is, all within the changes of one command.

A line sees what those before it did; one that is refused leaves the others as they are, or, with `abort`, nothing at
all comes of the command. Its command's id makes all of it happen once, however often it arrives.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from contracts.imports import FAULTS_KEPT_MAX, ImportLines, LineFault, LinesTaken
from ledger.books import Asked, Books, Changes, Needs
from ledger.decision import Decision
from ledger.errors import LedgerRefusal, QuotaExceeded
from ledger.parties.handlers import UPSERT_CLIENT
from ledger.products.handlers import UPSERT_PRODUCT
from ledger.quotas.rules import Quota


@dataclass(slots=True)
class _Lines:
    """What becomes of the lines, one after the other."""

    changes: Changes
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("created", "updated", "unchanged"), 0))
    refused: int = 0
    faults: list[LineFault] = field(default_factory=list)
    reached: set[Quota] = field(default_factory=set)

    def take(self, changes: Changes) -> None:
        changed = changes.clients_changed or changes.catalogue.products_changed
        self.counts["created" if changes.http_status == 201 else "updated" if changed else "unchanged"] += 1  # noqa: PLR2004
        self.changes.join(changes)

    def refuse(self, line: int, refusal: LedgerRefusal) -> None:
        self.refused += 1
        if isinstance(refusal, QuotaExceeded):
            self.reached.add(refusal.quota)
        told = [LineFault(line=line, path=fault.path, message=fault.message) for fault in refusal.faults]
        self.faults += told or [LineFault(line=line, path="", message=refusal.detail or refusal.title)]


def _needs(asked: Asked[ImportLines], needs: Needs) -> None:
    for _, one, decision in _each(asked):
        decision.needs(one, needs)


def _import(asked: Asked[ImportLines], books: Books) -> Changes:
    tried, lines = books.branch(), _Lines(Changes(None, http_status=200))
    for line, one, decision in _each(asked):
        try:
            changes = decision.decide(one, tried)
            tried.take(one, changes)
        except LedgerRefusal as refusal:
            lines.refuse(line, refusal)
        else:
            lines.take(changes)
    aborted = asked.input.on_error == "abort" and lines.refused > 0
    changes = Changes(None, http_status=200) if aborted else lines.changes
    changes.catalogue.reached |= lines.reached
    counts = {} if aborted else lines.counts
    taken = LinesTaken(refused=lines.refused, aborted=aborted, faults=lines.faults[:FAULTS_KEPT_MAX], **counts)
    changes.said = taken.model_dump(mode="json")
    changes.subject_id = asked.input.import_id
    return changes


IMPORT_LINES = Decision(ImportLines, _needs, _import)


def _each(asked: Asked[ImportLines]) -> Iterator[tuple[int, Asked[Any], Decision[Any]]]:
    """Each line with its number, as the command that it is by itself."""
    whole: Asked[Any] = asked
    for client in asked.input.clients:
        yield client.line, replace(whole, input=client.given), UPSERT_CLIENT
    for product in asked.input.products:
        yield product.line, replace(whole, input=product.given), UPSERT_PRODUCT
