"""Decide whose a received message is, and what it means for what was sent: pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from contracts.resources.messages import Automatic, Channel
from contracts.resources.received_messages import ReceivedMessage
from ledger.messages import phones
from ledger.messages.message import Message
from ledger.messages.state import AddressKey, LoadedMessages

DELIVERY_REPORTS: Final[frozenset[Automatic]] = frozenset({"bounce", "complaint"})
"""Written by mail servers about a message of ours, not by its client."""


@dataclass(frozen=True, slots=True)
class Match:
    """Whose a received message is, and the message that it answers or reports; both None: matched to nothing."""

    client_id: UUID | None = None
    original: Message | None = None


def address_key(account_id: UUID, channel: Channel, address: str) -> AddressKey:
    """How an address is looked up: without regard to capitals, a number in E.164 form."""
    if channel == "sms":
        return account_id, channel, phones.e164(address) or address.strip()
    return account_id, channel, address.strip().lower()


def match(account_id: UUID, received: ReceivedMessage, known: LoadedMessages) -> Match:
    """Match by token, then by Message-ID, then by address or number.

    Who writes from an address of another client still answers the message whose token they quote.
    """
    named = [(account_id, identifier) for identifier in received.tokens]
    answered = [known.by_provider_id.get((account_id, reference)) for reference in received.references]
    candidates = [known.messages.get(key) for key in named]
    candidates += [known.messages.get((account_id, one)) for one in answered if one is not None]
    original = next((one for one in candidates if one is not None and one.client_id is not None), None)
    if original is not None:
        return Match(original.client_id, original)
    if received.automatic in DELIVERY_REPORTS:
        return _of_latest(account_id, (one.address for one in received.undelivered), received.channel, known)
    if received.sender is None:
        return Match()
    return Match(known.clients.get(address_key(account_id, received.channel, received.sender)))


def _of_latest(account_id: UUID, addresses: Iterable[str], channel: Channel, known: LoadedMessages) -> Match:
    """By the last message that went to one of these addresses."""
    for address in addresses:
        latest = known.latest.get(address_key(account_id, channel, address))
        original = None if latest is None else known.messages.get((account_id, latest))
        if original is not None:
            return Match(original.client_id, original)
    return Match()
