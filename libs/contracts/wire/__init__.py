"""What travels between services: envelope, commands, events, jobs, topology."""
