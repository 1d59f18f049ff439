"""How messages travel: one port, two adapters (RabbitMQ and Postgres) with the same semantics."""
