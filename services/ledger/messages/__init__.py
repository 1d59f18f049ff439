"""Messages to clients, from the wish to send one to what became of it."""
