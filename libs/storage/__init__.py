"""Access to Postgres and files: a pool that uses one service's role, a forward-only migrations runner, blobs."""
