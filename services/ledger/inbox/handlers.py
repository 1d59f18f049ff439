"""Put pushed messages into their inboxes, each once, and tell that they are there."""

from __future__ import annotations

from collections.abc import Sequence

from contracts import present
from contracts.envelope import Envelope
from contracts.events import event
from contracts.topology import DISPATCHER_EVENTS
from ledger.inbox import store
from ledger.inbox.rules import InboxMessage, read
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
    for command, message in read_commands:
        shown = present.inbox_message(_as_row(message))
        if message.channel_id is None or command.reply_to is not None:
            effects.answer(command, 201, shown)
        if message.id in fresh:
            fresh.discard(message.id)
            told = event(command, "inbox.received", subject_id=message.id, client_id=None, data=shown)
            effects.send(DISPATCHER_EVENTS, told)


def _as_row(message: InboxMessage) -> present.Row:
    """The message as `ledger_api.inbox_message` shows it, without asking."""
    return {name: getattr(message, name) for name in _SHOWN}


_SHOWN = (
    "id", "box", "state", "channel_id", "received_at", "warnings", "duplicate_of", "document", "links", "comment",
)  # fmt: skip
