"""Check live books: recompute from the rows beneath what the rows above say, and tell what does not agree."""
