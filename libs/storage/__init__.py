"""How we reach Postgres: a pool that works as one service's role, and a forward-only migrations runner."""
