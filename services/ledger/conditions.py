"""Compare what a command's caller knows of a thing (`If-Match`) with its state under the account's lock: pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from contracts.etag import matches
from contracts.wire import commands as names
from ledger.errors import LedgerRefusal, PreconditionFailed
from ledger.unit_of_work.state import CommandContext, EntityKind, Key, Shown

_OF_SALES: Final = (
    names.UPDATE_SALE, names.DELETE_SALE, names.CONVERT_SALE, names.ISSUE_SALE, names.SEND_SALE, names.VOID_SALE,
    names.WRITE_OFF_SALE, names.WRITE_BACK_SALE, names.ACCEPT_SALE, names.DECLINE_SALE, names.EXPIRE_SALE,
    names.CLOSE_SALE, names.CANCEL_SALE, names.ALLOCATE_CREDIT, names.UNALLOCATE_CREDIT, names.REFUND_CREDIT,
    names.UNREFUND_CREDIT,
)  # fmt: skip
_OF_PAYMENTS: Final = (
    names.CONFIRM_PAYMENT, names.FAIL_PAYMENT, names.REVERSE_PAYMENT, names.ALLOCATE_PAYMENT, names.UNALLOCATE_PAYMENT,
    names.REFUND_PAYMENT, names.UNREFUND_PAYMENT,
)  # fmt: skip
SUBJECTS: Final[Mapping[str, EntityKind]] = MappingProxyType(
    {
        **dict.fromkeys((names.UPDATE_CLIENT, names.REMOVE_CLIENT), "client"),
        **dict.fromkeys((names.UPDATE_PRODUCT, names.REMOVE_PRODUCT), "product"),
        **dict.fromkeys(_OF_SALES, "sale"),
        **dict.fromkeys(_OF_PAYMENTS, "payment"),
        **dict.fromkeys((names.ACCEPT_INBOX_MESSAGE, names.REJECT_INBOX_MESSAGE), "inbox_message"),
        names.DELETE_INBOX_RULE: "inbox_rule",
    }
)
"""What each command changes that is about one thing: it may be asked for on condition of the thing's state."""


def compared(readable: Sequence[CommandContext[Any]]) -> Mapping[EntityKind, set[Key]]:
    """Name the things that conditional commands are about."""
    wanted: dict[EntityKind, set[Key]] = defaultdict(set)
    for kind, ctx in _conditional(readable):
        wanted[kind].add(ctx.key(ctx.input.id))
    return wanted


def unmet(readable: Sequence[CommandContext[Any]], shown: Shown) -> dict[UUID, LedgerRefusal]:
    """Refuse, by command id, what is about a thing in another state; what is not there is refused later."""
    refusals: dict[UUID, LedgerRefusal] = {}
    for kind, ctx in _conditional(readable):
        now = shown.get((kind, ctx.key(ctx.input.id)))
        if now is not None and not matches(ctx.envelope.if_match or (), now):
            refusals[ctx.envelope.id] = PreconditionFailed()
    return refusals


def _conditional(readable: Sequence[CommandContext[Any]]) -> Iterator[tuple[EntityKind, CommandContext[Any]]]:
    for ctx in readable:
        if ctx.envelope.if_match is not None and ctx.envelope.name in SUBJECTS:
            yield SUBJECTS[ctx.envelope.name], ctx
