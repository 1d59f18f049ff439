"""Put pushed messages into their inboxes, each once, and tell that they are there; let rules look at them.

A rule is applied by a command of its own, which goes out with this batch's commit: what comes in needs no lock.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from contracts import present
from contracts.commands import APPLY_INBOX_RULES
from contracts.envelope import Envelope
from contracts.events import event
from contracts.ids import derive_id
from contracts.topology import DISPATCHER_EVENTS, LEDGER_COMMANDS
from ledger.inbox import store
from ledger.inbox.matching import Rule, candidates
from ledger.inbox.rules import InboxMessage, read
from ledger.inbox.shelf import FollowUp
from outbox.hop import Effects
from storage.pool import Connection


async def receive(conn: Connection, commands: Sequence[Envelope], effects: Effects) -> None:
    """Keep a batch's messages and fire `inbox.received` for each that was not there.

    Only a command that somebody waits for, or that came without a channel, is answered: a channel's sender had the
    answer from ingress.
    """
    read_commands: list[tuple[Envelope, InboxMessage]] = []
    for command in commands:
        try:
            read_commands.append((command, read(command)))
        except ValueError as error:
            effects.refused[command.id] = f"not a message for an inbox: {error}"
    unique = {(message.account_id, message.id): message for _, message in read_commands}
    if not unique:
        return
    fresh = await store.insert(conn, messages=list(unique.values()))
    rules = await store.rules(conn, account_ids={message.account_id for message in unique.values()})
    for command, message in read_commands:
        shown = present.inbox_message(_as_row(message))
        if message.channel is None or command.reply_to is not None:
            effects.answer(command, 201, shown)
        if message.id in fresh:
            fresh.discard(message.id)
            told = event(command, "inbox.received", subject_id=message.id, client_id=None, data=shown)
            effects.send(DISPATCHER_EVENTS, told)
            if _may_be_accepted(message, rules[message.account_id].values()):
                follow_up(command, [FollowUp(APPLY_INBOX_RULES, {"id": str(message.id)})], effects)


def follow_up(command: Envelope, commands: Sequence[FollowUp], effects: Effects) -> None:
    """Send the commands that one brings about; each has the id that belongs to both, however often it is sent."""
    for one in commands:
        effects.send(LEDGER_COMMANDS, command.follow(one.name, one.data, identifier=derive_id(command.id, one.name)))


def _may_be_accepted(message: InboxMessage, rules: Iterable[Rule]) -> bool:
    return bool(
        candidates(
            rules,
            box=message.box,
            state=message.state,
            channel_id=message.channel_id,
            document=message.document,
            warnings=message.warnings,
            auto_processing=message.auto_processing,
        )
    )


def _as_row(message: InboxMessage) -> present.Row:
    """The message as `ledger_api.inbox_message` shows it, without asking."""
    undecided = dict.fromkeys(("decided_at", "decided_by", "reason", "result"))
    return {name: getattr(message, name) for name in _SHOWN} | undecided


_SHOWN = (
    "id", "box", "state", "channel", "received_at", "warnings", "duplicate_of", "document", "links", "comment",
    "file",
)  # fmt: skip
