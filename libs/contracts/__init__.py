"""What travels between services and what is offered to the world: shapes and names, no I/O."""
