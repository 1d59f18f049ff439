"""Ingress: access rules without I/O."""
