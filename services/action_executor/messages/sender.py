"""Hand the ledger's messages over, under a schedule, never twice, and tell the ledger what became of each.

Right before it goes, a message is looked up in the ledger once more and its hand-over is committed as begun. A worker
that dies after that leaves a hand-over of which nobody knows whether it went: it fails and says so, and is not
repeated.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from typing import Final, assert_never

import structlog
from prometheus_client import Counter as Metric

from action_executor.hand_over import HandOver, NotTaken
from action_executor.mail.mime import Mail
from action_executor.mail.smtp import HAND_OVER_SECONDS, SmtpClient
from action_executor.messages import attachments, rules, store
from action_executor.messages.models import PendingHandOver, Settled
from action_executor.sms.gateway import Sms, SmsClient
from contracts.primitives.ids import derive_id
from contracts.urls import PublicUrls
from contracts.wire.commands import CONFIRM_MESSAGE
from contracts.wire.envelope import Envelope
from contracts.wire.jobs import SendMessageJob
from contracts.wire.topology import LEDGER_COMMANDS
from messaging.port import Outgoing
from outbox.record import record
from outbox.relay import Relay
from scheduling.worker import LeasedWorker, LeaseLost
from storage.pool import Connection, Pool

log = structlog.get_logger(__name__)

OUTCOMES: Final = Metric("ledgerwire_messages_total", "Messages handed over or not", ["channel", "outcome"])

AT_ONCE_MAX: Final = 8  # connections to the mail server; common ones allow ten from one client
ACCOUNT_AT_ONCE_MAX: Final = 4
LEASE_SECONDS: Final = 2 * HAND_OVER_SECONDS
NO_MAIL: Final = NotTaken("not_configured: no mail can leave: LEDGERWIRE_SMTP_URL is not set")
NO_SMS: Final = NotTaken("not_configured: no SMS can leave: LEDGERWIRE_SMS_URL is not set")
NO_SENDER: Final = NotTaken("the account has no email address to send from: set it, or ?from= in LEDGERWIRE_SMTP_URL")


class MessageSender:
    """The hand-overs of one process. Any number of processes share them."""

    def __init__(
        self,
        pool: Pool,
        relay: Relay,
        urls: PublicUrls,
        *,
        mail: SmtpClient | None,
        sms: SmsClient | None,
        schedule: Sequence[float],
        sweep_seconds: float,
    ) -> None:
        self._pool, self._relay, self._urls = pool, relay, urls
        self._mail, self._sms, self._schedule = mail, sms, schedule
        self.worker: Final = LeasedWorker(
            "hand-over-messages",
            pool,
            store.HAND_OVERS,
            claim=self._claim,
            handle=self._handle,
            next_due=lambda: store.HAND_OVERS.next_due_seconds(pool),
            at_once_max=AT_ONCE_MAX,
            lease_seconds=LEASE_SECONDS,
            sweep_seconds=sweep_seconds,
        )
        self.wake: Final = self.worker.wake

    async def accept(self, conn: Connection, jobs: Sequence[tuple[Envelope, SendMessageJob]]) -> None:
        """Insert hand-overs in the caller's transaction; a job that comes again changes nothing."""
        await store.insert(conn, jobs)

    async def _claim(self, room: int) -> list[PendingHandOver]:
        in_hand = Counter(item.account_id for item in self.worker.in_hand)
        busy = [account_id for account_id, many in in_hand.items() if many >= ACCOUNT_AT_ONCE_MAX]
        return await store.claim(self._pool, not_of=busy, hand_overs_max=room, lease_seconds=LEASE_SECONDS)

    async def _handle(self, item: PendingHandOver) -> None:
        if item.begun:
            await self._settle(item, Settled("failed", rules.LOST))
            return
        mail_or_sms = await self._written(item)
        if isinstance(mail_or_sms, NotTaken):
            await self._settle(item, Settled("failed", mail_or_sms.reason))
            return
        tries = await store.begin(self._pool, item)
        if tries is None:
            await self._settle(item, Settled("cancelled", "the ledger has called it off"))
            return
        result = await self._send(mail_or_sms)
        settled = rules.settle(result, tries=tries, schedule=self._schedule, jitter=random.random())  # noqa: S311
        await self._settle(item, settled)

    async def _written(self, item: PendingHandOver) -> Mail | Sms | NotTaken:
        """What is to go, or why it cannot."""
        job = item.job
        if job.channel == "sms":
            return Sms(item.id, job.to[0], job.body, job.sender_name) if self._sms else NO_SMS
        if self._mail is None:
            return NO_MAIL
        sender = job.sender_address or self._mail.sender
        if sender is None:
            return NO_SENDER
        try:
            files = await attachments.render(self._pool, self._urls, item.account_id, job.attachments)
        except attachments.DocumentGone as error:
            return NotTaken(str(error))
        return Mail(
            message_id=f"<{item.id}@{self._urls.host}>",
            sender=sender,
            sender_name=job.sender_name,
            to=job.to,
            cc=job.cc,
            reply_to=job.reply_to,
            subject=job.subject,
            body=job.body,
            in_reply_to=job.in_reply_to,
            references=job.references,
            attachments=files,
        )

    async def _send(self, what: Mail | Sms) -> HandOver:
        match what:
            case Mail():
                return await self._mail.send(what) if self._mail else NO_MAIL
            case Sms():
                return await self._sms.send(what) if self._sms else NO_SMS
            case _:
                assert_never(what)

    async def _settle(self, item: PendingHandOver, settled: Settled) -> None:
        """Commit what became of a try together with what the ledger is told."""
        messages = _confirmation(item, settled)
        async with self._pool.acquire() as conn, conn.transaction():
            if not await store.settle(conn, item, settled):
                raise LeaseLost
            await record(conn, schema="execution", messages=messages)
        self._relay.push(messages)
        OUTCOMES.labels(item.job.channel, settled.state).inc()
        log.info("message_settled", account_id=str(item.account_id), id=str(item.id), state=settled.state)


def _confirmation(item: PendingHandOver, settled: Settled) -> list[Outgoing]:
    if settled.state not in {"sent", "failed"}:
        return []
    command = Envelope(
        id=derive_id(item.id, "confirm"),
        name=CONFIRM_MESSAGE,
        account_id=item.account_id,
        correlation_id=item.correlation_id,
        causation_id=item.id,
        data={
            "message_id": str(item.job.message_id),
            "outcome": settled.state,
            "provider_message_id": settled.provider_id,
            "detail": settled.detail,
        },
    )
    return [Outgoing(command.id, LEDGER_COMMANDS.name, command.encode())]
