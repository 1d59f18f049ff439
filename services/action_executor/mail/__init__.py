"""Mail going out: the message as MIME, and the server that takes it."""
