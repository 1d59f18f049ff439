"""The mail server's side of a run: it notes the mails to debtors and, when asked, holds the answer to one."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any, Final

import asyncpg

from tests.faults.record import Book
from tests.support.eventually import eventually
from tests.support.smtp_server import TakenMail

DEBTOR_DOMAIN: Final = "debtor.example"
HELD_SECONDS_MAX: Final = 10.0  # the server takes no other mail meanwhile


@dataclass(slots=True)
class DebtorMails:
    """What the mail server calls, in its own thread, before it answers for a mail."""

    book: Book
    held: TakenMail | None = None
    _is_wanted: bool = False
    _answered: threading.Event = field(default_factory=threading.Event)

    def take(self, mail: TakenMail) -> None:
        """Note a mail; hold its answer if that is wanted."""
        name, _, domain = mail.recipients[0].partition("@")
        if domain == DEBTOR_DOMAIN:
            self.book.mails[name.upper()].append(str(mail.message["Message-ID"]))
        if self._is_wanted:
            self._is_wanted, self.held = False, mail
            self._answered.wait(HELD_SECONDS_MAX)

    async def hold(self, seconds_max: float) -> TakenMail:
        """Wait for a mail, whose sender gets no answer until `answer`.

        Raises:
            AssertionError: none came.
        """
        self.held, self._is_wanted = None, True
        self._answered.clear()
        return await eventually(self._held_one, deadline_seconds=seconds_max)

    def _held_one(self) -> Any:
        return self.held

    def answer(self) -> None:
        """Let the server go on."""
        self._is_wanted = False
        self._answered.set()


@dataclass(frozen=True, slots=True)
class Reminder:
    """What the ledger has of the reminders of a document: not called off, of those confirmed, failed and under way."""

    made: int
    sent: int
    failed: int
    requested: int


async def reminders(conn: asyncpg.Connection[Any]) -> dict[str, Reminder]:
    """The reminders of each debtor's document, by its key."""
    return {row["key"]: Reminder(*row[1:]) for row in await conn.fetch(_REMINDERS, f"%@{DEBTOR_DOMAIN}")}


def unsettled(book: Book, found: dict[str, Reminder]) -> set[str]:
    """The documents whose reminder is under way, or whose confirmed one was not delivered to the hook yet."""
    return {
        f"reminder of {key}"
        for key, one in found.items()
        if not one.made or one.requested or (one.sent and (key, "message.created") not in book.received)
    }


def faults_of(book: Book, key: str, one: Reminder) -> list[str]:
    """What is wrong with a document's reminder: it goes once, under one Message-ID, with one event if confirmed."""
    mails, events = book.mails.get(key, []), book.received.get((key, "message.created"), set())
    wrong = {
        f"{one.made} reminders": one.made != 1,
        "is still under way": one.requested > 0,
        f"{len(mails)} mails": len(mails) > 1,
        "is confirmed and never came": one.sent > 0 and not mails,
        f"{len(events)} events of {one.sent} confirmed": len(events) != one.sent,
    }
    return [f"reminder of {key}: {text}" for text, is_wrong in wrong.items() if is_wrong]


_REMINDERS: Final = """
SELECT s.external_id AS key, count(m.id) AS made, count(m.id) FILTER (WHERE m.state = 'sent') AS sent,
       count(m.id) FILTER (WHERE m.state = 'failed') AS failed,
       count(m.id) FILTER (WHERE m.state = 'requested') AS requested
  FROM ledger.sale s
  JOIN ledger.client c ON c.account_id = s.account_id AND c.id = s.client_id
  LEFT JOIN ledger.message m ON m.account_id = s.account_id AND m.client_id = s.client_id AND s.id = ANY(m.sale_ids)
        AND m.purpose = 'reminder' AND m.state <> 'cancelled'
 WHERE c.email LIKE $1 AND s.external_id IS NOT NULL
 GROUP BY 1
"""
