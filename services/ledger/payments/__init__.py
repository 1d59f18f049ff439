"""Money that came in, and what it settles."""
