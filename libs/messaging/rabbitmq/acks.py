"""Choose the fewest correct acknowledgements for one channel, in whatever order its messages were acknowledged."""

from __future__ import annotations

from collections.abc import Collection


class AckWindow:
    """Delivery tags of one channel (1, 2, 3 ...): which are acknowledged.

    A `multiple` acknowledgement covers every tag up to its own, so it may be used only for a tag below which nothing is
    open; and its own tag must still be open itself: the broker fails the channel for one that was acknowledged before.
    """

    def __init__(self) -> None:
        self._first_open = 1
        self._settled_beyond: set[int] = set()

    def ack(self, tags: Collection[int]) -> tuple[int | None, list[int]]:
        """Mark open tags as acknowledged; return a tag to acknowledge with all before it, and the single ones."""
        self._settled_beyond.update(tags)
        while self._first_open in self._settled_beyond:
            self._settled_beyond.remove(self._first_open)
            self._first_open += 1
        up_to = max((tag for tag in tags if tag < self._first_open), default=None)
        return up_to, sorted(tag for tag in tags if tag >= self._first_open)
