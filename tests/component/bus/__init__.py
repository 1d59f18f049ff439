"""Component tests of the bus adapters."""
