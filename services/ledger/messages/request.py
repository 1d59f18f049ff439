"""Decide `request_message`: a person's message to a client goes out once the command is committed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from contracts.command_errors import InvalidInput, NotFound, StateForbids
from contracts.primitives.ids import new_id
from contracts.primitives.problem import FieldError
from contracts.reply_tokens import marked
from contracts.resources.messages import SMS_CHARS_MAX, MessageToSend
from contracts.wire.jobs import Attachment, DocumentAttachment, SendMessageJob, StatementAttachment
from ledger.clients import handlers as clients
from ledger.clients.rules import Client
from ledger.clients.state import ClientPlan, LoadedClients
from ledger.errors import Faults, at
from ledger.messages import phones
from ledger.messages.message import Message
from ledger.messages.rules import address_key
from ledger.messages.state import LoadedMessages, MessagePlan, request
from ledger.sales.state import LoadedSales, SalePlan
from ledger.unit_of_work.command_handler import CommandHandler
from ledger.unit_of_work.state import ChangeSet, CommandContext, LoadedState, ReadPlan

_ANSWER: Final = "Re: "


def _plan(ctx: CommandContext[MessageToSend], plan: ReadPlan) -> None:
    plan[ClientPlan].ids.add(ctx.key(ctx.input.client_id))
    plan[SalePlan].states.update(ctx.key(sale_id) for sale_id in ctx.input.sale_ids)
    if ctx.input.in_reply_to is not None:
        plan[MessagePlan].ids.add(ctx.key(ctx.input.in_reply_to))


def _plan_address(ctx: CommandContext[MessageToSend], state: LoadedState, plan: ReadPlan) -> None:
    client = state[LoadedClients].clients.get(ctx.key(ctx.input.client_id))
    address = None if client is None else _address(ctx, client)
    if address is not None:
        plan[MessagePlan].reachability.add(address_key(ctx.account.id, ctx.input.channel, address))


def _request(ctx: CommandContext[MessageToSend], state: LoadedState) -> ChangeSet:
    given = ctx.input
    client = clients.named(ctx, state, given.client_id)
    _check_sales(ctx, state, given.sale_ids)
    answered = _answered(ctx, state)
    recipient = _recipient(ctx, client, state)
    message_id = new_id()
    subject = given.subject or (_subject_of(answered) if answered else None)
    if given.channel == "email" and subject is None:
        raise InvalidInput(faults=[FieldError("subject", "is needed for an email")])
    if given.channel == "sms" and len(given.body) > SMS_CHARS_MAX:
        raise InvalidInput(faults=[FieldError("body", f"of an SMS has at most {SMS_CHARS_MAX} characters")])
    message = Message(
        account_id=ctx.account.id,
        id=message_id,
        client_id=client.id,
        purpose="message",
        channel=given.channel,
        state="requested",
        sale_ids=list(given.sale_ids),
        sender=None,
        recipient=recipient,
        subject=subject,
        body=marked(given.body, message_id) if given.channel == "email" else given.body,
        provider_message_id=None,
        detail=None,
        command_id=ctx.envelope.id,
        created_at=ctx.now,
        sent_at=None,
        updated_at=ctx.now,
        in_reply_to=None if answered is None else answered.id,
    )
    changes = ChangeSet(("message", message.id), http_status=201)
    request(changes, message, _job(message, answered, ctx.account.collections, _files(given)))
    return changes


REQUEST_MESSAGE = CommandHandler(MessageToSend, _plan, _request, _plan_address)


def _files(given: MessageToSend) -> list[Attachment]:
    files: list[Attachment] = [DocumentAttachment(sale_id=sale_id) for sale_id in given.sale_ids if given.attach_pdf]
    return [*files, StatementAttachment(client_id=given.client_id)] if given.attach_statement else files


def _job(
    message: Message, answered: Message | None, settings: Mapping[str, Any], files: list[Attachment]
) -> SendMessageJob:
    thread = None if answered is None or message.channel == "sms" else answered.provider_message_id
    return SendMessageJob(
        message_id=message.id,
        channel=message.channel,
        to=[message.recipient or ""],
        subject=message.subject or "",
        body=message.body,
        sender_name=settings.get("sms_sender" if message.channel == "sms" else "sender_name"),
        reply_to=settings.get("reply_to") if message.channel == "email" else None,
        in_reply_to=thread,
        references=[] if thread is None else [thread],
        attachments=files,
    )


def _check_sales(ctx: CommandContext[MessageToSend], state: LoadedState, sale_ids: list[UUID]) -> None:
    faults = Faults()
    for index, sale_id in enumerate(sale_ids):
        sale = state[LoadedSales].states.get(ctx.key(sale_id))
        if sale is None:
            raise NotFound(faults=[FieldError(at("sale_ids", index), "unknown sale")])
        if sale.client_id != ctx.input.client_id:
            faults.add(at("sale_ids", index), "is another client's")
    faults.refuse_if_any()


def _answered(ctx: CommandContext[MessageToSend], state: LoadedState) -> Message | None:
    if ctx.input.in_reply_to is None:
        return None
    message = state[LoadedMessages].messages.get(ctx.key(ctx.input.in_reply_to))
    if message is None or message.client_id != ctx.input.client_id:
        raise NotFound(faults=[FieldError("in_reply_to", "is no message of this client")])
    return message


def _subject_of(answered: Message) -> str | None:
    if answered.subject is None:
        return None
    return answered.subject if answered.subject.lower().startswith("re:") else f"{_ANSWER}{answered.subject}"[:250]


def _address(ctx: CommandContext[MessageToSend], client: Client) -> str | None:
    """Where the message goes: as asked for, else to the client; None where that is no address or number."""
    if ctx.input.channel == "email":
        return ctx.input.to or client.email
    country = (client.address or {}).get("country")
    number = ctx.input.to or client.phone
    return None if number is None else phones.e164(number, country)


def _recipient(ctx: CommandContext[MessageToSend], client: Client, state: LoadedState) -> str:
    address = _address(ctx, client)
    if address is None or (ctx.input.channel == "email" and "@" not in address):
        raise InvalidInput(faults=[FieldError("to", _missing(ctx, client))])
    if state[LoadedMessages].unreachable.get(address_key(ctx.account.id, ctx.input.channel, address)) == "complaint":
        raise StateForbids(f"{address} has complained about messages: send to another address with to.")
    return address


def _missing(ctx: CommandContext[MessageToSend], client: Client) -> str:
    if ctx.input.channel == "email":
        return "must be a mail address" if ctx.input.to else "is needed: the client has no email address"
    if ctx.input.to or client.phone:
        return "must be a phone number with its country's code, such as +37120000000"
    return "is needed: the client has no phone number"
