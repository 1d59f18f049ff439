"""Decide `receive_message`: a reply or a mail server's report is matched, kept, and takes effect on what was sent."""

from __future__ import annotations

from contracts.resources.account import awaits_replies
from contracts.resources.received_messages import ReceivedMessage
from ledger.collections.due.state import make_due
from ledger.messages.handlers import put
from ledger.messages.message import Message, returned
from ledger.messages.rules import Match, address_key, match
from ledger.messages.state import LoadedMessages, MessageChanges, MessagePlan, Unreachable
from ledger.unit_of_work.command_handler import CommandHandler
from ledger.unit_of_work.state import ChangeSet, CommandContext, DomainEvent, LoadedState, ReadPlan


def _plan(ctx: CommandContext[ReceivedMessage], plan: ReadPlan) -> None:
    given, wanted = ctx.input, plan[MessagePlan]
    wanted.ids.update(ctx.key(identifier) for identifier in given.tokens)
    wanted.provider_ids.update((ctx.account.id, reference) for reference in given.references)
    if given.sender is not None:
        wanted.senders.add(address_key(ctx.account.id, given.channel, given.sender))
    wanted.recipients.update(address_key(ctx.account.id, given.channel, one.address) for one in given.undelivered)


def _receive(ctx: CommandContext[ReceivedMessage], state: LoadedState) -> ChangeSet:
    given = ctx.input
    found = match(ctx.account.id, given, state[LoadedMessages])
    message = _message(ctx, found)
    changes = ChangeSet(("message", message.id), http_status=201)
    put(changes, message)
    if given.automatic is None and message.client_id is not None:
        changes.domain_events.append(DomainEvent("message.created", "message", message.id, message.client_id))
    if given.automatic == "bounce" and found.original is not None:
        _return(changes, found.original, ctx)
    _mark(changes, ctx, found)
    return changes


RECEIVE_MESSAGE = CommandHandler(ReceivedMessage, _plan, _receive)


def _message(ctx: CommandContext[ReceivedMessage], found: Match) -> Message:
    given = ctx.input
    return Message(
        account_id=ctx.account.id,
        id=given.message_id,
        client_id=found.client_id,
        purpose="reply",
        channel=given.channel,
        state="received",
        sale_ids=[] if found.original is None else list(found.original.sale_ids),
        sender=given.sender,
        recipient=given.recipient,
        subject=given.subject,
        body=given.body,
        provider_message_id=given.provider_message_id,
        detail="; ".join(one.reason for one in given.undelivered)[:1000] or None,
        command_id=ctx.envelope.id,
        created_at=ctx.now,
        sent_at=None,
        updated_at=ctx.now,
        direction="received",
        occurred_at=given.received_at,
        quoted=given.quoted,
        in_reply_to=None if found.original is None else found.original.id,
        automatic=given.automatic,
        needs_response=given.automatic is None and awaits_replies(ctx.account.collections),
        attachments=list(given.attachments),
        source=given.source,
    )


def _return(changes: ChangeSet, original: Message, ctx: CommandContext[ReceivedMessage]) -> None:
    """Let a message that came back be failed, with the reason of the server that returned it."""
    permanent = [one.reason for one in ctx.input.undelivered if one.permanent]
    after = returned(original, permanent[0], ctx.now) if permanent else original
    if after is not original:
        put(changes, after)
        changes.domain_events.append(DomainEvent("message.failed", "message", after.id, after.client_id))


def _mark(changes: ChangeSet, ctx: CommandContext[ReceivedMessage], found: Match) -> None:
    """Mark the addresses that take no messages, or do not want any."""
    reason = ctx.input.automatic
    if reason is None or reason == "auto_reply":
        return
    for one in ctx.input.undelivered:
        if one.permanent:
            key = address_key(ctx.account.id, ctx.input.channel, one.address)
            changes[MessageChanges].unreachable.append(
                Unreachable(*key, reason=reason, message_id=ctx.input.message_id, created_at=ctx.now)
            )
    if found.client_id is not None:
        make_due(changes, found.client_id)
