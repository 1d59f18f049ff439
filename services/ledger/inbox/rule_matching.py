"""Match rules to messages, and check their conditions: pure; the amount is checked once it is known exactly."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson

from contracts.resources.inbox import InboxKind, MessageWarning, message_warning
from ledger.inbox.message import State

_BY_NAME: Final = ("name", "email")
_BY_NUMBER: Final = ("reg_number", "tax_number")


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of `ledger.inbox_rule`; `max_amount_minor` in `currency`, both or neither."""

    account_id: UUID
    id: UUID
    box: InboxKind
    match: Mapping[str, str | None]
    max_amount_minor: int | None
    currency: str | None
    no_warnings: bool
    issue: bool
    auto_processing: bool
    name: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SenderRequest:
    """The requests of PayTraq Connect's flags."""

    process: bool = False
    approve: bool = False
    send: bool = False
    payment: Mapping[str, Any] | None = None

    @property
    def words(self) -> str:
        """The requests in words; "" when there is none."""
        ctx = (
            ("accepted (Process)", self.process),
            ("issued (Approve)", self.approve),
            ("sent (Send)", self.send),
            ("paid (AddPayment)", self.payment is not None),
        )
        return ", ".join(word for word, is_asked in ctx if is_asked)


def not_followed(sender_request: SenderRequest, *, box: str, channel_id: str | None) -> MessageWarning:
    """The warning on flags that were not followed, with the rule that would allow them."""
    value = f"asks to be {sender_request.words}; such flags are followed in the sales inbox alone"
    if box == "sales":
        match = {"channel_id": channel_id} if channel_id else {"name": "..."}
        rule = orjson.dumps({"box": box, "match": match, "auto_processing": True}).decode()
        value = f"asks to be {sender_request.words}, and no rule allows it: POST {rule} to /v1/inbox/rules to allow it"
    return message_warning("auto_processing", "auto_processing", value)


def sender_request_of(auto_processing: Mapping[str, Any] | None) -> SenderRequest:
    """The flags of a message; none of them when it has none."""
    value = auto_processing or {}
    return SenderRequest(
        process=bool(value.get("process")),
        approve=bool(value.get("approve")),
        send=bool(value.get("send")),
        payment=value.get("payment"),
    )


def is_for(rule: Rule, *, box: str, channel_id: str | None, document: Mapping[str, Any]) -> bool:
    """Whether a rule is for messages of this sender."""
    if rule.box != box:
        return False
    sender = document.get("supplier" if box == "purchases" else "client")
    known = sender if isinstance(sender, Mapping) else {}
    return all(
        wanted is None or _normalized(name, wanted) == _value_of(name, channel_id, known)
        for name, wanted in rule.match.items()
    )


def candidates(
    rules: Iterable[Rule],
    *,
    box: str,
    state: State,
    channel_id: str | None,
    document: Mapping[str, Any],
    warnings: Sequence[Any],
    auto_processing: Mapping[str, Any] | None,
) -> list[Rule]:
    """The rules that may accept a message, oldest first: what is flagged as a duplicate none accepts."""
    if state != "received":
        return []
    return [
        rule
        for rule in sorted(rules, key=lambda rule: rule.id)
        if is_for(rule, box=box, channel_id=channel_id, document=document)
        and not (rule.no_warnings and warnings)
        and (not rule.auto_processing or sender_request_of(auto_processing).process)
    ]


def allows(rule: Rule, *, total_minor: int, currency: str) -> bool:
    """Whether a rule allows so much; an amount in another currency than its own it does not."""
    return rule.max_amount_minor is None or (rule.currency == currency and abs(total_minor) <= rule.max_amount_minor)


def _value_of(name: str, channel_id: str | None, sender: Mapping[str, Any]) -> str | None:
    if name == "channel_id":
        return None if channel_id is None else _normalized(name, channel_id)
    value = sender.get(name) or (sender.get("vat_number") if name == "tax_number" else None)
    return None if value is None else _normalized(name, str(value))


def _normalized(name: str, value: str) -> str:
    """A value in its form for comparison: without capitals and repeated spaces, numbers without spaces."""
    if name in _BY_NAME or name in _BY_NUMBER:
        folded = " ".join(unicodedata.normalize("NFKC", value).casefold().split())
        return folded.replace(" ", "") if name in _BY_NUMBER else folded
    return value.casefold()  # an id, which callers may write in capitals
