"""Templates of accounts in their worker processes."""
