"""Authentication and authorization: accounts, users, tokens, key pairs, sessions, scopes."""
