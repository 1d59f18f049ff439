"""Which queues there are, who owns them and what flows where: the map of the system as data.

Adapters declare from it, services consume by it, `docs/flow.md` is drawn from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Service = Literal["ingress", "ledger", "trigger_dispatcher", "action_executor"]
MessageKind = Literal["command", "event", "job"]


@dataclass(frozen=True, slots=True)
class Queue:
    """One durable queue: a name, the only service that takes from it, and what it carries."""

    name: str
    consumer: Service
    message_kind: MessageKind
    publishers: tuple[Service, ...]
    delivery_limit: int = 1000  # crashes with a full prefetch count for every message held
    length_max: int = 5_000_000  # then publishers are refused and their outboxes keep the rows

    @property
    def dead(self) -> str:
        """The queue for what the broker gave up on; an operator sees it and can replay it."""
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
"""The Postgres schema that each service owns; what it lets others read is in `<schema>_api`."""

ROLES: Final[dict[Service, str]] = {service: f"ledgerwire_{schema}" for service, schema in SCHEMAS.items()}
"""The Postgres role that each service works as; the grants keep it out of the others' tables."""
