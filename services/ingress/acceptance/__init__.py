"""Accept requests: group commit, deduplication, operations, waiting for results."""
