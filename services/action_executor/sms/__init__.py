"""SMS going out through an HTTP gateway."""
