"""Check the live ledger: recompute derived rows from their sources, and report differences."""
