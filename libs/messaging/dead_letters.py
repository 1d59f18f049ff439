"""What the bus itself gave up on (handed out too often): an operator lists it and puts it back.

Both adapters offer these two calls besides the port. What a *handler* refused is dead-lettered by its service instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

from messaging.port import Bus

TOO_OFTEN: Final = "handed out too often"


@dataclass(frozen=True, slots=True)
class DeadMessage:
    """A message that nobody could handle: from which queue, why and since when."""

    id: UUID | None
    queue: str
    body: bytes
    reason: str
    died_at: datetime | None


class DeadLetters(Protocol):
    """A bus whose dead messages can be seen and put back."""

    async def list_dead_letters(self, queue: str, limit: int = 100) -> list[DeadMessage]:
        """The oldest dead messages of a queue, at most `limit`; they stay where they are.

        Raises:
            ConnectionError, TimeoutError: the bus cannot be asked now.
        """
        ...

    async def replay_dead_letters(self, queue: str) -> int:
        """Put all that is dead now back on its queue, counted from one again; answer how many.

        Twice is possible if the connection breaks meanwhile, losing is not.

        Raises:
            ConnectionError, TimeoutError: the bus cannot be asked now, or went away on the way.
        """
        ...


class OperableBus(Bus, DeadLetters, Protocol):
    """What both adapters are: a bus that an operator can look into."""
