"""An executor that sends messages through a mail server, and tries again soon."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from contracts.primitives.ids import new_id
from contracts.wire.envelope import Envelope
from contracts.wire.jobs import SEND_MESSAGE, SendMessageJob
from tests.support.executor import ExecutorHarness
from tests.support.smtp_server import SmtpServer

QUICK: Final = "0,0.05,0.05"


@asynccontextmanager
async def sending(executor: ExecutorHarness, smtp: SmtpServer | None = None, **given: Any) -> AsyncIterator[None]:
    """Run the executor with `smtp` as its mail server, and other settings as given."""
    settings = {"message_schedule_seconds": QUICK} | ({"smtp_url": smtp.url} if smtp else {}) | given
    async with executor.running(**settings):
        yield


async def a_message(executor: ExecutorHarness, **given: Any) -> Envelope:
    """The job of a message that the ledger has just asked for."""
    message_id, client_id, account_id = new_id(), new_id(), executor.account_id
    await executor.owner.execute(
        "INSERT INTO ingress.account (account_id, name, profile) VALUES ($1, 'Baltic Trading', $2)"
        " ON CONFLICT DO NOTHING",
        account_id, {"email": "books@baltic.example", "legal_name": "Baltic Trading OÜ"},
    )  # fmt: skip
    await executor.owner.execute("INSERT INTO ledger.book (account_id) VALUES ($1) ON CONFLICT DO NOTHING", account_id)
    await executor.owner.execute(
        "INSERT INTO ledger.client (account_id, id, name, type, contacts, currency, created_at, updated_at)"
        " VALUES ($1, $2, 'Ozola', 'company', '[]', 'EUR', now(), now())",
        account_id, client_id,
    )  # fmt: skip
    await executor.owner.execute(
        "INSERT INTO ledger.message (account_id, id, client_id, purpose, direction, channel, state, sale_ids,"
        " recipient, body, command_id, created_at, updated_at)"
        " VALUES ($1, $2, $3, 'document', 'sent', 'email', 'requested', '{}', 'x', 'x', $2, now(), now())",
        account_id, message_id, client_id,
    )  # fmt: skip
    fields = {"channel": "email", "to": ["aija@ozola.example"], "subject": "Invoice 42", "body": "Dear Aija,\n\nhello."}
    job = SendMessageJob(message_id=message_id, **(fields | given))
    return Envelope(
        id=new_id(),
        name=SEND_MESSAGE,
        account_id=account_id,
        correlation_id=message_id,
        data=job.model_dump(mode="json"),
    )
