"""Decide `confirm_message`: what became of a hand-over; only that makes a message sent."""

from __future__ import annotations

from contracts.resources.messages import ConfirmMessage
from ledger.errors import NotFound
from ledger.messages.message import confirmed
from ledger.messages.state import LoadedMessages, MessageChanges, MessagePlan
from ledger.unit_of_work.command_handler import CommandHandler
from ledger.unit_of_work.state import ChangeSet, CommandContext, DomainEvent, LoadedState, ReadPlan


def _plan(ctx: CommandContext[ConfirmMessage], plan: ReadPlan) -> None:
    plan[MessagePlan].ids.add(ctx.key(ctx.input.message_id))


def _confirm(ctx: CommandContext[ConfirmMessage], state: LoadedState) -> ChangeSet:
    before = state[LoadedMessages].messages.get(ctx.key(ctx.input.message_id))
    if before is None:
        raise NotFound("There is no message with this id.")
    after = confirmed(before, ctx.input, ctx.now)
    changes = ChangeSet(None, result_body={"id": str(after.id), "state": after.state}, subject_id=after.id)
    if after is before:
        return changes
    changes[MessageChanges].messages[after.id] = after
    if after.state == "sent":
        changes.domain_events.append(DomainEvent("message.created", "message", after.id, after.client_id))
        changes.domain_events += [
            DomainEvent("sale.sent", "sale", sale_id, after.client_id) for sale_id in after.sale_ids
        ]
    return changes


CONFIRM_MESSAGE = CommandHandler(ConfirmMessage, _plan, _confirm)
