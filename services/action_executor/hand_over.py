"""What becomes of handing something to a provider, a mail server or an SMS gateway: a closed set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

PROVIDER_CHARACTERS_MAX: Final = 500  # kept of a provider's words


@dataclass(frozen=True, slots=True)
class HandedOver:
    """The provider has it. `provider_id` is its name there; `refused` are recipients that it did not take.

    `source` is a mail as it went.
    """

    provider_id: str
    detail: str | None = None
    refused: tuple[str, ...] = ()
    source: bytes | None = None


@dataclass(frozen=True, slots=True)
class TryLater:
    """It was not taken, and may be later; not before `after_seconds`."""

    reason: str
    after_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class NotTaken:
    """It was not taken and will not be, or it is not known whether it was: nothing is sent twice."""

    reason: str


HandOver: TypeAlias = HandedOver | TryLater | NotTaken


def unknown(reason: str) -> NotTaken:
    """The connection ended after all was sent and before an answer."""
    return NotTaken(f"whether it was sent is not known: {reason}; send it again if it did not arrive")


def clipped(words: str) -> str:
    """A provider's words on one line, bounded."""
    return " ".join(words.split())[:PROVIDER_CHARACTERS_MAX]
