"""Decide what becomes of messages: a confirmed hand-over, a report from outside, an assignment, a given response."""

from __future__ import annotations

from dataclasses import replace

from contracts.command_errors import NotFound, StateForbids
from contracts.primitives.ids import new_id
from contracts.resources.messages import AssignMessage, ConfirmMessage, ReportedMessage
from contracts.resources.transitions import ByIdInput
from ledger.clients import handlers as clients
from ledger.clients.state import ClientPlan
from ledger.collections.due.state import make_due
from ledger.messages.message import Message, confirmed, resolved
from ledger.messages.rules import address_key
from ledger.messages.state import LoadedMessages, MessageChanges, MessagePlan
from ledger.unit_of_work.command_handler import CommandHandler
from ledger.unit_of_work.state import ChangeSet, CommandContext, DomainEvent, LoadedState, ReadPlan


def _plan(ctx: CommandContext[ConfirmMessage], plan: ReadPlan) -> None:
    plan[MessagePlan].ids.add(ctx.key(ctx.input.message_id))


def _confirm(ctx: CommandContext[ConfirmMessage], state: LoadedState) -> ChangeSet:
    """Write down what became of a hand-over; only that makes a message sent."""
    before = state[LoadedMessages].messages.get(ctx.key(ctx.input.message_id))
    if before is None:
        raise NotFound("There is no message with this id.")
    after = confirmed(before, ctx.input, ctx.now)
    changes = ChangeSet(None, result_body={"id": str(after.id), "state": after.state}, subject_id=after.id)
    if before.state == "cancelled" and ctx.input.outcome == "cancelled":
        changes[MessageChanges].never_sent.add(after.id)
    if after is before:
        return changes
    # A reminder that went is what its case was decided on: to decide again would double the work of each.
    if after.purpose == "reminder" and after.state == "sent" and before.state == "requested":
        changes[MessageChanges].messages[after.id] = after
    else:
        put(changes, after)
    if after.purpose == "notification":
        return changes
    if after.state == "failed":
        changes.domain_events.append(DomainEvent("message.failed", "message", after.id, after.client_id))
        return changes
    changes.domain_events.append(DomainEvent("message.created", "message", after.id, after.client_id))
    if after.purpose == "document":
        changes.domain_events += [
            DomainEvent("sale.sent", "sale", sale_id, after.client_id) for sale_id in after.sale_ids
        ]
    if after.recipient is not None:
        changes[MessageChanges].reachable.append(address_key(ctx.account.id, after.channel, after.recipient))
    return changes


CONFIRM_MESSAGE = CommandHandler(ConfirmMessage, _plan, _confirm)


def put(changes: ChangeSet, message: Message) -> None:
    """Let a message be written, and its client's cases be decided on again."""
    changes[MessageChanges].messages[message.id] = message
    if message.client_id is not None:
        make_due(changes, message.client_id)


def _plan_report(ctx: CommandContext[ReportedMessage], plan: ReadPlan) -> None:
    plan[ClientPlan].ids.add(ctx.key(ctx.input.client_id))
    if ctx.input.in_reply_to is not None:
        plan[MessagePlan].ids.add(ctx.key(ctx.input.in_reply_to))


def _report(ctx: CommandContext[ReportedMessage], state: LoadedState) -> ChangeSet:
    """Keep a message that another system sent or received; its trigger fires and nothing is sent."""
    given = ctx.input
    client = clients.named(ctx, state, given.client_id)
    occurred_at = given.occurred_at or ctx.now
    is_sent = given.direction == "sent"
    message = Message(
        account_id=ctx.account.id,
        id=new_id(),
        client_id=client.id,
        purpose="message" if is_sent else "reply",
        channel=given.channel,
        state="sent" if is_sent else "received",
        sale_ids=list(given.sale_ids),
        sender=given.sender,
        recipient=given.recipient,
        subject=given.subject,
        body=given.body,
        provider_message_id=None,
        detail=None,
        command_id=ctx.envelope.id,
        created_at=ctx.now,
        sent_at=occurred_at if is_sent else None,
        updated_at=ctx.now,
        direction=given.direction,
        origin="external",
        occurred_at=occurred_at,
        in_reply_to=given.in_reply_to,
    )
    changes = ChangeSet(("message", message.id), http_status=201)
    put(changes, message)
    changes.domain_events.append(DomainEvent("message.created", "message", message.id, client.id))
    return changes


REPORT_MESSAGE = CommandHandler(ReportedMessage, _plan_report, _report)


def _plan_assign(ctx: CommandContext[AssignMessage], plan: ReadPlan) -> None:
    plan[MessagePlan].ids.add(ctx.key(ctx.input.id))
    plan[ClientPlan].ids.add(ctx.key(ctx.input.client_id))


def _assign(ctx: CommandContext[AssignMessage], state: LoadedState) -> ChangeSet:
    """Let an unmatched message be a client's: from now on it counts as received from there."""
    before = _named(ctx, state)
    client = clients.named(ctx, state, ctx.input.client_id)
    changes = ChangeSet(("message", before.id))
    if before.client_id == client.id:
        return changes
    if before.client_id is not None:
        raise StateForbids(f"The message is that of the client {before.client_id}: only an unmatched one is assigned.")
    put(changes, replace(before, client_id=client.id, updated_at=ctx.now))
    if before.automatic is None:
        changes.domain_events.append(DomainEvent("message.created", "message", before.id, client.id))
    return changes


ASSIGN_MESSAGE = CommandHandler(AssignMessage, _plan_assign, _assign)


def _plan_one(ctx: CommandContext[ByIdInput], plan: ReadPlan) -> None:
    plan[MessagePlan].ids.add(ctx.key(ctx.input.id))


def _resolve(ctx: CommandContext[ByIdInput], state: LoadedState) -> ChangeSet:
    """Let a message need no response any more; one that needs none stays as it is."""
    before = _named(ctx, state)
    after = resolved(before, ctx.now)
    changes = ChangeSet(("message", before.id))
    if after is not before:
        put(changes, after)
    return changes


RESOLVE_MESSAGE = CommandHandler(ByIdInput, _plan_one, _resolve)


def _named(ctx: CommandContext[AssignMessage] | CommandContext[ByIdInput], state: LoadedState) -> Message:
    message = state[LoadedMessages].messages.get(ctx.key(ctx.input.id))
    if message is None:
        raise NotFound("There is no message with this id.")
    return message
