"""The bus over RabbitMQ: quorum queues, confirms, dead letters, and supervision of connections."""

from messaging.rabbitmq.bus import RabbitBus, connect

__all__ = ["RabbitBus", "connect"]
