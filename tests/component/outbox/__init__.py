"""Component tests of the outbox."""
