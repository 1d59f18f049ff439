"""Component tests of the action executor."""
