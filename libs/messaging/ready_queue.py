"""The messages that a consumer has ready: accounts in turn, each account's messages in order of arrival."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable

from contracts.wire.envelope import account_of
from messaging.handling import InFlightMessage


class ReadyQueue:
    """Messages by account; those without one share a turn."""

    def __init__(self) -> None:
        self._by_account: OrderedDict[bytes, deque[InFlightMessage]] = OrderedDict()  # in order of their turns
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def extend(self, messages: Iterable[InFlightMessage]) -> None:
        """Add messages, each behind those of its account."""
        for message in messages:
            self._by_account.setdefault(account_of(message.incoming.body), deque()).append(message)
            self._length += 1

    def peek(self) -> InFlightMessage:
        """Return the message that `popleft` takes next; there must be one."""
        return next(iter(self._by_account.values()))[0]

    def popleft(self) -> InFlightMessage:
        """Take the first message of the account whose turn it is; there must be one."""
        account, messages = next(iter(self._by_account.items()))
        message = messages.popleft()
        self._length -= 1
        if messages:
            self._by_account.move_to_end(account)
        else:
            del self._by_account[account]
        return message

    def keep(self, wanted: Callable[[InFlightMessage], bool]) -> None:
        """Drop all other messages."""
        kept = [message for messages in self._by_account.values() for message in messages if wanted(message)]
        self.clear()
        self.extend(kept)

    def clear(self) -> None:
        """Drop all messages."""
        self._by_account.clear()
        self._length = 0
