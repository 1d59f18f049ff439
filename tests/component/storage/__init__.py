"""Component tests of storage."""
