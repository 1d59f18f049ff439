"""Component tests of the programs and their commands."""
