"""Contracts between services and of the public API: models and names, no I/O."""
