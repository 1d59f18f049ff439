"""A cache of subscriptions: bounded, and never older than the versions read at the beginning of each batch."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from trigger_dispatcher.events.matching import Subscriber
from trigger_dispatcher.events.trigger_index import TriggerIndex

ACCOUNTS_MAX: Final = 5_000
SUBSCRIBERS_MAX: Final = 50_000


@dataclass(frozen=True, slots=True)
class Subscribers:
    """The active hooks and enabled automations of one account at one version of its subscriptions."""

    version: int
    by_trigger: Mapping[str, TriggerIndex]
    size: int
    in_order: bool = False  # whether one of them is an ordered hook

    def to(self, trigger: str, data: Mapping[str, Any]) -> Sequence[Subscriber]:
        """The subscribers of a trigger that an event with these data may concern; each is to be asked."""
        index = self.by_trigger.get(trigger)
        return index.candidates(data) if index is not None else ()


def subscribers(version: int, subscribers: Iterable[Subscriber]) -> Subscribers:
    """Sort an account's subscribers by what they listen to."""
    by_trigger: defaultdict[str, list[Subscriber]] = defaultdict(list)
    size, in_order = 0, False
    for subscriber in subscribers:
        size += 1
        in_order |= subscriber.ordered is not None
        for trigger in subscriber.triggers:
            by_trigger[trigger].append(subscriber)
    return Subscribers(version, {trigger: TriggerIndex(found) for trigger, found in by_trigger.items()}, size, in_order)


class SubscriptionCache:
    """Subscriptions of the most recently used accounts. One per process; each batch checks which are stale."""

    def __init__(self, *, accounts_max: int = ACCOUNTS_MAX, subscribers_max: int = SUBSCRIBERS_MAX) -> None:
        self._accounts_max, self._subscribers_max = accounts_max, subscribers_max
        self._known: OrderedDict[UUID, Subscribers] = OrderedDict()
        self._size = 0

    def __len__(self) -> int:
        return len(self._known)

    def current(self, versions: Mapping[UUID, int]) -> dict[UUID, Subscribers]:
        """The accounts that are cached at exactly this version; the others must be loaded and passed to `keep`."""
        found = {}
        for account_id, version in versions.items():
            known = self._known.get(account_id)
            if known is not None and known.version == version:
                self._known.move_to_end(account_id)
                found[account_id] = known
        return found

    def keep(self, loaded: Mapping[UUID, Subscribers]) -> None:
        """Cache loaded subscriptions; the least recently used accounts are evicted, until the bounds hold."""
        for account_id, fresh in loaded.items():
            known = self._known.pop(account_id, None)
            # Two batches load at once: the one that saw the later version wins.
            newer = known if known is not None and known.version > fresh.version else fresh
            self._size += newer.size - (known.size if known is not None else 0)
            self._known[account_id] = newer
        while len(self._known) > self._accounts_max or self._size > self._subscribers_max:
            _, gone = self._known.popitem(last=False)
            self._size -= gone.size
