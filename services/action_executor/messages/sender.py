"""Hand the ledger's messages over, under a schedule, never twice, and tell the ledger what became of each.

Right before it goes, a message is looked up in the ledger once more and its hand-over is committed as begun. A worker
that dies after that leaves a hand-over whose outcome is unknown: it fails with that reason, and is not
repeated.
"""

from __future__ import annotations

import asyncio
import random
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, assert_never

import structlog
from prometheus_client import Counter as Metric

from action_executor.hand_over import HandedOver, HandOver, NotTaken
from action_executor.mail.mime import Mail
from action_executor.mail.smtp import HAND_OVER_SECONDS, SmtpClient
from action_executor.messages import attachments, rules, store
from action_executor.messages.models import HandOverResult, PendingHandOver
from action_executor.sms.by_mail import SmsByMail
from action_executor.sms.gateway import Sms, SmsClient
from chassis.encryption import Encryptor
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
from storage.transient import is_transient

log = structlog.get_logger(__name__)

OUTCOMES: Final = Metric("ledgerwire_messages_total", "Messages handed over or not", ["channel", "outcome"])

AT_ONCE_MAX: Final = 8  # connections to the mail server; common ones allow ten from one client
ACCOUNT_AT_ONCE_MAX: Final = 4  # a run of reminders leaves room for other accounts
JUST_DUE_SECONDS: Final = 1.0  # what came due between a claim and the look for what is next is not overlooked
OVERDUE_PAUSE_SECONDS: Final = 0.1  # between looks while something has just come due
LEASE_SECONDS: Final = 2 * HAND_OVER_SECONDS  # renewed while it takes longer, as with large documents
SETTLE_PAUSES_SECONDS: Final = (0.2, 1.0, 5.0, 20.0)
"""Between tries to write an outcome: one that is lost makes the outcome of a sent message unknown."""
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
        encryptor: Encryptor,
        mail: SmtpClient | None,
        sms: SmsClient | SmsByMail | None,
        schedule: Sequence[float],
        sweep_seconds: float,
    ) -> None:
        self._pool, self._relay, self._urls = pool, relay, urls
        self._encryptor = encryptor
        self._mail, self._sms, self._schedule = mail, sms, schedule
        self._served = store.NO_ACCOUNT  # the account whose turn was last
        self._rendering = asyncio.Semaphore(1)  # a document of 5,000 lines takes a second of one core
        self.worker: Final = LeasedWorker(
            "hand-over-messages",
            pool,
            store.HAND_OVERS,
            claim=self._claim,
            handle=self._handle,
            next_due=self._next_due,
            at_once_max=AT_ONCE_MAX,
            lease_seconds=LEASE_SECONDS,
            sweep_seconds=sweep_seconds,
            overdue_pause_seconds=OVERDUE_PAUSE_SECONDS,
        )
        self.wake: Final = self.worker.wake

    async def accept(self, conn: Connection, jobs: Sequence[tuple[Envelope, SendMessageJob]]) -> None:
        """Insert hand-overs in the caller's transaction; a job that comes again changes nothing."""
        await store.insert(conn, jobs)

    async def _claim(self, room: int) -> list[PendingHandOver]:
        in_hand, found = Counter(item.account_id for item in self.worker.in_flight), list[PendingHandOver]()
        for after in dict.fromkeys((self._served, store.NO_ACCOUNT)):
            more = await store.claim(
                self._pool,
                after=after,
                in_hand=in_hand,
                of_account_max=ACCOUNT_AT_ONCE_MAX,
                hand_overs_max=room - len(found),
                lease_seconds=LEASE_SECONDS,
            )
            in_hand.update(one.account_id for one in more)
            found += more
            self._served = max((one.account_id for one in more), default=self._served)
            if len(found) == room:
                break
        return found

    async def _next_due(self) -> float | None:
        """In how many seconds something comes due; what is due for longer was claimed, or waits for its account."""
        return await store.HAND_OVERS.next_due_seconds(self._pool, since_seconds=JUST_DUE_SECONDS)

    async def _handle(self, item: PendingHandOver) -> None:
        if item.begun:
            await self._save(item, HandOverResult("failed", rules.LOST))
            return
        if item.lost_workers >= rules.LOST_WORKERS_MAX:
            await self._save(item, HandOverResult("failed", rules.NEVER_WRITTEN))
            return
        what = await self._written(item)
        if isinstance(what, NotTaken):
            await self._save(item, HandOverResult("failed", what.reason))
            return
        attempts = await store.begin(self._pool, item)
        if attempts is None:
            await self._save(item, HandOverResult("cancelled", "the ledger has called it off"))
            return
        result = await self._send(what)
        outcome = rules.outcome_of(result, attempts=attempts, schedule=self._schedule, jitter=random.random())  # noqa: S311
        if isinstance(result, HandedOver) and result.source is not None and item.job.origin == "ledger":
            outcome = replace(outcome, source=await asyncio.to_thread(zlib.compress, result.source))
        await self._save(item, outcome, sender=what.sender)

    async def _written(self, item: PendingHandOver) -> Mail | Sms | NotTaken:
        """What is to go, or why it cannot."""
        job = item.job
        if job.channel == "sms":
            return Sms(item.id, job.to[0], job.body, job.sender_name) if self._sms else NO_SMS
        if self._mail is None:
            return NO_MAIL
        account = await store.find_account(self._pool, account_id=item.account_id)
        own = job.sender_address or account.profile.get("email")
        sender = self._mail.sender or own
        if sender is None:
            return NO_SENDER
        try:
            async with self._rendering:
                files = await attachments.render(self._pool, self._urls, account, job.attachments)
        except attachments.DocumentGone as error:
            return NotTaken(str(error))
        return Mail(
            message_id=f"<{item.id}@{self._urls.host}>",
            sender=sender,
            sender_name=job.sender_name or account.legal_name,
            to=job.to,
            cc=job.cc,
            reply_to=job.reply_to or (own if own != sender else None),
            subject=job.subject,
            body=self._encryptor.open(job.sealed_body.encode()) if job.sealed_body else job.body,
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

    async def _save(self, item: PendingHandOver, outcome: HandOverResult, *, sender: str | None = None) -> None:
        """Commit the result of a try together with the command to the ledger; wait for a database that is away."""
        messages = _confirmation(item, outcome, sender)
        for pause_seconds in (*SETTLE_PAUSES_SECONDS, None):
            try:
                await self._commit(item, outcome, messages)
                break
            except Exception as error:
                if pause_seconds is None or not is_transient(error):
                    raise
            await asyncio.sleep(pause_seconds)
        self._relay.push(messages)
        OUTCOMES.labels(item.job.channel, outcome.state).inc()
        log.info("message_settled", account_id=str(item.account_id), id=str(item.id), state=outcome.state)

    async def _commit(self, item: PendingHandOver, outcome: HandOverResult, messages: Sequence[Outgoing]) -> None:
        async with self._pool.acquire() as conn, conn.transaction():
            if not await store.save_result(conn, item, outcome):
                raise LeaseLost
            if outcome.source is not None:
                await store.keep_source(
                    conn, account_id=item.account_id, message_id=item.job.message_id, source=outcome.source
                )
            await record(conn, schema="execution", messages=messages)


def _confirmation(item: PendingHandOver, outcome: HandOverResult, sender: str | None) -> list[Outgoing]:
    if outcome.state not in {"sent", "failed", "cancelled"} or item.job.origin != "ledger":
        return []
    command = Envelope(
        id=derive_id(item.id, "confirm"),
        name=CONFIRM_MESSAGE,
        account_id=item.account_id,
        correlation_id=item.correlation_id,
        causation_id=item.id,
        data={
            "message_id": str(item.job.message_id),
            "outcome": outcome.state,
            "provider_message_id": outcome.provider_id,
            "detail": outcome.detail,
            "sender": sender,
            "has_source": outcome.source is not None,
        },
    )
    return [Outgoing(command.id, LEDGER_COMMANDS.name, command.encode())]
