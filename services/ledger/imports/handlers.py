"""Decide `import_lines`: each line as an upsert, all within the changes of one command.

A line sees the changes of those before it; a refused line leaves the others unchanged or, with `abort`, refuses the
whole command. Deduplication of the command makes it happen once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from contracts.command_errors import CommandError
from contracts.resources.imports import FAULTS_KEPT_MAX, ImportBatchResult, ImportLines, LineFault
from ledger.clients.handlers import UPSERT_CLIENT
from ledger.clients.state import ClientChanges
from ledger.errors import QuotaExceeded
from ledger.products.handlers import UPSERT_PRODUCT
from ledger.products.state import ProductChanges
from ledger.quotas.rules import Quota
from ledger.quotas.state import UsageChanges
from ledger.unit_of_work.command_handler import CommandHandler
from ledger.unit_of_work.state import ChangeSet, CommandContext, LoadedState, ReadPlan


@dataclass(slots=True)
class _Lines:
    """Handles the lines, one after another, and counts their results."""

    changes: ChangeSet
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("created", "updated", "unchanged"), 0))
    refused: int = 0
    faults: list[LineFault] = field(default_factory=list)
    reached: set[Quota] = field(default_factory=set)

    def take(self, changes: ChangeSet) -> None:
        changed = changes[ClientChanges].changed or changes[ProductChanges].changed
        self.counts["created" if changes.http_status == 201 else "updated" if changed else "unchanged"] += 1  # noqa: PLR2004
        self.changes.merge(changes)

    def refuse(self, line: int, refusal: CommandError) -> None:
        self.refused += 1
        if isinstance(refusal, QuotaExceeded):
            self.reached.add(refusal.quota)
        errors = [LineFault(line=line, path=fault.path, message=fault.message) for fault in refusal.faults]
        self.faults += errors or [LineFault(line=line, path="", message=refusal.detail or refusal.title)]


def _plan(ctx: CommandContext[ImportLines], plan: ReadPlan) -> None:
    for _, one, decision in _each(ctx):
        decision.plan(one, plan)


def _import(ctx: CommandContext[ImportLines], state: LoadedState) -> ChangeSet:
    tried, lines = state.branch(), _Lines(ChangeSet(None, http_status=200))
    for line, one, decision in _each(ctx):
        try:
            changes = decision.handle(one, tried)
            tried.take(one, changes)
        except CommandError as refusal:
            lines.refuse(line, refusal)
        else:
            lines.take(changes)
    aborted = ctx.input.on_error == "abort" and lines.refused > 0
    changes = ChangeSet(None, http_status=200) if aborted else lines.changes
    changes[UsageChanges].reached |= lines.reached
    counts = {} if aborted else lines.counts
    taken = ImportBatchResult(refused=lines.refused, aborted=aborted, faults=lines.faults[:FAULTS_KEPT_MAX], **counts)
    changes.result_body = taken.model_dump(mode="json")
    changes.subject_id = ctx.input.import_id
    return changes


IMPORT_LINES = CommandHandler(ImportLines, _plan, _import)


def _each(ctx: CommandContext[ImportLines]) -> Iterator[tuple[int, CommandContext[Any], CommandHandler[Any]]]:
    """Each line with its number, as a single command's context."""
    whole: CommandContext[Any] = ctx
    for client in ctx.input.clients:
        yield client.line, replace(whole, input=client.given), UPSERT_CLIENT
    for product in ctx.input.products:
        yield product.line, replace(whole, input=product.given), UPSERT_PRODUCT
