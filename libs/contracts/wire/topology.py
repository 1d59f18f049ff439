"""The queues, their owners and their publishers, as data.

Adapters declare from it, services consume by it, `docs/flow.md` is generated from it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

Service = Literal["ingress", "ledger", "trigger_dispatcher", "action_executor"]
MessageKind = Literal["command", "event", "job"]
Subqueue = Literal["bulk", "large"]
"""Queues beside a queue, for what would delay others: an account's messages beyond its share, and large ones."""


@dataclass(frozen=True, slots=True)
class Queue:
    """One durable queue: its name, its only consumer, and the kind of its messages.

    A subqueue is a queue beside `main`, handled by the same handler at the same time.
    """

    name: str
    consumer: Service
    message_kind: MessageKind
    publishers: tuple[Service, ...]
    delivery_limit: int = 1000  # a crash raises the count of every prefetched message
    length_max: int = 5_000_000  # then publishers are refused and their outboxes keep the rows
    main: str | None = None  # the queue whose subqueue this is
    subqueue: Subqueue | None = None

    @property
    def dead(self) -> str:
        """The broker's dead-letter queue for this queue and its subqueues; an operator can list and replay it."""
        return f"{self.main or self.name}.dead"

    def with_subqueues(self) -> tuple[Queue, ...]:
        """This queue and its subqueues."""
        beside = (
            replace(self, name=subqueue_name(self.name, kind), main=self.name, subqueue=kind) for kind in SUBQUEUES
        )
        return (self, *beside)


SUBQUEUES: Final[tuple[Subqueue, ...]] = ("bulk", "large")


def subqueue_name(queue: str, subqueue: Subqueue) -> str:
    """Return the name of a queue's subqueue."""
    return f"{queue}.{subqueue}"


LEDGER_COMMANDS: Final = Queue("ledger.commands", "ledger", "command", ("ingress", "action_executor", "ledger"))
DISPATCHER_EVENTS: Final = Queue(
    "dispatcher.events", "trigger_dispatcher", "event", ("ledger", "ingress", "action_executor")
)
DISPATCHER_COMMANDS: Final = Queue(
    "dispatcher.commands", "trigger_dispatcher", "command", ("ingress", "action_executor", "trigger_dispatcher")
)
EXECUTOR_JOBS: Final = Queue("executor.jobs", "action_executor", "job", ("trigger_dispatcher", "ledger", "ingress"))
EXECUTOR_COMMANDS: Final = Queue("executor.commands", "action_executor", "command", ("ingress",))

MAIN_QUEUES: Final = (LEDGER_COMMANDS, DISPATCHER_EVENTS, DISPATCHER_COMMANDS, EXECUTOR_JOBS, EXECUTOR_COMMANDS)
QUEUES: Final = tuple(one for queue in MAIN_QUEUES for one in queue.with_subqueues())

SCHEMAS: Final[dict[Service, str]] = {
    "ingress": "ingress",
    "ledger": "ledger",
    "trigger_dispatcher": "dispatch",
    "action_executor": "execution",
}
"""The Postgres schema that each service owns; its views for others are in `<schema>_api`."""

ROLES: Final[dict[Service, str]] = {service: f"ledgerwire_{schema}" for service, schema in SCHEMAS.items()}
"""The Postgres role of each service; it has no grant on the others' tables."""
