"""All four services in one process over an embedded Postgres, and the `ledgerwire` command."""
