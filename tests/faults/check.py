"""The checker: compares what senders know, what the databases hold and what the receiver got."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import asyncpg

from tests.bench.soundness import checked
from tests.faults.debtor_mails import Reminder, faults_of, reminders, unsettled
from tests.faults.record import LAST_STEP, Book

TRIGGERS = {"inbox": "inbox.received", "client": "client.created", "sale": "sale.posted"}

_HELD = {
    "inbox": "SELECT document->>'document_ref' AS key, count(*) AS held FROM ledger.inbox_message GROUP BY 1",
    "client": "SELECT external_id AS key, count(*) AS held FROM ledger.client WHERE external_id IS NOT NULL GROUP BY 1",
    "sale": "SELECT external_id AS key, count(*) AS held FROM ledger.sale WHERE external_id IS NOT NULL GROUP BY 1",
}


@dataclass(slots=True)
class Verdict:
    """The figures of one run; `faults_found` is empty when every promise held."""

    accepted: int = 0
    unsure: int = 0
    unsure_applied: int = 0
    refused: int = 0
    lost: int = 0
    doubled: int = 0
    delivered: int = 0
    deliveries: int = 0
    undelivered: int = 0
    events_with_several_ids: int = 0
    heard_in_order: int = 0
    out_of_order: int = 0
    gaps_in_numbers: int = 0
    unbalanced_entries: int = 0
    runs: int = 0
    steps_called: int = 0
    steps_repeated: int = 0
    steps_repeated_late: int = 0
    reminders: int = 0
    reminders_failed: int = 0  # mostly: whether they went is not known
    mails: int = 0
    parked: int = 0
    broken_promises: int = 0
    found: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """For the report."""
        return asdict(self)


async def held_by_the_ledger(conn: asyncpg.Connection[Any], kind: str) -> dict[str, int]:
    """How often the ledger holds each key of a kind."""
    return {row["key"]: row["held"] for row in await conn.fetch(_HELD[kind])}


async def notes_held(conn: asyncpg.Connection[Any]) -> dict[str, int]:
    """How many notes each client has that its key names: the second step writes one."""
    return {row["key"]: row["held"] for row in await conn.fetch(_NOTES)}


async def missing_deliveries(conn: asyncpg.Connection[Any], book: Book) -> set[str]:
    """The keys that are in the ledger but have not reached the receiver yet."""
    missing = set()
    for kind, trigger in TRIGGERS.items():
        held = await held_by_the_ledger(conn, kind)
        missing |= {key for key in held if key in book.kinds and (key, trigger) not in book.received}
        missing |= {key for key in book.keys(kind, "accepted") if key not in held}
        missing |= {key for key in held if key in book.in_order and key not in book.heard_in_order}
    if book.has_steps:
        notes = await notes_held(conn)
        missing |= {f"run of {key}" for key in notes if not notes[key] or (key, LAST_STEP) not in book.steps}
    if book.has_debtors:
        missing |= unsettled(book, await reminders(conn))
    return missing


async def check(conn: asyncpg.Connection[Any], book: Book, *, dsn: str) -> Verdict:
    """Judge a run once everything has settled; `dsn` is where `conn` leads, for the ledger's own checker."""
    verdict = Verdict(deliveries=book.deliveries)
    for kind, trigger in TRIGGERS.items():
        held = await held_by_the_ledger(conn, kind)
        accepted, unsure = book.keys(kind, "accepted"), book.keys(kind, "unsure")
        verdict.accepted += len(accepted)
        verdict.unsure += len(unsure)
        verdict.refused += len(book.keys(kind, "refused"))
        verdict.unsure_applied += sum(1 for key in unsure if key in held)
        lost = sorted(key for key in accepted if key not in held)
        doubled = sorted(key for key, times in held.items() if times > 1)
        verdict.lost += len(lost)
        verdict.doubled += len(doubled)
        verdict.found += [f"lost {kind} {key}" for key in lost] + [f"doubled {kind} {key}" for key in doubled]
        for key in held:
            if key not in book.kinds:
                continue
            ids = book.received.get((key, trigger), set())
            verdict.delivered += bool(ids)
            verdict.undelivered += not ids
            verdict.events_with_several_ids += len(ids) > 1
            if len(ids) != 1:
                verdict.found.append(f"{kind} {key} arrived under {len(ids)} ids")
    if book.has_steps:
        _judge_runs(verdict, book, await notes_held(conn))
    if book.has_debtors:
        _judge_reminders(verdict, book, await reminders(conn))
    verdict.heard_in_order = len(book.heard_in_order)
    verdict.found += (wrong := [f"out of order at {line}" for line in book.out_of_order()])
    verdict.out_of_order = len(wrong)
    verdict.gaps_in_numbers = await conn.fetchval(_GAPS)
    verdict.unbalanced_entries = await conn.fetchval(_UNBALANCED)
    verdict.parked = await conn.fetchval(_PARKED)
    for name in ("gaps_in_numbers", "unbalanced_entries", "parked"):
        if getattr(verdict, name):
            verdict.found.append(f"{name}: {getattr(verdict, name)}")
    sound = await checked(dsn, progress=verdict.found.append)
    verdict.broken_promises = len(sound.broken)
    if book.refusals:
        verdict.found += book.refusals[:20]
    return verdict


def _judge_runs(verdict: Verdict, book: Book, notes: dict[str, int]) -> None:
    """Each client's run: both calls were made under one key each, in order, and the note was written once."""
    verdict.runs = len(notes)
    verdict.steps_repeated_late = book.repeated_late
    for key, written in notes.items():
        calls = [book.steps.get((key, number), []) for number in (1, LAST_STEP)]
        verdict.steps_called += sum(map(len, calls))
        verdict.steps_repeated += sum(max(len(made) - 1, 0) for made in calls)
        if written > 1:
            verdict.doubled += 1
            verdict.found.append(f"doubled note of {key}: {written}")
        if not written or not all(calls):
            verdict.undelivered += 1
            verdict.found.append(f"run of {key}: {written} notes, {[len(made) for made in calls]} calls")
        if any(len(set(made)) > 1 for made in calls):
            verdict.found.append(f"run of {key}: one step came under several keys")


def _judge_reminders(verdict: Verdict, book: Book, found: dict[str, Reminder]) -> None:
    """Each debtor's reminder: made once, gone at most once, and reported once if its hand-over was confirmed."""
    verdict.reminders = len(found)
    verdict.reminders_failed = sum(one.failed for one in found.values())
    verdict.mails = sum(map(len, book.mails.values()))
    for key, one in found.items():
        verdict.found += faults_of(book, key, one)


_NOTES = """
    SELECT c.external_id AS key, count(n.id) AS held
      FROM ledger.client c LEFT JOIN ledger.note n ON n.account_id = c.account_id AND n.client_id = c.id
     WHERE c.external_id LIKE 'F-%' GROUP BY 1
"""
_GAPS = """
    SELECT count(*) FROM (
        SELECT account_id, count(*) AS issued, max(regexp_replace(number, '^.*-', '')::int) AS highest
          FROM ledger.sale WHERE number IS NOT NULL GROUP BY account_id
    ) series WHERE issued <> highest
"""
_UNBALANCED = """
    SELECT count(*) FROM (
        SELECT account_id, entry_id FROM ledger.posting
         GROUP BY account_id, entry_id, currency HAVING sum(amount_minor) <> 0
    ) entries
"""
_PARKED = """
    SELECT (SELECT count(*) FROM ledger.dead_letter) + (SELECT count(*) FROM dispatch.dead_letter)
         + (SELECT count(*) FROM execution.dead_letter)
"""
