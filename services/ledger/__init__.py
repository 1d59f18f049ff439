"""The ledger: takes commands, decides what the books say, and tells what happened."""
