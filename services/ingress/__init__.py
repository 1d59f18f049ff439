"""Ingress: authenticates, validates and commits every HTTP request before it responds."""
