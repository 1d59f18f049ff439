"""The ledger: handles commands, keeps documents, payments and the journal, and publishes events."""
