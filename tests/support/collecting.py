"""Collections over a ledger's books in tests: a scheduler with a clock of its own, and what it queued."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from contracts.wire import commands
from contracts.wire.envelope import Envelope
from contracts.wire.jobs import SendMessageJob
from ledger.collections.cases.scheduler import CaseScheduler
from templates.renderer import Renderer
from tests.support.ledger import URLS, Answer, LedgerHarness

MORNING = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""Monday; the invoices of tests are due on 2026-03-16 unless they say otherwise."""


def mail(delay: str, **fields: Any) -> dict[str, Any]:
    """A step that sends a mail so long after the due date."""
    template = {"subject": "{{ count }} open", "body": "Dear {{ client.contact }}, {{ amount }} is open."}
    return {"channel": "email", "delay": delay, "template": template} | fields


@dataclass(slots=True)
class Collecting:
    """A scheduler that decides when it is asked to, at the time `now`."""

    ledger: LedgerHarness
    renderer: Renderer
    now: datetime = MORNING
    schedulers: list[CaseScheduler] = field(default_factory=list)

    def scheduler(self) -> CaseScheduler:
        """One more scheduler over the same books."""
        made = CaseScheduler(
            self.ledger.pool, self.ledger.pipeline.relay, URLS, renderer=self.renderer, now=lambda: self.now
        )
        self.schedulers.append(made)
        return made

    async def decide(self) -> None:
        """Decide on every client, whatever made it due, at the ledger's time."""
        await self.ledger.owner.execute("UPDATE ledger.collected_client SET due_at = $1", self.now)
        scheduler = self.schedulers[0] if self.schedulers else self.scheduler()
        while await scheduler.decide_due():
            pass

    async def at(self, moment: datetime) -> None:
        """Let this be the time, and everything that is due be decided."""
        self.now = moment
        await self.decide()

    async def after(self, **wait: float) -> None:
        """Let time pass, and everything that is due be decided."""
        await self.at(self.now + timedelta(**wait))

    async def collector(self, *steps: dict[str, Any], **fields: Any) -> str:
        """Make a collector the default."""
        data = {"name": "Strict", "steps": list(steps), "default": True} | fields
        return (await self.ledger.ask(commands.CREATE_COLLECTOR, data)).id

    async def client(self, **fields: Any) -> str:
        """Make a client with an address."""
        return await self.ledger.client(**{"email": "aija@ozola.example", "first_name": "Aija"} | fields)

    async def invoice(self, client_id: str, date_due: str = "2026-03-16", **fields: Any) -> str:
        """Issue an invoice over 165.01 EUR."""
        dates = {"document_date": "2026-02-02", "date_due": date_due}
        return (await self.ledger.sale(client_id, **dates | fields)).id

    async def cases(self) -> list[asyncpg.Record]:
        """All cases of the account, oldest first."""
        return await self.ledger.pool.fetch(
            "SELECT * FROM ledger_api.collection_case WHERE account_id = $1 ORDER BY entered_at, id",
            self.ledger.account_id,
        )

    async def case(self) -> asyncpg.Record:
        """The one case that is not settled, or the last one."""
        cases = await self.cases()
        return next((one for one in cases if one["state"] != "settled"), cases[-1])

    async def jobs(self) -> list[SendMessageJob]:
        """The messages queued for their hand-over, in order."""
        rows = await self.ledger.owner.fetch(
            "SELECT body FROM ledger.outbox WHERE queue = 'executor.jobs' ORDER BY created_at, id"
        )
        return [SendMessageJob.model_validate(Envelope.decode(row["body"]).data) for row in rows]

    async def moves(self) -> None:
        """Handle the moves that the scheduler queued for the ledger."""
        rows = await self.ledger.owner.fetch("SELECT body FROM ledger.outbox WHERE queue = 'ledger.commands'")
        await self.ledger.handle(*(Envelope.decode(row["body"]) for row in rows))

    async def confirm(self, job: SendMessageJob, outcome: str = "sent") -> Answer:
        """Let the executor say what became of a hand-over."""
        data = {"message_id": str(job.message_id), "outcome": outcome}
        return await self.ledger.ask(commands.CONFIRM_MESSAGE, data)

    async def act(self, command: str, **data: Any) -> Answer:
        """Do something to the case."""
        case: UUID = (await self.case())["id"]
        return await self.ledger.ask(command, {"id": str(case)} | data)
