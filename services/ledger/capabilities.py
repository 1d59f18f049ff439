"""The ledger's capabilities: each one's part of the unit of work, its commands and its resources.

The order is that of reading and writing: referenced entities come first, the number counters last.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from ledger.bills.capability import BILLS
from ledger.clients.capability import CLIENTS
from ledger.collections.calls.capability import CALLS
from ledger.collections.cases.capability import CASES
from ledger.collections.collectors.capability import COLLECTORS
from ledger.collections.disputes.capability import DISPUTES
from ledger.collections.due.capability import DUE_CLIENTS
from ledger.collections.notes.capability import NOTES
from ledger.collections.promises.capability import PROMISES
from ledger.erasure.capability import ERASURE
from ledger.imports.capability import IMPORTS
from ledger.inbox.capability import INBOX
from ledger.journal.capability import JOURNAL
from ledger.messages.capability import MESSAGES
from ledger.payments.capability import PAYMENTS
from ledger.products.capability import PRODUCTS
from ledger.quotas.capability import QUOTAS
from ledger.sales.capability import NUMBERS, SALES
from ledger.suppliers.capability import SUPPLIERS
from ledger.unit_of_work.capability import Capability, Entity, LockFree
from ledger.unit_of_work.command_handler import CommandHandler
from ledger.unit_of_work.state import EntityKind

CAPABILITIES: Final[tuple[Capability, ...]] = (
    CLIENTS,
    COLLECTORS,
    PRODUCTS,
    SUPPLIERS,
    QUOTAS,
    SALES,
    JOURNAL,
    PAYMENTS,
    BILLS,
    INBOX,
    MESSAGES,
    NOTES,
    DISPUTES,
    PROMISES,
    CALLS,
    IMPORTS,
    CASES,
    DUE_CLIENTS,
    ERASURE,
    NUMBERS,
)

PARTICIPANTS: Final = tuple(one.participant for one in CAPABILITIES)

HANDLERS: Final[Mapping[str, CommandHandler[Any]]] = MappingProxyType(
    {name: handler for one in CAPABILITIES for name, handler in one.commands.items()}
)
"""How each command under the accounts' locks is decided."""

LOCK_FREE: Final[Mapping[str, LockFree]] = MappingProxyType(
    {name: handler for one in CAPABILITIES for name, handler in one.lock_free.items()}
)

ENTITIES: Final[Mapping[EntityKind, Entity]] = MappingProxyType(
    {kind: entity for one in CAPABILITIES for kind, entity in one.entities.items()}
)

SUBJECTS: Final[Mapping[str, EntityKind]] = MappingProxyType(
    {name: kind for kind, entity in ENTITIES.items() for name in entity.changed_by}
)
"""What each command changes that is about one object: it can be made conditional on the object's state."""
