"""Decide `send_sale`: a message with the document is sent to its client once the command is committed."""

from __future__ import annotations

from dataclasses import replace

from contracts.command_errors import InvalidInput
from contracts.primitives.ids import new_id
from contracts.primitives.money import from_minor
from contracts.primitives.problem import FieldError
from contracts.reply_tokens import marked
from contracts.resources.document_kinds import KINDS
from contracts.resources.transitions import SendSale
from contracts.wire.jobs import DocumentAttachment, SendMessageJob
from ledger.clients.state import ClientPlan, LoadedClients
from ledger.messages.message import Message
from ledger.messages.state import request
from ledger.sales import lookup
from ledger.sales import transitions as states
from ledger.sales.default_texts import DocumentFacts, subject_and_body
from ledger.sales.sale import Sale
from ledger.sales.state import LoadedSales, SaleChanges, SalePlan
from ledger.unit_of_work.command_handler import CommandHandler
from ledger.unit_of_work.state import ChangeSet, CommandContext, LoadedState, ReadPlan


def _plan(ctx: CommandContext[SendSale], plan: ReadPlan) -> None:
    plan[SalePlan].documents.add(ctx.key(ctx.input.id))


def _plan_client(ctx: CommandContext[SendSale], state: LoadedState, plan: ReadPlan) -> None:
    if (document_state := state[LoadedSales].states.get(ctx.key(ctx.input.id))) is not None:
        plan[ClientPlan].ids.add(ctx.key(document_state.client_id))


def _send(ctx: CommandContext[SendSale], state: LoadedState) -> ChangeSet:
    before, sale = lookup.state_of(ctx, state, ctx.input.id), lookup.document_of(ctx, state, ctx.input.id)
    states.decide_transition(before.sale_type, before.status, "send")
    client = state[LoadedClients].clients[ctx.key(before.client_id)]
    recipient = ctx.input.to or client.email
    if recipient is None:
        raise InvalidInput(faults=[FieldError("to", "is needed: the client has no email address")])
    subject, body = subject_and_body(_facts(sale, client.name), client.locale or "en")
    message_id = new_id()
    message = Message(
        account_id=ctx.account.id,
        id=message_id,
        client_id=client.id,
        purpose="document",
        channel="email",
        state="requested",
        sale_ids=[sale.id],
        sender=None,
        recipient=recipient,
        subject=ctx.input.subject or subject,
        body=marked(ctx.input.body or body, message_id),
        provider_message_id=None,
        detail=None,
        command_id=ctx.envelope.id,
        created_at=ctx.now,
        sent_at=None,
        updated_at=ctx.now,
    )
    job = SendMessageJob(
        message_id=message.id,
        channel="email",
        to=[recipient],
        subject=message.subject or "",
        body=message.body,
        attachments=[DocumentAttachment(sale_id=sale.id)],
    )
    changes = ChangeSet(("sale", sale.id))
    changes[SaleChanges].set_document_state(replace(before, send_requested_at=ctx.now, updated_at=ctx.now))
    request(changes, message, job)
    return changes


def _facts(sale: Sale, name: str) -> DocumentFacts:
    # As on its PDF: an estimate asks for its deposit alone, and its date is the day until which it holds.
    asks = KINDS[sale.sale_type].asks_for == "total"
    due = sale.date_due.isoformat() if sale.date_due and asks else None
    total = from_minor(sale.total_minor, sale.currency)
    return DocumentFacts(sale.sale_type, sale.number or "", name, total, sale.currency, due)


SEND_SALE = CommandHandler(SendSale, _plan, _send, _plan_client)
