"""The HTTP layer: authentication, validation, idempotency; then acceptance, and waiting for the result."""
