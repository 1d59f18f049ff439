"""Component tests of the ledger."""
