"""The outcomes of handing a message to a provider, a mail server or an SMS gateway: a closed set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

PROVIDER_CHARACTERS_MAX: Final = 500  # stored of a provider's response


@dataclass(frozen=True, slots=True)
class HandedOver:
    """The provider accepted it.

    `provider_id` is its id there; `refused` are rejected recipients. `source` is the sent mail.
    """

    provider_id: str
    detail: str | None = None
    refused: tuple[str, ...] = ()
    source: bytes | None = None


@dataclass(frozen=True, slots=True)
class TryLater:
    """It was not accepted, and may be later; not before `after_seconds`."""

    reason: str
    after_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class NotTaken:
    """It was rejected finally, or the outcome is unknown: nothing is sent twice."""

    reason: str


HandOver: TypeAlias = HandedOver | TryLater | NotTaken


def unknown(reason: str) -> NotTaken:
    """The connection ended after sending and before a response."""
    return NotTaken(f"whether it was sent is not known: {reason}; send it again if it did not arrive")


def clipped(words: str) -> str:
    """A provider's words on one line, bounded."""
    return " ".join(words.split())[:PROVIDER_CHARACTERS_MAX]
