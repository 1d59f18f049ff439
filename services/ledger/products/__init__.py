"""Products and services: what is sold."""
