"""Who is calling: accounts, tokens, key pairs, scopes."""
