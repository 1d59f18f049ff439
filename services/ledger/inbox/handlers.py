"""Store received messages in their inboxes, each once, with their events; rules are applied afterwards.

A rule is applied by a separate command, which is sent with this batch's commit: receiving needs no lock.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from contracts.resources import inbox_message
from contracts.resources.output import Row
from contracts.urls import PublicUrls
from contracts.wire.commands import APPLY_INBOX_RULES
from contracts.wire.envelope import Envelope
from contracts.wire.events import event
from contracts.wire.topology import DISPATCHER_EVENTS, LEDGER_COMMANDS
from ledger.inbox import repeated, rule_matching, store
from ledger.inbox.message import InboxMessage, read
from ledger.inbox.rule_matching import Rule
from ledger.unit_of_work.state import FollowUp
from outbox.pipeline import BatchEffects
from storage.pool import Connection


async def receive(conn: Connection, commands: Sequence[Envelope], effects: BatchEffects, urls: PublicUrls) -> None:
    """Store a batch's messages and fire `inbox.received` for each new one.

    Only a command with a waiting caller, or without a channel, has a result: a channel's sender got its response from
    ingress. A step's document is compared with the stored ones first: a repeated one has the earlier message as result.
    """
    await _receive(conn, [command for command in commands if not repeated.is_step(command)], effects, urls)
    pushed = [command for command in commands if repeated.is_step(command)]
    # In the order of their references' locks, as concurrent batches take them.
    for command in sorted(pushed, key=_lock_order):
        await _receive(conn, [command], effects, urls)


def _lock_order(command: Envelope) -> tuple[str, str, str]:
    document = command.data.get("document")
    reference = document.get("document_ref") if isinstance(document, dict) else None
    return str(command.account_id), str(command.data.get("box")), str(reference)


async def _receive(conn: Connection, commands: Sequence[Envelope], effects: BatchEffects, urls: PublicUrls) -> None:
    read_commands: list[tuple[Envelope, InboxMessage]] = []
    for command in commands:
        try:
            message = read(command)
        except ValueError as error:
            effects.refused[command.id] = f"not a message for an inbox: {error}"
            continue
        compared = await repeated.compare(conn, message) if repeated.is_step(command) else message
        if isinstance(compared, dict):
            effects.answer(command, 200, inbox_message.from_row(compared, urls) | {"duplicate": True})
        else:
            read_commands.append((command, compared))
    unique = {(message.account_id, message.id): message for _, message in read_commands}
    if not unique:
        return
    rules = await store.rules(conn, account_ids={message.account_id for message in unique.values()})
    candidates = {key: _candidates(message, rules[message.account_id].values()) for key, message in unique.items()}
    unique = {key: _warned(message, candidates[key]) for key, message in unique.items()}
    fresh = await store.insert(conn, messages=list(unique.values()))
    for command, read_message in read_commands:
        key = (read_message.account_id, read_message.id)
        message = unique[key]
        result_entity = inbox_message.from_row(_as_row(message), urls)
        if message.channel is None or command.reply_to is not None:
            pushed = result_entity | ({"duplicate": False} if repeated.is_step(command) else {})
            effects.answer(command, 201, pushed)
        if message.id in fresh:
            fresh.discard(message.id)
            outgoing = event(command, "inbox.received", subject_id=message.id, client_id=None, data=result_entity)
            effects.send(DISPATCHER_EVENTS, outgoing)
            if candidates[key]:
                follow_up = FollowUp(APPLY_INBOX_RULES, {"id": str(message.id)})
                effects.send(LEDGER_COMMANDS, follow_up.caused_by(command))


def _candidates(message: InboxMessage, rules: Iterable[Rule]) -> list[Rule]:
    return rule_matching.candidates(
        rules,
        box=message.box,
        state=message.state,
        channel_id=message.channel_id,
        document=message.document,
        warnings=message.warnings,
        auto_processing=message.auto_processing,
    )


def _warned(message: InboxMessage, candidates: Sequence[Rule]) -> InboxMessage:
    """Add a warning to a message that has flags and that no rule handles; a rule adds its own warnings."""
    sender_request = rule_matching.sender_request_of(message.auto_processing)
    if candidates or not sender_request.words:
        return message
    warning = rule_matching.not_followed(sender_request, box=message.box, channel_id=message.channel_id)
    return replace(message, warnings=[*message.warnings, dict(warning)])


def _as_row(message: InboxMessage) -> Row:
    """The message as `ledger_api.inbox_message` shows it, without asking."""
    undecided = dict.fromkeys(("decided_at", "decided_by", "reason", "result"))
    return {name: getattr(message, name) for name in _SHOWN} | undecided


_SHOWN = (
    "id", "box", "state", "channel", "received_at", "warnings", "duplicate_of", "document", "links", "comment",
    "file", "format", "attachments",
)  # fmt: skip
