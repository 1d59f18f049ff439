"""The queues, their owners and their publishers, as data.

Adapters declare from it, services consume by it, `docs/flow.md` is generated from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Service = Literal["ingress", "ledger", "trigger_dispatcher", "action_executor"]
MessageKind = Literal["command", "event", "job"]


@dataclass(frozen=True, slots=True)
class Queue:
    """One durable queue: its name, its only consumer, and the kind of its messages."""

    name: str
    consumer: Service
    message_kind: MessageKind
    publishers: tuple[Service, ...]
    delivery_limit: int = 1000  # a crash raises the count of every prefetched message
    length_max: int = 5_000_000  # then publishers are refused and their outboxes keep the rows

    @property
    def dead(self) -> str:
        """The broker's dead-letter queue for this queue; an operator can list and replay it."""
        return f"{self.name}.dead"


LEDGER_COMMANDS: Final = Queue("ledger.commands", "ledger", "command", ("ingress", "action_executor", "ledger"))
DISPATCHER_EVENTS: Final = Queue(
    "dispatcher.events", "trigger_dispatcher", "event", ("ledger", "ingress", "action_executor")
)
DISPATCHER_COMMANDS: Final = Queue(
    "dispatcher.commands", "trigger_dispatcher", "command", ("ingress", "action_executor", "trigger_dispatcher")
)
EXECUTOR_JOBS: Final = Queue("executor.jobs", "action_executor", "job", ("trigger_dispatcher", "ledger", "ingress"))
EXECUTOR_COMMANDS: Final = Queue("executor.commands", "action_executor", "command", ("ingress",))

QUEUES: Final = (LEDGER_COMMANDS, DISPATCHER_EVENTS, DISPATCHER_COMMANDS, EXECUTOR_JOBS, EXECUTOR_COMMANDS)

SCHEMAS: Final[dict[Service, str]] = {
    "ingress": "ingress",
    "ledger": "ledger",
    "trigger_dispatcher": "dispatch",
    "action_executor": "execution",
}
"""The Postgres schema that each service owns; its views for others are in `<schema>_api`."""

ROLES: Final[dict[Service, str]] = {service: f"ledgerwire_{schema}" for service, schema in SCHEMAS.items()}
"""The Postgres role of each service; it has no grant on the others' tables."""
