"""What the sender knows of each thing it sent, and what the receiver heard: the two sides that the checker compares."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

Sent = Literal["accepted", "unsure", "refused"]

_KEY = re.compile(rb'"(?:document_ref|external_id)":"(F-\d+)"')
_ID = re.compile(rb"(?im)^webhook-id: *(\S+)")
_TYPE = re.compile(rb'"type":"([a-z.]+)"')
_NUMBER = re.compile(rb'"number":"(?:[^"]*-)?(\d+)"')
_IN_ORDER = re.compile(rb"POST (/ordered/\S+) ")


@dataclass(slots=True)
class Book:
    """By key (a document reference or external id): how the request ended, and the event ids that arrived."""

    ended: dict[str, Sent] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    heard: defaultdict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    in_order: set[str] = field(default_factory=set)  # the keys that go to an ordered hook as well
    heard_in_order: set[str] = field(default_factory=set)
    order: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))  # by path, as first heard
    moved: set[bytes] = field(default_factory=set)  # request lines' beginnings of targets that hooks have left
    answered_gone: int = 0
    deliveries: int = 0
    refusals: list[str] = field(default_factory=list)

    def note(self, key: str, kind: str, ended: Sent) -> None:
        """Note how a request ended; `accepted` once means accepted."""
        self.kinds[key] = kind
        if self.ended.get(key) != "accepted":
            self.ended[key] = ended

    def listen(self, head: bytes, body: bytes) -> int:
        """The receiver: note which event id came for which key and trigger."""
        if any(head.startswith(target) for target in self.moved):
            self.answered_gone += 1
            return 410  # an attempt at the target before a change: it must count for nothing
        self.deliveries += 1
        key, identifier, trigger = _KEY.search(body), _ID.search(head), _TYPE.search(body)
        if key and identifier and trigger:
            self.heard[key[1].decode(), trigger[1].decode()].add(identifier[1].decode())
            if (path := _IN_ORDER.match(head)) and (number := _NUMBER.search(body)):
                self.heard_in_order.add(key[1].decode())
                order = self.order[path[1].decode()]
                if int(number[1]) not in order:
                    order.append(int(number[1]))
        return 204

    def out_of_order(self) -> list[str]:
        """Where a client's later document arrived before an earlier one."""
        return [
            f"{path}: {later} before {earlier}"
            for path, order in self.order.items()
            for later, earlier in pairwise(order)
            if earlier < later
        ]

    def keys(self, kind: str, ended: Sent) -> set[str]:
        """The keys of one kind that ended so."""
        return {key for key, how in self.ended.items() if how == ended and self.kinds[key] == kind}
