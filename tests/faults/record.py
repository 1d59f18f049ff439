"""What the sender has of each thing it sent, and what the receiver got: the two sides that the checker compares."""

from __future__ import annotations

import re
import time
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
_STEP = re.compile(rb"POST /step/\d+/(\d) ")
_COMMAND = re.compile(rb"(?im)^idempotency-key: *(\S+)")
LAST_STEP = 3


@dataclass(slots=True)
class Book:
    """By key (a document reference or external id): how the request ended, and the event ids that arrived."""

    ended: dict[str, Sent] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    received: defaultdict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    in_order: set[str] = field(default_factory=set)  # the keys that go to an ordered hook as well
    heard_in_order: set[str] = field(default_factory=set)
    order: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))  # by path, as first received
    moved: set[bytes] = field(default_factory=set)  # request lines' beginnings of targets that hooks have left
    has_steps: bool = False  # whether an automation of three steps runs for each client
    has_debtors: bool = False  # whether some clients are reminded by mail
    steps: defaultdict[tuple[str, int], list[str]] = field(default_factory=lambda: defaultdict(list))  # their keys
    mails: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))  # Message-IDs, to debtors
    repeated_late: int = 0  # steps that were called again after a later one
    answered_gone: int = 0
    deliveries: int = 0
    refusals: list[str] = field(default_factory=list)
    tried: dict[str, float] = field(default_factory=dict)  # when each key was last sent
    answered: list[tuple[float, float, str]] = field(default_factory=list)  # sent, answered as done, kind
    arrived: list[tuple[float, float]] = field(default_factory=list)  # sent, first delivered

    def note(self, key: str, kind: str, ended: Sent) -> None:
        """Note how a request ended; `accepted` once means accepted."""
        self.kinds[key] = kind
        if self.ended.get(key) != "accepted":
            self.ended[key] = ended

    def has_moved(self, head: bytes) -> bool:
        """Whether a request goes to a target that its hook has left."""
        return any(head.startswith(target) for target in self.moved)

    def listen(self, head: bytes, body: bytes) -> int:
        """The receiver: note which event id came for which key and trigger, or which step was called."""
        if step := _STEP.match(head):
            self._note_step(int(step[1]), head, body)
            return 204
        if self.has_moved(head):
            self.answered_gone += 1
            return 410  # an attempt at the target before a change: it must count for nothing
        self.deliveries += 1
        key, identifier, trigger = _KEY.search(body), _ID.search(head), _TYPE.search(body)
        if key and identifier and trigger:
            if (key[1].decode(), trigger[1].decode()) not in self.received:
                self.arrived.append((self.tried.get(key[1].decode(), 0.0), time.monotonic()))
            self.received[key[1].decode(), trigger[1].decode()].add(identifier[1].decode())
            if (path := _IN_ORDER.match(head)) and (number := _NUMBER.search(body)):
                self.heard_in_order.add(key[1].decode())
                order = self.order[path[1].decode()]
                if int(number[1]) not in order:
                    order.append(int(number[1]))
        return 204

    def _note_step(self, number: int, head: bytes, body: bytes) -> None:
        key, command = _KEY.search(body), _COMMAND.search(head)
        if key and command:
            name = key[1].decode()
            self.repeated_late += number < LAST_STEP and (name, LAST_STEP) in self.steps
            self.steps[name, number].append(command[1].decode())

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
