"""Recognise a document that a step pushes again, in the transaction that would store it.

Ingress recognises what channels and its API receive. A step's document reaches the ledger past ingress, with a file
that was fetched: it is compared with the messages under its reference here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from contracts.resources.inbox import message_warning
from contracts.wire.envelope import Envelope
from documents.command_form import reference_in
from ledger.inbox import store
from ledger.inbox.message import InboxMessage
from storage.pool import Connection


def is_step(command: Envelope) -> bool:
    """Whether a command pushes a step's document."""
    return command.data.get("from_step") is True


async def compare(conn: Connection, message: InboxMessage) -> InboxMessage | dict[str, Any]:
    """Return the earlier message's row for a repeated document, else the message, flagged if it resembles another.

    Concurrent steps with one reference wait for each other's commit here.
    """
    under_reference = await store.lock_reference(conn, message=message)
    earlier = [row for row in under_reference if row["id"] != message.id]
    for row in earlier:
        if row["channel"] is None and _content(row) == _content_of(message):
            return row
    same_party = [row for row in earlier if reference_in(row["document"]) == reference_in(message.document)]
    return _flagged(message, same_party) if same_party else message


def _flagged(message: InboxMessage, resembled: Sequence[dict[str, Any]]) -> InboxMessage:
    first = resembled[0]["id"]
    text = f"is that of the message {first}, which has other content: compare the two before accepting this one"
    warning = message_warning("resembles", "document.document_ref", text)
    return replace(message, state="duplicate", duplicate_of=first, warnings=[*message.warnings, dict(warning)])


def _content(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["document"], row["links"], row["comment"], (row["file"] or {}).get("sha256")


def _content_of(message: InboxMessage) -> tuple[Any, ...]:
    return message.document, message.links, message.comment, (message.file or {}).get("sha256")
