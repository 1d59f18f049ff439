"""Compose what a step says and sends: the letter to render, then the message and the job that hands it over. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from contracts.primitives.ids import new_id
from contracts.reply_tokens import marked
from contracts.urls import PublicUrls
from contracts.wire.envelope import Envelope
from contracts.wire.jobs import (
    ATTACHMENTS_MAX,
    SEND_MESSAGE,
    Attachment,
    DocumentAttachment,
    SendMessageJob,
    StatementAttachment,
)
from ledger.collections.cases.models import Case, CollectingAccount, Debtor, OpenInvoice
from ledger.collections.cases.rules import Decided, Taken
from ledger.collections.cases.store import number_of
from ledger.collections.cases.write import OutgoingMessage
from templates.reminders import LISTED_MAX, ListedInvoice, one_line, template_names, texts_of
from templates.renderer import Letter

SMS_CHARACTERS_MAX: Final = 1_600  # ten parts, the most that gateways take


def letter_of(decided: Decided, debtor: Debtor, account: CollectingAccount, *, now: datetime) -> Letter | None:
    """What has to be rendered before a step is taken; None where nothing is said."""
    taken = decided.taken
    if taken is None:
        return None
    names = template_names(
        client=debtor.row,
        account={**account.row["profile"], "name": account.row["name"]},
        invoices=[_listed(one) for one in taken.invoices],
        step=taken.step + 1,
        today=account.account.day(now),
    )
    if taken.spec.channel == "move":
        return _notice(taken, account, names)
    if not taken.spec.template:
        return None
    _, texts = texts_of(taken.spec.template, debtor.row["locale"], account.locale)
    return Letter({name: texts[name] for name in ("subject", "body") if texts.get(name)}, names)


def _notice(taken: Taken, account: CollectingAccount, names: dict[str, Any]) -> Letter | None:
    target = account.collectors.get(taken.spec.target_id) if taken.spec.target_id else None
    if taken.spec.notify is None or target is None:
        return None
    names["target"] = {"id": str(target.id), "name": target.name}
    return Letter({name: taken.spec.notify[name] for name in ("subject", "body")}, names)


def _listed(one: OpenInvoice) -> ListedInvoice:
    return ListedInvoice(
        one.number, one.document_date, one.date_due, one.currency, one.total_minor, one.open_minor, one.disputed
    )


_THANKS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType({
    "en": {"subject": "Thank you for your payment", "body": "Dear {0},\n\nthank you: we have your payment.\n\n{1}\n"},
    "fr": {"subject": "Merci de votre paiement", "body": "Bonjour {0},\n\nmerci de votre paiement.\n\n{1}\n"},
    "es": {"subject": "Gracias por su pago", "body": "Hola, {0}:\n\ngracias: hemos recibido su pago.\n\n{1}\n"},
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Composed:
    """A message as it is kept, and the job that hands it over."""

    message: OutgoingMessage
    job: Envelope


def compose(
    decided: Decided,
    debtor: Debtor,
    account: CollectingAccount,
    texts: Mapping[str, str],
    urls: PublicUrls,
    *,
    now: datetime,
) -> Composed:
    """The reminder of a step that is taken."""
    taken, message_id = decided.taken, new_id()
    assert taken is not None  # noqa: S101  only what is taken is said
    is_mail = taken.spec.channel == "email"
    thread = decided.untaken.thread_id if is_mail else None
    body = marked(texts["body"], message_id) if is_mail else texts["body"].strip()[:SMS_CHARACTERS_MAX]
    message = OutgoingMessage(
        account_id=debtor.account_id,
        id=message_id,
        client_id=debtor.id,
        purpose="reminder",
        channel=taken.spec.channel,
        sale_ids=[one.id for one in taken.invoices[:LISTED_MAX]],
        recipient=debtor.row["email"] if is_mail else number_of(debtor.row) or "",
        subject=one_line(texts["subject"]) if is_mail else None,
        body=body,
        in_reply_to=thread,
        command_id=message_id,
        created_at=now,
    )
    job = _job(message, account, urls, cc=taken.spec.cc if is_mail else (), files=_files(message, taken))
    return Composed(message, job)


def _files(message: OutgoingMessage, taken: Taken) -> list[Attachment]:
    """What a reminder by mail carries; the PDF of a disputed invoice would demand its amount."""
    if message.channel != "email":
        return []
    spec = taken.spec
    demanded = [one.id for one in taken.invoices if not one.disputed]
    sale_ids = demanded[:ATTACHMENTS_MAX] if spec.attach_pdf else []
    files: list[Attachment] = [DocumentAttachment(sale_id=sale_id) for sale_id in sale_ids]
    return [*files, StatementAttachment(client_id=message.client_id)] if spec.attach_statement else files


def thanks_to(debtor: Debtor, account: CollectingAccount, case: Case, urls: PublicUrls, *, now: datetime) -> Composed:
    """A mail that thanks a client for paying what it was reminded of."""
    _, texts = texts_of(_THANKS, debtor.row["locale"], account.locale)
    person = " ".join(filter(None, (debtor.row["first_name"], debtor.row["last_name"]))) or debtor.row["name"]
    sender = account.row["profile"].get("legal_name") or account.row["name"]
    message_id = new_id()
    message = OutgoingMessage(
        account_id=debtor.account_id,
        id=message_id,
        client_id=debtor.id,
        purpose="message",
        channel="email",
        sale_ids=case.sale_ids,
        recipient=debtor.row["email"],
        subject=texts["subject"],
        body=marked(texts["body"].format(person, sender), message_id),
        in_reply_to=case.thread_id,
        command_id=message_id,
        created_at=now,
    )
    return Composed(message, _job(message, account, urls, cc=(), files=[]))


def notice_to(
    recipient: str, debtor_id: UUID, account: CollectingAccount, *, subject: str, body: str, now: datetime
) -> OutgoingMessage:
    """A mail to a person of the account about a client."""
    message_id = new_id()
    return OutgoingMessage(
        account_id=account.account.id,
        id=message_id,
        client_id=debtor_id,
        purpose="notification",
        channel="email",
        sale_ids=[],
        recipient=recipient,
        subject=one_line(subject),
        body=body,
        in_reply_to=None,
        command_id=message_id,
        created_at=now,
    )


def _job(
    message: OutgoingMessage,
    account: CollectingAccount,
    urls: PublicUrls,
    *,
    cc: Sequence[str],
    files: Sequence[Attachment],
) -> Envelope:
    settings, is_mail = account.settings, message.channel == "email"
    thread = None if message.in_reply_to is None else f"<{message.in_reply_to}@{urls.host}>"
    job = SendMessageJob(
        message_id=message.id,
        channel="email" if is_mail else "sms",
        to=[message.recipient],
        cc=list(cc),
        subject=message.subject or "",
        body=message.body,
        sender_name=settings.get("sender_name") if is_mail else settings.get("sms_sender"),
        reply_to=settings.get("reply_to") if is_mail else None,
        in_reply_to=thread,
        references=[] if thread is None else [thread],
        attachments=list(files),
    )
    return Envelope(
        id=message.id,  # of the mail's Message-ID, which answers and later reminders name
        name=SEND_MESSAGE,
        account_id=message.account_id,
        correlation_id=message.id,
        data=job.model_dump(mode="json"),
    )
