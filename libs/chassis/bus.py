"""Choose the bus by the settings: RabbitMQ where an address is given, else the one in Postgres."""

from __future__ import annotations

from chassis.settings import ServiceSettings
from contracts.wire.topology import QUEUES
from messaging.port import Bus
from messaging.postgres import LocalNotifier
from messaging.postgres import open_bus as open_postgres_bus
from storage.pool import Pool


async def open_bus(settings: ServiceSettings, pool: Pool, *, name: str, wakeups: LocalNotifier | None = None) -> Bus:
    """Open the bus of this installation. `wakeups` is shared by services that live in one process."""
    if settings.broker is not None:
        # Here, so that the embedded default does not carry an AMQP client in memory.
        from messaging.rabbitmq import connect  # noqa: PLC0415

        # A service's own user may declare no queue of another's.
        own = [queue for queue in QUEUES if queue.consumer == name]
        return await connect(settings.broker, queues=QUEUES, declares=own, name=name)
    # Services that share their wakeups run in the only process: leases left by a crash are free at once.
    sole = wakeups is not None
    return await open_postgres_bus(pool, queues=QUEUES, name=name, wakeups=wakeups, sole=sole)
